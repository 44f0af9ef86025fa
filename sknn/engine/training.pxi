# Training, continued: phase 2, in which threads split the parameters, and the loop over the steps.

# Memory that the update of a task reads and writes.
cdef inline Prefetch state_of(const TrainingState* s, const Task* task) noexcept nogil:
    cdef Prefetch next = no_prefetch()
    cdef int i
    next.count = 1 + s.optimizer.n_slots
    next.bytes = task.size * sizeof(real)
    next.at[0] = s.model.params + task.offset
    for i in range(s.optimizer.n_slots):
        next.at[i + 1] = s.model.slots[i] + task.offset
    return next


# Phase 2: the gradient of one task from the rows of a block.
cdef real* task_gradient(TrainingState* s, Task* task, bint first_of_share, int thread, Py_ssize_t block,
                         Py_ssize_t rows, bint accumulate) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef const Op* op = plan.ops + task.op
    cdef const Parameter* p = plan.parameters + op.parameter
    cdef real* g = s.buffers.scratch + thread * s.buffers.scratch_size
    cdef Matrix d
    cdef Prefetch next
    cdef WeightTask t
    if s.buffers.gradient != NULL:
        g = s.buffers.gradient + task.offset
    if p.lane >= 0:
        add_lanes(s, task, g)
        return g
    d = s.buffers.shared.gradients[plan.buffers[op.target].gradient]
    if task.bias:
        bias_gradient(d, rows, p.vectors, g, accumulate)
        return g
    next = state_of(s, task)
    t = WeightTask(p, task.panel, task.first, task.last, s.buffers.shared.values[op.source], d, rows, g,
                   accumulate, s.model.params, s.buffers.threads[thread].scratch, &next, &s.data.x,
                   s.data.order + block, &s.buffers.threads[thread].masks,
                   s.buffers.cursors + thread * s.blocks.block_rows, first_of_share or task.first == 0)
    KINDS[op.kind].task_gradient(&t, op)
    return g


# Sum of the lanes, in order. They hold all blocks of the step so far.
cdef void add_lanes(const TrainingState* s, const Task* task, real* g) noexcept nogil:
    cdef const Op* op = s.plan.ops + task.op
    cdef const Parameter* p = s.plan.parameters + op.parameter
    cdef Py_ssize_t lane, j, rows = min(s.epoch.batch_rows, s.blocks.block_rows)
    cdef const real* of_lane
    memset(g, 0, task.size * sizeof(real))
    for lane in range(n_lanes(s, rows)):
        of_lane = s.buffers.lanes + lane * s.plan.lane_values
        if task.bias:
            for j in range(p.n_out):
                g[j] += of_lane[p.lane_bias + j]
        else:
            fold_lane(p, op, task.panel, of_lane + p.lane, task.first, task.last, g)


# Adds the gradient of a lane for rows first..last of a panel to g. The padding of g stays zero.
cdef void fold_lane(const Parameter* p, const Op* op, Panel panel, const real* lane, Py_ssize_t first,
                    Py_ssize_t last, real* g) noexcept nogil:
    cdef const ConvLayout* layout = &p.forward
    cdef Py_ssize_t row, out, pixel, width = min(panel.width, p.n_out - panel.begin)
    for row in range(first, last):
        if layout.offset < 0:
            for out in range(width):
                g[out] += lane[panel.offset + row * panel.width + out]
        else:
            for out in range(width):
                for pixel in range(layout.pixels):
                    g[out] += lane[forward_offset(layout, &op.geometry, row, panel.begin + out, pixel)]
        g += panel.width


# After the last block: adds the gradient of the penalty alpha |w|^2 / (2 sum of weights). Biases are exempt.
cdef void add_penalty(TrainingState* s, Task* task, real* g, double weight_sum) noexcept nogil:
    task.squares = 0
    if not task.bias and s.alpha > 0 and s.plan.parameters[s.plan.ops[task.op].parameter].decays:
        task.squares = sum_of_squares(s.model.params + task.offset, task.size)
        add_decay(g, s.model.params + task.offset, <real>(s.alpha / weight_sum), task.size)
    if s.clip_norm > 0:
        task.gradient_squares = sum_of_squares(g, task.size)


