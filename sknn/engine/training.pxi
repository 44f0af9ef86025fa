# Training: whole epochs without Python.
#
# A step works on a mini-batch, in blocks of rows where it is large. Per block:
#   1. rows     threads share the rows: gather, forward, loss, gradients of the activations    | barrier
#   2. tasks    threads share the parameters: some rows of a panel of weights get their gradient from all
#               samples of the block, in order, and after the last block are updated in the cache | barrier
# No gradient is ever shared between threads and every sum has a fixed order, so the bits do not depend on
# the number of threads. Clipping needs the norm of the whole gradient first: then the update is a third
# phase. Phase 1 of a row and phase 2 of a task know nothing of threads.
#
# The activations of images are many and their weights few. Such an op sums its weight gradient in phase 1, while
# the activations are in the cache, in a buffer of the row's *lane*: the rows of a block are cut into lanes by
# number, and threads take lanes. Phase 2 adds the lanes in order. A batch norm needs something of all rows; it
# cuts phase 1 into segments with a barrier between them, forward and again backward.

cdef struct Task:                       # rows of a panel of weights, or the biases, of one op
    int op
    bint bias
    bint lane                           # the gradient comes from the lanes
    Panel panel
    Py_ssize_t first, last
    Py_ssize_t offset, size             # in the flat parameter array
    double cost
    double squares                      # of the weights, before the update
    double gradient_squares

cdef struct Step:
    const Plan* plan
    Workspace workspace                 # of the buffers that a block keeps
    Workspace* threads                  # of each thread
    Input x
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
    const double* rates                 # of each step of this run
    long long t                         # updates so far
    double alpha, clip_norm
    u64 epoch_key
    bint update_parameters              # False: only the gradient is wanted
    Py_ssize_t last_step
    Py_ssize_t batch_rows               # of the step in work
    double loss                         # of the batches so far, weighted by their rows
    double deadline
    double next_poll
    Py_ssize_t steps_done
    bint stop
    Barrier barrier
    void* error                         # a Python exception of a signal handler, owned


cdef inline double weight_of(const Step* s, Py_ssize_t sample) noexcept nogil:
    return s.sample_weight[sample] if s.sample_weight != NULL else 1.0


# Losses of some rows, and the gradients of their logits.
cdef void take_losses(Step* s, const Workspace* w, const Py_ssize_t* samples, Py_ssize_t begin,
                      Py_ssize_t rows, double weight_sum) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef int last = plan.ops[plan.n_ops - 1].target
    cdef Matrix z = value_of(plan, w, last, begin), dz = gradient_of(plan, w, last, begin)
    cdef Py_ssize_t i
    cdef double weight
    for i in range(rows):
        weight = weight_of(s, samples[i])
        s.row_loss[begin + i] = weight * loss_row(
            &plan.loss, z.at + i * z.stride, s.y, samples[i], dz.at + i * dz.stride, dz.stride,
            <real>(plan.loss.gradient_scale * weight / weight_sum))


# Phase 1: rows begin..end of the block that starts at `block` in the epoch's order, through one segment: forward,
# and from the last one straight on backward; or `back` through an earlier one.
cdef void work_on_rows(Step* s, int thread, Py_ssize_t block, Py_ssize_t begin, Py_ssize_t end, int lane_number,
                       int segment, bint back, bint first_block, double weight_sum) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef const Workspace* w = s.threads + thread
    cdef Weights weights = Weights(s.params, s.derived, NULL, NULL)
    cdef Lane lane = Lane(s.lanes + lane_number * plan.lane_values, not first_block)
    cdef int first = plan.segments[segment], last = plan.segments[segment + 1]
    cdef bint top = segment + 1 == plan.n_segments
    cdef const Py_ssize_t* samples
    cdef Py_ssize_t m
    while begin < end:
        m = min(end - begin, s.sub_rows)
        samples = s.order + block + begin
        if not back:
            if segment == 0 and s.x.kind != CSR:
                gather(&s.x, samples, m, value_of(plan, w, 0, begin), w.scratch)
            forward_rows(plan, w, &weights, &s.x, samples, s.epoch_key, True, first, last, begin, m, NULL)
            if top:
                take_losses(s, w, samples, begin, m, weight_sum)
            else:
                add_moments(&plan.ops[last].geometry, value_of(plan, w, plan.ops[last].source, begin), m,
                            s.moments + lane_number * plan.moments + plan.ops[last].moments,
                            s.fresh + thread * plan.moments)
        if back:
            finish_batch_norm(plan, w, s.params, plan.ops + last, begin, m)
        if back or top:
            backward_rows(plan, w, &weights, samples, s.epoch_key, first, last, begin, m, &lane)
            lane.accumulate = True
        begin += m


