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

cdef struct Task:                       # some rows of a panel of weights, or the biases, of one op
    int op
    bint bias
    bint lane                           # the gradient is the sum of the lanes
    Panel panel
    Py_ssize_t first, last
    Py_ssize_t offset, size             # in the flat parameter array
    int matrix                          # index of Muon's matrix; -1: none
    double cost
    double squares                      # of the weights, before the update
    double gradient_squares

cdef struct Step:
    const Plan* plan
    Workspace workspace                 # of the buffers that a block keeps
    Workspace* threads                  # of each thread
    Input x
    Augmentation augmentation
    const void* y
    const real* sample_weight           # NULL: all 1
    const Py_ssize_t* order             # the samples of the epoch
    Py_ssize_t n_samples, batch_size, block_rows
    real* params
    real* derived                       # from the parameters, see `derive`
    Py_ssize_t sub_rows                 # a thread takes through the network at once
    Py_ssize_t lane_rows                # of a block, in a lane
    real* lanes                         # a gradient for each lane
    double* moments                     # for each lane, what it knows of the inputs of batch norms
    double* fresh                       # for each thread, of the rows in work
    double* running                     # means and variances of batch norms over the batches so far
    real* gradient                      # of all parameters; NULL if never needed whole
    real* slots[MAX_SLOTS]
    real* scratch                       # a task's gradient for each thread
    Py_ssize_t scratch_size
    long long* cursors                  # for each thread and row of a block, CSR only
    double* row_loss
    Task* tasks
    int n_tasks
    int n_shares                        # of the tasks, one for each thread that was asked for
    int* shares                         # share k has the tasks from shares[k] to shares[k + 1]
    Optimizer optimizer
    Matrices matrices                   # that Muon takes
    const double* rates                 # of each step of this run
    const double* decay_factors         # of decoupled weight decay, likewise; NULL: all 1
    const double* dropout_factors       # of the rates of dropout; NULL: all 1
    long long t                         # updates so far
    double alpha, clip_norm
    u64 seed, epoch, epoch_key
    bint update_parameters              # False: only the gradient is wanted
    Py_ssize_t last_step
    Py_ssize_t batch_rows               # of the step in work
    double loss                         # of the batches so far, weighted by their rows
    double deadline
    double next_poll
    Py_ssize_t steps_done
    bint stop                           # the step in work is given up; set in phase 1 and 3a, by one thread
    Barrier barrier
    void* error                         # a Python exception of a signal handler, owned


# Checks for Ctrl-C. A separate function, because one with Python objects takes the GIL at each call.
cdef void check_signals(Step* s) noexcept with gil:
    try:
        PyErr_CheckSignals()
    except BaseException as error:  # raised by `Trainer._run`
        Py_INCREF(error)
        s.error = <void*>error
        s.stop = True


# Checks the deadline and, every 100 ms, signals. One thread polls. The others read `stop` after a barrier,
# before the next poll, so that all abandon the same step.
cdef void poll(Step* s) noexcept nogil:
    cdef double now = seconds()
    if now > s.deadline:
        s.stop = True
    if now >= s.next_poll:
        s.next_poll = now + 0.1
        check_signals(s)


# Phase 1 for rows begin..end of a block and one segment: forward, and backward at once in the last segment;
# with `back`, backward through an earlier segment.
cdef void work_on_rows(Step* s, int thread, Py_ssize_t block, Py_ssize_t begin, Py_ssize_t end,
                       int lane_number, int segment, bint back, bint first_block,
                       double weight_sum) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef const Workspace* ws = s.threads + thread
    cdef Weights weights = Weights(s.params, s.derived, NULL, NULL)
    cdef Lane lane = Lane(s.lanes + lane_number * plan.lane_values, not first_block, False)
    cdef int first = plan.segments[segment], last = plan.segments[segment + 1]
    cdef int logits = plan.ops[plan.n_ops - 1].target
    cdef bint top = segment + 1 == plan.n_segments
    cdef const Py_ssize_t* samples
    cdef Py_ssize_t m
    while begin < end:
        if thread == 0:
            poll(s)
        if s.stop:
            return
        m = min(end - begin, s.sub_rows)
        samples = s.order + block + begin
        if not back:
            if segment == 0 and s.augmentation.active:
                gather_views(&s.x, &s.augmentation, s.seed, s.epoch, s.epoch_key, samples, m,
                             value_of(plan, ws, 0, begin), ws.scratch)
            elif segment == 0 and s.x.kind != CSR:
                gather(&s.x, samples, m, value_of(plan, ws, 0, begin), ws.scratch)
            forward_rows(plan, ws, &weights, &s.x, samples, True, first, last, begin, m, NULL)
            if top:
                loss_rows(&plan.loss, value_of(plan, ws, logits, begin), s.y, samples,
                          gradient_of(plan, ws, logits, begin), m, s.sample_weight, weight_sum,
                          s.row_loss + begin)
            else:
                add_moments(&plan.ops[last].geometry, value_of(plan, ws, plan.ops[last].source, begin),
                            s.sample_weight, samples, m,
                            s.moments + lane_number * plan.moments + plan.ops[last].moments,
                            s.fresh + thread * plan.moments)
        if back:
            finish_batch_norm(plan, ws, s.params, plan.ops + last, s.sample_weight, samples, begin, m)
        if back or top:
            backward_rows(plan, ws, &weights, samples, first, last, begin, m, &lane)
            lane.accumulate = lane.begun = True
        begin += m
    if plan.winograd and (back or top):
        end_lane(plan, ws, first, last, lane.gradient, not first_block)