# The projection after a step, where parameters have bounds.
cdef inline void bound(const TrainingState* s, const Task* task) noexcept nogil:
    if s.bounded:
        keep_within(s.model.params + task.offset, s.model.lower + task.offset, s.model.upper + task.offset,
                    task.size)


cdef void update_task(TrainingState* s, const Optimizer* optimizer, Task* task, const real* g) noexcept nogil:
    cdef const Op* op = s.plan.ops + task.op
    cdef const Parameter* p = s.plan.parameters + op.parameter
    cdef Optimizer own = optimizer[0]
    own.rate *= p.bias_rate_factor if task.bias else p.rate_factor
    own.decay *= p.decay_factor if p.decays and not task.bias else 0
    update(&own, s.model.params, g, s.model.slots, task.offset, task.size)
    bound(s, task)
    if not task.bias:
        derive(s.plan, op, task.panel, s.model.params, s.model.derived, task.first, task.last, True)
    elif KINDS[op.kind].derive_bias != NULL:
        KINDS[op.kind].derive_bias(p, s.model.params, s.model.derived)


# Phase 2 of one share.
cdef void work_on_share(TrainingState* s, const Optimizer* optimizer, int share, int thread, Py_ssize_t block,
                        Py_ssize_t rows, bint first_block, bint last_block, bint direct,
                        double weight_sum) noexcept nogil:
    cdef int i
    cdef real* g
    for i in range(s.tasks.shares[share], s.tasks.shares[share + 1]):
        if s.tasks.each[i].lane and not last_block:
            continue
        g = task_gradient(s, s.tasks.each + i, i == s.tasks.shares[share], thread, block, rows,
                          not first_block)
        if last_block:
            add_penalty(s, s.tasks.each + i, g, weight_sum)
            if direct:
                update_task(s, optimizer, s.tasks.each + i, g)


# Phase 3 of one share, for clipping and Muon. With Muon nothing is updated yet: until all matrices are ready,
# the step can still be abandoned.
cdef void clip_share(TrainingState* s, const Optimizer* optimizer, int share) noexcept nogil:
    cdef double norm = 0
    cdef real* g
    cdef int i
    for i in range(s.tasks.n):
        norm += s.tasks.each[i].gradient_squares
    norm = sqrt(norm)
    for i in range(s.tasks.shares[share], s.tasks.shares[share + 1]):
        g = s.buffers.gradient + s.tasks.each[i].offset
        if norm > s.clip_norm:
            scale_by(g, <real>(s.clip_norm / norm), s.tasks.each[i].size)
        if s.matrices.n == 0:
            update_task(s, optimizer, s.tasks.each + i, g)
        elif s.tasks.each[i].matrix >= 0:
            look_ahead(s.matrices.each + s.tasks.each[i].matrix, optimizer.coefficients[3],
                       s.tasks.each[i].panel, s.tasks.each[i].first, s.tasks.each[i].last, g,
                       s.model.slots[0] + s.tasks.each[i].offset)


cdef void update_share(TrainingState* s, const Optimizer* optimizer, int share) noexcept nogil:
    cdef int i
    for i in range(s.tasks.shares[share], s.tasks.shares[share + 1]):
        if s.tasks.each[i].matrix < 0:
            update_task(s, optimizer, s.tasks.each + i, s.buffers.gradient + s.tasks.each[i].offset)
        else:
            update_matrix(s, optimizer, s.tasks.each + i)


