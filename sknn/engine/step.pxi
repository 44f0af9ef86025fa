# Training: whole epochs without Python.
#
# A step takes one mini-batch, in blocks of rows if it is large. Each block has two phases:
#   1. rows     threads split the rows: gather, forward, loss, gradients of the activations        | barrier
#   2. tasks    threads split the parameters: each task forms the gradient of some rows of a panel of weights
#               from all samples of the block, in order. After the last block it updates them      | barrier
# Threads never share a gradient and every sum has a fixed order, so the bits do not depend on the number of
# threads. Clipping needs the norm of the whole gradient, so the update becomes a third phase.
#
# Images have many activations and few weights. Their ops sum weight gradients in phase 1, while the
# activations are in the cache. The rows of a block are split into *lanes*; each lane has its own gradient
# buffer, and threads take lanes. Phase 2 adds the lanes in order. A batch norm needs statistics of all
# rows: it splits phase 1 into segments with a barrier between them, forward and backward.

# Checks for Ctrl-C. A separate function, because one with Python objects takes the GIL at each call.
cdef void check_signals(TrainingState* s) noexcept with gil:
    try:
        PyErr_CheckSignals()
    except BaseException as error:  # raised by `Trainer._run`
        Py_INCREF(error)
        s.epoch.error = <void*>error
        s.epoch.stop = True


# Checks the deadline and, every 100 ms, signals. One thread polls. The others read `stop` after a barrier,
# before the next poll, so that all abandon the same step.
cdef void poll(TrainingState* s) noexcept nogil:
    cdef double now = seconds()
    if now > s.epoch.deadline:
        s.epoch.stop = True
    if now >= s.epoch.next_poll:
        s.epoch.next_poll = now + 0.1
        check_signals(s)


# Phase 1 for rows begin..end of a block and one segment: forward, and backward at once in the last segment;
# with `back`, backward through an earlier segment.
cdef void work_on_rows(TrainingState* s, int thread, Py_ssize_t block, Py_ssize_t begin, Py_ssize_t end,
                       int lane_number, int segment, bint back, bint first_block,
                       double weight_sum) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef const Workspace* ws = s.buffers.threads + thread
    cdef Weights weights = Weights(s.model.params, s.model.derived, NULL, NULL)
    cdef Py_ssize_t m, most = plan.segments[segment].rows
    cdef Lane lane = Lane(s.buffers.lanes + lane_number * plan.lane_values, not first_block, False,
                          min(most, s.blocks.lane_rows))
    cdef int first = plan.segments[segment].first, last = plan.segments[segment + 1].first
    cdef int logits = plan.ops[plan.n_ops - 1].target
    cdef bint top = segment + 1 == plan.n_segments
    cdef const Py_ssize_t* samples
    while begin < end:
        if thread == 0:
            poll(s)
        if s.epoch.stop:
            return
        m = min(end - begin, most)
        samples = s.data.order + block + begin
        if not back:
            if segment == 0 and s.data.augmentation.active:
                gather_views(&s.data.x, &s.data.augmentation, s.epoch.seed, s.epoch.number, s.epoch.key,
                             samples, m, value_of(plan, ws, 0, begin), ws.scratch)
            elif segment == 0 and s.data.x.kind != CSR:
                gather(&s.data.x, samples, m, value_of(plan, ws, 0, begin), ws.scratch)
            forward_rows(plan, ws, &weights, &s.data.x, samples, True, first, last, begin, m, NULL)
            if top:
                loss_rows(&plan.loss, value_of(plan, ws, logits, begin), s.data.y, samples,
                          gradient_of(plan, ws, logits, begin), m, s.data.sample_weight, weight_sum,
                          s.buffers.row_loss + begin)
            else:
                add_moments(&plan.ops[last].geometry,
                            value_of(plan, ws, measured_buffer(plan, plan.ops + last), begin),
                            s.data.sample_weight, samples, m,
                            s.buffers.moments + lane_number * plan.moments + plan.ops[last].moments,
                            s.buffers.fresh + thread * plan.moments)
        if back:
            finish_batch_norm(plan, ws, s.model.params, plan.ops + last, s.data.sample_weight, samples, begin,
                              m)
        if back or top:
            backward_rows(plan, ws, &weights, samples, first, last, begin, m, &lane)
            lane.accumulate = lane.begun = True
        begin += m
    if plan.winograd and (back or top):
        end_lane(plan, ws, first, last, &lane, not first_block)


# The input gradient of the batch norm at the end of a segment, once the sums over the batch are known.
cdef void finish_batch_norm(const Plan* plan, const Workspace* ws, const real* params, const Op* op,
                            const real* weights, const Py_ssize_t* samples, Py_ssize_t begin,
                            Py_ssize_t rows) noexcept nogil:
    cdef const Geometry* geom = &op.geometry
    cdef const Op* pool = pool_ahead(plan, op)
    cdef Matrix x = value_of(plan, ws, measured_buffer(plan, op), begin), d, winners, dx
    cdef const real* mean = ws.moments + op.moments
    cdef const real* gamma = params + plan.parameters[op.parameter].weight
    cdef Py_ssize_t r, c = padded(geom)
    cdef Windows at = Windows(geom.h, geom.w, geom.oh, geom.ow, geom.kh, geom.kw)
    if plan.buffers[measured_buffer(plan, op)].gradient < 0:
        return
    d = gradient_of(plan, ws, op.target, begin)
    if pool != NULL:
        winners, dx = value_of(plan, ws, pool.other, begin), gradient_of(plan, ws, pool.source, begin)
    for r in range(rows):
        if pool == NULL:
            batch_norm_backward(x.at + r * x.stride, pixels_of(geom), geom.c, mean, mean + c, gamma,
                                mean + 2 * c, mean + 3 * c, <real>weight_of(weights, samples[r]),
                                d.at + r * d.stride)
        else:
            pooled_norm_backward(x.at + r * x.stride, &at, geom.c, mean, mean + c, gamma, mean + 2 * c,
                                 mean + 3 * c, <real>weight_of(weights, samples[r]),
                                 winners.at + r * winners.stride, d.at + r * d.stride, dx.at + r * dx.stride)