# The input gradient of the batch norm at the end of a segment, once the sums over the batch are known.
cdef void finish_batch_norm(const Plan* plan, const Workspace* ws, const real* params, const Op* op,
                            const real* weights, const Py_ssize_t* samples, Py_ssize_t begin,
                            Py_ssize_t rows) noexcept nogil:
    cdef Matrix x = value_of(plan, ws, op.source, begin), d
    cdef const real* mean = ws.moments + op.moments
    cdef Py_ssize_t r, c = padded(&op.geometry)
    if plan.buffers[op.source].gradient < 0:
        return
    d = gradient_of(plan, ws, op.target, begin)
    for r in range(rows):
        batch_norm_backward(&op.geometry, x.at + r * x.stride, mean, mean + c,
                            params + plan.parameters[op.parameter].weight, mean + 2 * c, mean + 3 * c,
                            <real>weight_of(weights, samples[r]), d.at + r * d.stride)


# Merges the lanes' moments of a batch norm's input.
cdef void whole_moments(const Step* s, const Op* op, Py_ssize_t rows, double* total) noexcept nogil:
    cdef Py_ssize_t k
    memset(total, 0, (1 + 2 * op.geometry.c) * sizeof(double))
    for k in range((rows + s.lane_rows - 1) // s.lane_rows):
        merge_moments(total, s.moments + k * s.plan.moments + op.moments, op.geometry.c)


# Mean and scale of a batch norm, after the forward pass of the segment before it. Each thread computes its
# own copy.
cdef void join_moments(Step* s, int thread, const Op* op, Py_ssize_t rows) noexcept nogil:
    cdef Py_ssize_t k, c = op.geometry.c
    cdef double* total = s.fresh + thread * s.plan.moments
    cdef real* mean = s.threads[thread].moments + op.moments
    whole_moments(s, op, rows, total)
    for k in range(c):
        mean[k] = <real>total[1 + k]
        mean[padded(&op.geometry) + k] = <real>(1 / sqrt(total[1 + c + k] / total[0] + op.epsilon))


# Updates the running moments in proportion to the rows of the batch, so that a small last batch counts
# less. The variance is unbiased; the weights act as repetitions of the samples, but never as fewer samples.
# A single value has no variance.
cdef void follow_moments(Step* s, const Op* op, Py_ssize_t rows) noexcept nogil:
    cdef Py_ssize_t k, c = op.geometry.c
    cdef double* running = s.running + op.moments
    cdef double* total = s.fresh
    cdef double share = op.momentum * rows / min(s.batch_size, s.n_samples)
    cdef double values = rows * op.geometry.h * op.geometry.w, n
    whole_moments(s, op, rows, total)
    n = max(total[0], values)
    for k in range(c):
        running[k] += share * (total[1 + k] - running[k])
        if n > 1:
            running[c + k] += share * (total[1 + c + k] / total[0] * n / (n - 1) - running[c + k])


# Mean gradients of a batch norm over the batch, after the backward pass of the segment after it.
cdef void join_sums(Step* s, int thread, const Op* op, Py_ssize_t lanes, double weight_sum) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef const Parameter* p = plan.parameters + op.parameter
    cdef Py_ssize_t k, lane, c = padded(&op.geometry)
    cdef real* means = s.threads[thread].moments + op.moments + 2 * c
    cdef const real* sums
    cdef real share = <real>(1.0 / (weight_sum * op.geometry.h * op.geometry.w))
    memset(means, 0, 2 * c * sizeof(real))
    for lane in range(lanes):
        sums = s.lanes + lane * plan.lane_values
        for k in range(op.geometry.c):
            means[k] += sums[p.lane + k]
            means[c + k] += sums[p.lane_bias + k]
    for k in range(2 * c):
        means[k] *= share


# Phase 1 of a thread: its rows, or its lanes, through all segments.
cdef void work_on_block(Step* s, int thread, int n_threads, Py_ssize_t block, Py_ssize_t m, bint first_block,
                        double weight_sum) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef int segment
    cdef const Op* norm
    cdef Py_ssize_t lanes = (m + s.lane_rows - 1) // s.lane_rows
    if plan.lane_values == 0:
        work_on_rows(s, thread, block, m * thread // n_threads, m * (thread + 1) // n_threads, 0, 0, False,
                     first_block, weight_sum)
        return
    for segment in range(plan.n_segments):
        work_on_lanes(s, thread, n_threads, block, m, lanes, segment, False, first_block, weight_sum)
        if segment + 1 < plan.n_segments:
            thread_barrier(&s.barrier, n_threads)
            join_moments(s, thread, plan.ops + plan.segments[segment + 1], m)
    for segment in range(plan.n_segments - 2, -1, -1):
        thread_barrier(&s.barrier, n_threads)
        norm = plan.ops + plan.segments[segment + 1]
        join_sums(s, thread, norm, lanes, weight_sum)
        work_on_lanes(s, thread, n_threads, block, m, lanes, segment, True, first_block, weight_sum)


cdef void work_on_lanes(Step* s, int thread, int n_threads, Py_ssize_t block, Py_ssize_t m, Py_ssize_t lanes,
                        int segment, bint back, bint first_block, double weight_sum) noexcept nogil:
    cdef Py_ssize_t lane = thread
    cdef const Op* norm = s.plan.ops + s.plan.segments[segment + 1]
    while lane < lanes:
        if not back and segment + 1 < s.plan.n_segments:
            memset(s.moments + lane * s.plan.moments + norm.moments, 0,
                   (1 + 2 * norm.geometry.c) * sizeof(double))
        work_on_rows(s, thread, block, lane * s.lane_rows, min(m, (lane + 1) * s.lane_rows), <int>lane,
                     segment, back, first_block, weight_sum)
        lane += n_threads