# The input gradient of the batch norm above a segment, once the sums of the batch are known.
cdef void finish_batch_norm(const Plan* plan, const Workspace* w, const real* params, const Op* op,
                            Py_ssize_t begin, Py_ssize_t rows) noexcept nogil:
    cdef Matrix x = value_of(plan, w, op.source, begin), d
    cdef const real* mean = w.moments + op.moments
    cdef Py_ssize_t r, c = padded(&op.geometry)
    if plan.buffers[op.source].gradient < 0:
        return
    d = gradient_of(plan, w, op.target, begin)
    for r in range(rows):
        batch_norm_backward(&op.geometry, x.at + r * x.stride, mean, mean + c,
                            params + plan.parameters[op.parameter].weight, mean + 2 * c, mean + 3 * c,
                            d.at + r * d.stride)


# After the forward pass of the segment below it: mean and scale of a batch norm from the moments of all lanes. Every
# thread forms them for itself; one keeps the running ones, with the unbiased variance.
cdef void join_moments(Step* s, int thread, const Op* op, Py_ssize_t lanes) noexcept nogil:
    cdef Py_ssize_t k, c = op.geometry.c
    cdef const Plan* plan = s.plan
    cdef double* total = s.fresh + thread * plan.moments
    cdef double* running = s.running + op.moments
    cdef real* mean = s.threads[thread].moments + op.moments
    cdef double n, keep = 1 - op.momentum
    memset(total, 0, (1 + 2 * c) * sizeof(double))
    for k in range(lanes):
        merge_moments(total, s.moments + k * plan.moments + op.moments, c)
    n = total[0]
    for k in range(c):
        mean[k] = <real>total[1 + k]
        mean[padded(&op.geometry) + k] = <real>(1 / sqrt(total[1 + c + k] / n + op.rate))
        if thread == 0:
            running[k] = keep * running[k] + op.momentum * total[1 + k]
            running[c + k] = keep * running[c + k] + op.momentum * total[1 + c + k] / max(n - 1, 1.0)


# After the backward pass of the segment above it: the mean gradients of a batch norm over the whole batch.
cdef void join_sums(Step* s, int thread, const Op* op, Py_ssize_t lanes, Py_ssize_t rows) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef const Parameter* p = plan.parameters + op.parameter
    cdef Py_ssize_t k, lane, c = padded(&op.geometry)
    cdef real* means = s.threads[thread].moments + op.moments + 2 * c
    cdef const real* sums
    cdef real share = <real>(1.0 / (rows * op.geometry.h * op.geometry.w))
    memset(means, 0, 2 * c * sizeof(real))
    for lane in range(lanes):
        sums = s.lanes + lane * plan.lane_values
        for k in range(op.geometry.c):
            means[k] += sums[p.lane + k]
            means[c + k] += sums[p.lane_bias + k]
    for k in range(2 * c):
        means[k] *= share


# Phase 1 of a thread: its rows, or its lanes of rows, through all segments.
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
            join_moments(s, thread, plan.ops + plan.segments[segment + 1], lanes)
    for segment in range(plan.n_segments - 2, -1, -1):
        thread_barrier(&s.barrier, n_threads)
        norm = plan.ops + plan.segments[segment + 1]
        join_sums(s, thread, norm, lanes, m)
        work_on_lanes(s, thread, n_threads, block, m, lanes, segment, True, first_block, weight_sum)


cdef void work_on_lanes(Step* s, int thread, int n_threads, Py_ssize_t block, Py_ssize_t m, Py_ssize_t lanes,
                        int segment, bint back, bint first_block, double weight_sum) noexcept nogil:
    cdef Py_ssize_t lane = thread
    cdef const Op* norm = s.plan.ops + s.plan.segments[segment + 1]
    while lane < lanes:
        if not back and segment + 1 < s.plan.n_segments:
            memset(s.moments + lane * s.plan.moments + norm.moments, 0,
                   (1 + 2 * norm.geometry.c) * sizeof(double))
        work_on_rows(s, thread, block, lane * s.lane_rows, min(m, (lane + 1) * s.lane_rows), <int>lane, segment,
                     back, first_block, weight_sum)
        lane += n_threads