# A step along an orthogonal matrix, scaled like a step of Adam (J. Liu et al. 2025).
cdef void update_matrix(TrainingState* s, const Optimizer* optimizer, const Task* task) noexcept nogil:
    cdef const Op* op = s.plan.ops + task.op
    cdef const Parameter* p = s.plan.parameters + op.parameter
    cdef real* w = s.model.params + task.offset
    cdef double rate = optimizer.learning_rate * p.rate_factor
    take_momentum(optimizer.coefficients[3], s.buffers.gradient + task.offset, s.model.slots[0] + task.offset,
                  task.size)
    if optimizer.decay != 0 and p.decays:
        decay_by(w, <real>(optimizer.decay * p.decay_factor), task.size)
    step_along(s.matrices.each + task.matrix, s.matrices.n_iterations,
               0.2 * rate * sqrt(max(p.n_in, p.n_out)), task.panel, task.first, task.last, w)
    bound(s, task)
    derive(s.plan, op, task.panel, s.model.params, s.model.derived, task.first, task.last, True)


# Orthogonalizes all matrices of Muon. Every thread calls it and takes some of the rows. Returns False if the
# step is abandoned: large matrices take seconds.
cdef bint orthogonalize(TrainingState* s, int thread, int n_threads) noexcept nogil:
    cdef int time, stage, i
    for time in range(s.matrices.n_iterations):
        for stage in range(3):
            for i in range(s.matrices.n):
                stage_of_matrix(s, s.matrices.each + i, time, stage, thread, n_threads)
            thread_barrier(&s.barrier, n_threads)
            if s.epoch.stop:
                return False
            thread_barrier(&s.barrier, n_threads)   # all have read `stop` before the next poll
    return True


cdef void stage_of_matrix(TrainingState* s, const Orthogonal* o, int time, int stage, int thread,
                          int n_threads) noexcept nogil:
    cdef Py_ssize_t rows = o.rows if stage == 2 else o.columns, begin, end
    cdef Py_ssize_t last = rows * (thread + 1) // n_threads
    begin = rows * thread // n_threads
    while begin < last:
        if thread == 0:
            poll(s)
        if s.epoch.stop:
            return
        end = min(begin + MUON_ROWS, last)
        if stage == 0:
            gram_rows(o, time, begin, end)
        elif stage == 1:
            polynomial_rows(o, time, begin, end)
        else:
            product_rows(o, time, begin, end)
        begin = end


# Phase 4 of one share, for Winograd convolutions: derived weights that need all taps of a kernel.
cdef void derive_share(const TrainingState* s, int share) noexcept nogil:
    cdef const Op* op
    cdef const Parameter* p
    cdef int i
    for i in range(s.plan.n_ops):
        op = s.plan.ops + i
        p = s.plan.parameters + op.parameter
        if KINDS[op.kind].derive_share != NULL and p.trained:
            KINDS[op.kind].derive_share(p, op, s.model.params, s.model.derived, share, s.tasks.n_shares, True)


# Loss of a finished step and running moments; on one thread, in the order of the tasks.
cdef void close_step(TrainingState* s, double batch_loss, double weight_sum, Py_ssize_t rows) noexcept nogil:
    cdef double penalty = 0
    cdef int i
    for i in range(1, s.plan.n_segments):
        follow_moments(s, s.plan.ops + s.plan.segments[i].first, rows)
    for i in range(s.tasks.n):
        penalty += s.tasks.each[i].squares
    s.epoch.loss += (batch_loss + 0.5 * s.alpha * penalty) / weight_sum * rows
    s.epoch.steps_done += 1
    s.epoch.t += 1