# Merges the lanes' moments of a batch norm's input.
cdef void whole_moments(const TrainingState* s, const Op* op, Py_ssize_t rows, double* total) noexcept nogil:
    cdef Py_ssize_t k
    memset(total, 0, (1 + 2 * op.geometry.c) * sizeof(double))
    for k in range(n_lanes(s, rows)):
        merge_moments(total, s.buffers.moments + k * s.plan.moments + op.moments, op.geometry.c)


# Mean and scale of a batch norm, after the forward pass of the segment before it. Each thread computes its
# own copy.
cdef void join_moments(TrainingState* s, int thread, const Op* op, Py_ssize_t rows) noexcept nogil:
    cdef Py_ssize_t k, c = op.geometry.c
    cdef double* total = s.buffers.fresh + thread * s.plan.moments
    cdef real* mean = s.buffers.threads[thread].moments + op.moments
    whole_moments(s, op, rows, total)
    for k in range(c):
        mean[k] = <real>total[1 + k]
        mean[padded(&op.geometry) + k] = <real>(1 / sqrt(total[1 + c + k] / total[0] + op.epsilon))


# Updates the running moments in proportion to the rows of the batch, so that a small last batch counts
# less. The variance is unbiased; the weights act as repetitions of the samples, but never as fewer samples.
# A single value has no variance.
cdef void follow_moments(TrainingState* s, const Op* op, Py_ssize_t rows) noexcept nogil:
    cdef Py_ssize_t k, c = op.geometry.c
    cdef double* running = s.model.running + op.moments
    cdef double* total = s.buffers.fresh
    cdef double share = op.momentum * rows / min(s.blocks.batch_size, s.data.n_samples)
    cdef double values = rows * op.geometry.h * op.geometry.w, n
    whole_moments(s, op, rows, total)
    n = max(total[0], values)
    for k in range(c):
        running[k] += share * (total[1 + k] - running[k])
        if n > 1:
            running[c + k] += share * (total[1 + c + k] / total[0] * n / (n - 1) - running[c + k])


# Mean gradients of a batch norm over the batch, after the backward pass of the segment after it.
cdef void join_sums(TrainingState* s, int thread, const Op* op, Py_ssize_t lanes,
                    double weight_sum) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef const Parameter* p = plan.parameters + op.parameter
    cdef Py_ssize_t k, lane, c = padded(&op.geometry)
    cdef real* means = s.buffers.threads[thread].moments + op.moments + 2 * c
    cdef const real* sums
    cdef real share = <real>(1.0 / (weight_sum * op.geometry.h * op.geometry.w))
    memset(means, 0, 2 * c * sizeof(real))
    for lane in range(lanes):
        sums = s.buffers.lanes + lane * plan.lane_values
        for k in range(op.geometry.c):
            means[k] += sums[p.lane + k]
            means[c + k] += sums[p.lane_bias + k]
    for k in range(2 * c):
        means[k] *= share


# Phase 1 of a thread: its rows, or its lanes, through all segments.
cdef void work_on_block(TrainingState* s, int thread, int n_threads, Py_ssize_t block, Py_ssize_t m,
                        bint first_block, double weight_sum) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef int segment
    cdef const Op* norm
    cdef Py_ssize_t lanes = n_lanes(s, m)
    if plan.lane_values == 0:
        work_on_rows(s, thread, block, m * thread // n_threads, m * (thread + 1) // n_threads, 0, 0, False,
                     first_block, weight_sum)
        return
    for segment in range(plan.n_segments):
        work_on_lanes(s, thread, n_threads, block, m, lanes, segment, False, first_block, weight_sum)
        if segment + 1 < plan.n_segments:
            thread_barrier(&s.barrier, n_threads)
            join_moments(s, thread, plan.ops + plan.segments[segment + 1].first, m)
    for segment in range(plan.n_segments - 2, -1, -1):
        thread_barrier(&s.barrier, n_threads)
        norm = plan.ops + plan.segments[segment + 1].first
        join_sums(s, thread, norm, lanes, weight_sum)
        work_on_lanes(s, thread, n_threads, block, m, lanes, segment, True, first_block, weight_sum)


cdef void work_on_lanes(TrainingState* s, int thread, int n_threads, Py_ssize_t block, Py_ssize_t m,
                        Py_ssize_t lanes, int segment, bint back, bint first_block,
                        double weight_sum) noexcept nogil:
    cdef Py_ssize_t lane = thread
    cdef const Op* norm = s.plan.ops + s.plan.segments[segment + 1].first
    while lane < lanes:
        if not back and segment + 1 < s.plan.n_segments:
            memset(s.buffers.moments + lane * s.plan.moments + norm.moments, 0,
                   (1 + 2 * norm.geometry.c) * sizeof(double))
        work_on_rows(s, thread, block, lane * s.blocks.lane_rows, min(m, (lane + 1) * s.blocks.lane_rows),
                     <int>lane, segment, back, first_block, weight_sum)
        lane += n_threads