# What the update of a task will read and write.
cdef inline Ahead state_of(const Step* s, const Task* task) noexcept nogil:
    cdef Ahead next = nothing_ahead()
    cdef int i
    next.count = 1 + s.optimizer.n_slots
    next.bytes = task.size * sizeof(real)
    next.at[0] = s.params + task.offset
    for i in range(s.optimizer.n_slots):
        next.at[i + 1] = s.slots[i] + task.offset
    return next


# Phase 2: the gradient of one task from the rows of a block.
cdef real* task_gradient(Step* s, Task* task, bint first_of_share, int thread, Py_ssize_t block,
                         Py_ssize_t rows, bint accumulate) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef const Op* op = plan.ops + task.op
    cdef const Parameter* p = plan.parameters + op.parameter
    cdef Matrix d
    cdef real* g = s.scratch + thread * s.scratch_size
    cdef long long* cursors = s.cursors + thread * s.block_rows
    cdef Ahead next
    if s.gradient != NULL:
        g = s.gradient + task.offset
    if p.lane >= 0:
        add_lanes(s, task, g)
        return g
    d = s.workspace.gradients[plan.buffers[op.target].gradient]
    if task.bias:
        bias_gradient(d, rows, p.vectors * SKNN_V, g, accumulate)
    elif op.kind == DENSE:
        next = state_of(s, task)
        dense_weight_gradient(task.panel, s.workspace.values[op.source], d, rows, task.first, task.last, g,
                              accumulate, &next)
    else:
        if first_of_share or task.first == 0:
            csr_cursors(&s.x, s.order + block, rows, task.first, cursors)
        csr_weight_gradient(op, task.panel, &s.x, s.order + block, s.epoch_key, d, rows, task.first,
                            task.last, cursors, g, accumulate)
    return g