cdef void train_worker(TrainingState* s) noexcept nogil:
    # OpenMP may start fewer threads than there are shares
    cdef int thread = thread_number(), n_threads = thread_count(), share
    cdef Optimizer optimizer = s.optimizer
    cdef Py_ssize_t step, start, rows, block, m, r
    cdef double weight_sum, batch_loss, dropout
    cdef bint last_block
    cdef bint direct = s.update_parameters and not s.clip_norm > 0 and s.matrices.n == 0
    cdef long long t = s.epoch.t
    resume(&optimizer, t)
    for step in range(s.epoch.first, s.epoch.pause):
        start = step * s.blocks.batch_size
        rows = min(s.blocks.batch_size, s.data.n_samples - start)
        weight_sum = rows
        if s.data.sample_weight != NULL:
            weight_sum = 0
            for r in range(rows):
                weight_sum += s.data.sample_weight[s.data.order[start + r]]
            if weight_sum == 0:     # all samples have weight zero
                if thread == 0:
                    s.epoch.steps_done += 1
                continue
        t += 1
        if s.update_parameters:
            prepare(&optimizer, s.epoch.rates[step],
                    s.epoch.decay_factors[step] if s.epoch.decay_factors != NULL else 1, t)
        dropout = s.epoch.dropout_factors[step] if s.epoch.dropout_factors != NULL else 1
        s.buffers.threads[thread].masks = Masks(dropout, False, s.epoch.key)
        batch_loss = 0
        block = 0
        while block < rows:
            m = min(rows - block, s.blocks.block_rows)
            last_block = block + m == rows
            work_on_block(s, thread, n_threads, start + block, m, block == 0, weight_sum)
            if thread == 0:
                s.epoch.batch_rows = rows
            thread_barrier(&s.barrier, n_threads)
            if s.epoch.stop:          # the weights are still those before the step
                return
            share = thread
            while share < s.tasks.n_shares:
                work_on_share(s, &optimizer, share, thread, start + block, m, block == 0, last_block,
                              direct, weight_sum)
                share += n_threads
            if thread == 0:
                for r in range(m):
                    batch_loss += s.buffers.row_loss[r]
            thread_barrier(&s.barrier, n_threads)
            block += m
        if s.update_parameters and not direct:
            share = thread
            while share < s.tasks.n_shares:
                clip_share(s, &optimizer, share)
                share += n_threads
            thread_barrier(&s.barrier, n_threads)
        if s.update_parameters and s.matrices.n > 0:
            if not orthogonalize(s, thread, n_threads):
                return
            share = thread
            while share < s.tasks.n_shares:
                update_share(s, &optimizer, share)
                share += n_threads
            thread_barrier(&s.barrier, n_threads)
        if s.update_parameters and s.plan.winograd:
            share = thread
            while share < s.tasks.n_shares:
                derive_share(s, share)
                share += n_threads
            thread_barrier(&s.barrier, n_threads)
        if thread == 0:
            close_step(s, batch_loss, weight_sum, rows)
        if s.plan.n_segments > 1:       # the next step overwrites the moments
            thread_barrier(&s.barrier, n_threads)


cdef void run_steps(TrainingState* s, int n_threads) noexcept nogil:
    cdef double start
    cdef bint paced = n_threads > 1 and s.update_parameters and has_short_steps(s)
    while s.epoch.steps_done < s.epoch.n_steps and not s.epoch.stop:
        start = seconds()
        s.epoch.first, s.epoch.pause = s.epoch.steps_done, s.epoch.n_steps
        if paced:
            s.epoch.pause = min(s.epoch.n_steps, s.epoch.first + steps_ahead(&s.pace))
        if n_threads == 1 or (paced and not takes_all(&s.pace)):
            train_worker(s)
        else:
            with parallel(num_threads=n_threads):
                train_worker(s)
        if paced:
            count_steps(&s.pace, s.epoch.steps_done - s.epoch.first, seconds() - start)


# Fisher-Yates shuffle from a counter: the order depends only on the key.
cdef void shuffle(Py_ssize_t* order, Py_ssize_t n, u64 key) noexcept nogil:
    cdef Py_ssize_t i, j, kept
    for i in range(n - 1, 0, -1):
        # the high half of a 64 x 32 bit product maps the hash to 0..i (Lemire 2019)
        j = <Py_ssize_t>(((combine(key, <u64>i) >> 32) * <u64>(i + 1)) >> 32)
        kept = order[i]
        order[i] = order[j]
        order[j] = kept