# The sum of the lanes, in order. They hold all blocks of the step so far.
cdef void add_lanes(const Step* s, const Task* task, real* g) noexcept nogil:
    cdef const Op* op = s.plan.ops + task.op
    cdef const Parameter* p = s.plan.parameters + op.parameter
    cdef Py_ssize_t lane, j, rows = min(s.batch_rows, s.block_rows)
    cdef const real* of_lane
    memset(g, 0, task.size * sizeof(real))
    for lane in range((rows + s.lane_rows - 1) // s.lane_rows):
        of_lane = s.lanes + lane * s.plan.lane_values
        if task.bias:
            for j in range(p.n_out):
                g[j] += of_lane[p.lane_bias + j]
        else:
            fold_lane(p, op, task.panel, of_lane + p.lane, task.first, task.last, g)


# After the last block: the penalty alpha |w|^2 / (2 sum of weights) on the weights, not the biases.
cdef void add_penalty(Step* s, Task* task, real* g, double weight_sum) noexcept nogil:
    task.squares = 0
    if not task.bias and s.alpha > 0 and s.plan.parameters[s.plan.ops[task.op].parameter].decays:
        task.squares = sum_of_squares(s.params + task.offset, task.size)
        add_decay(g, s.params + task.offset, <real>(s.alpha / weight_sum), task.size)
    if s.clip_norm > 0:
        task.gradient_squares = sum_of_squares(g, task.size)


cdef void update_task(Step* s, const Optimizer* optimizer, Task* task, const real* g) noexcept nogil:
    cdef const Op* op = s.plan.ops + task.op
    update(optimizer, s.params, g, s.slots, task.offset, task.size)
    if not task.bias:
        derive(s.plan, op, task.panel, s.params, s.derived, task.first, task.last)
    elif op.kind == CONV:
        derive_bias(s.plan.parameters + op.parameter, s.params, s.derived)


# Phase 2 of a share of the tasks.
cdef void work_on_share(Step* s, const Optimizer* optimizer, int share, int thread, Py_ssize_t block,
                        Py_ssize_t rows, bint first_block, bint last_block, bint direct,
                        double weight_sum) noexcept nogil:
    cdef int i
    cdef real* g
    for i in range(s.shares[share], s.shares[share + 1]):
        if s.tasks[i].lane and not last_block:
            continue
        g = task_gradient(s, s.tasks + i, i == s.shares[share], thread, block, rows, not first_block)
        if last_block:
            add_penalty(s, s.tasks + i, g, weight_sum)
            if direct:
                update_task(s, optimizer, s.tasks + i, g)


# Phase 3 of a share, where the gradient is clipped.
cdef void clip_and_update(Step* s, const Optimizer* optimizer, int share) noexcept nogil:
    cdef double norm = 0
    cdef real* g
    cdef int i
    for i in range(s.n_tasks):
        norm += s.tasks[i].gradient_squares
    norm = sqrt(norm)
    for i in range(s.shares[share], s.shares[share + 1]):
        g = s.gradient + s.tasks[i].offset
        if norm > s.clip_norm:
            scale_by(g, <real>(s.clip_norm / norm), s.tasks[i].size)
        update_task(s, optimizer, s.tasks + i, g)


# The loss of a finished step; by one thread, in the order of the tasks.
cdef void close_step(Step* s, double batch_loss, double weight_sum, Py_ssize_t rows) noexcept nogil:
    cdef double penalty = 0
    cdef int i
    for i in range(s.n_tasks):
        penalty += s.tasks[i].squares
    s.loss += (batch_loss + 0.5 * s.alpha * penalty) / weight_sum * rows
    s.steps_done += 1
    s.t += 1


# Every 100 ms: has the user pressed Ctrl-C, is the time up?
cdef void poll(Step* s) noexcept nogil:
    cdef double now = seconds()
    if now > s.deadline:
        s.stop = True
    if now < s.next_poll:
        return
    s.next_poll = now + 0.1
    with gil:
        try:
            PyErr_CheckSignals()
        except BaseException as error:  # `Trainer._run` raises it
            Py_INCREF(error)
            s.error = <void*>error
            s.stop = True


cdef void train_worker(Step* s) noexcept nogil:
    # OpenMP may give fewer threads than there are shares
    cdef int thread = thread_number(), n_threads = thread_count(), share
    cdef Optimizer optimizer = s.optimizer
    cdef Py_ssize_t step, start, rows, block, m, r
    cdef double weight_sum, batch_loss
    cdef bint last_block
    cdef bint direct = s.update_parameters and not s.clip_norm > 0
    cdef long long t = s.t
    for step in range(s.last_step):
        start = step * s.batch_size
        rows = min(s.batch_size, s.n_samples - start)
        weight_sum = rows
        if s.sample_weight != NULL:
            weight_sum = 0
            for r in range(rows):
                weight_sum += s.sample_weight[s.order[start + r]]
            if weight_sum == 0:     # nothing to learn from
                if thread == 0:
                    s.steps_done += 1
                continue
        t += 1
        if s.update_parameters:
            prepare(&optimizer, s.rates[step], t)
        batch_loss = 0
        block = 0
        while block < rows:
            m = min(rows - block, s.block_rows)
            last_block = block + m == rows
            work_on_block(s, thread, n_threads, start + block, m, block == 0, weight_sum)
            if thread == 0:
                s.batch_rows = rows
            thread_barrier(&s.barrier, n_threads)
            share = thread
            while share < s.n_shares:
                work_on_share(s, &optimizer, share, thread, start + block, m, block == 0, last_block,
                              direct, weight_sum)
                share += n_threads
            if thread == 0:
                for r in range(m):
                    batch_loss += s.row_loss[r]
                poll(s)
            thread_barrier(&s.barrier, n_threads)
            if s.stop and not last_block:
                return
            block += m
        if s.update_parameters and not direct:
            share = thread
            while share < s.n_shares:
                clip_and_update(s, &optimizer, share)
                share += n_threads
            thread_barrier(&s.barrier, n_threads)
        if thread == 0:
            close_step(s, batch_loss, weight_sum, rows)
        if s.stop:
            return


cdef void run_steps(Step* s, int n_threads) noexcept nogil:
    if n_threads == 1:
        train_worker(s)
    else:
        with parallel(num_threads=n_threads):
            train_worker(s)


# Fisher & Yates's shuffle from a counter: the order depends on the key alone.
cdef void shuffle(Py_ssize_t* order, Py_ssize_t n, u64 key) noexcept nogil:
    cdef Py_ssize_t i, j, kept
    for i in range(n - 1, 0, -1):
        # the high half of a 64 x 32 bit product maps the hash to 0..i (Lemire 2019)
        j = <Py_ssize_t>(((combine(key, <u64>i) >> 32) * <u64>(i + 1)) >> 32)
        kept = order[i]
        order[i] = order[j]
        order[j] = kept
