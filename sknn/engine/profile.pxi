# Time of each op in training, with the same memory, sub-blocks and lanes, and the peak of the register
# tile; see benchmarks/images_roofline.py.

cdef enum:
    FORWARD_PASS, INPUT_GRADIENT, WEIGHT_GRADIENT, N_PASSES
    PANEL_ROWS = 256        # of one vector: fits in the smallest L1 cache
    REPEATS = 64            # passes over the panel for each load and store of a tile


cdef inline void lap(double* last, double* total) noexcept nogil:
    cdef double now = seconds()
    total[0] += now - last[0]
    last[0] = now


# Some rows in a visit of a segment, as `work_on_rows` takes them.
cdef void profile_rows(const TrainingState* s, const Plan* untrained, int segment, bint back,
                       Py_ssize_t begin, Py_ssize_t rows, const Lane* lane, double* times) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef const Workspace* ws = s.buffers.threads
    cdef const Py_ssize_t* samples = s.data.order + begin
    cdef Weights weights = Weights(s.model.params, s.model.derived, NULL, NULL)
    cdef int i, first = plan.segments[segment].first, last = plan.segments[segment + 1].first
    cdef int logits = plan.ops[plan.n_ops - 1].target
    cdef bint top = segment + 1 == plan.n_segments
    cdef double start
    if back:
        start = seconds()
        if plan.buffers[plan.ops[last].source].gradient >= 0:
            finish_batch_norm(plan, ws, s.model.params, plan.ops + last, NULL, samples, begin, rows)
            lap(&start, times + last * N_PASSES + INPUT_GRADIENT)
    else:
        if segment == 0 and s.data.x.kind != CSR:
            gather(&s.data.x, samples, rows, value_of(plan, ws, 0, begin), ws.scratch)
        start = seconds()
        for i in range(first, last):
            forward_rows(plan, ws, &weights, &s.data.x, samples, True, i, i + 1, begin, rows, NULL)
            lap(&start, times + i * N_PASSES + FORWARD_PASS)
    if top:
        loss_rows(&plan.loss, value_of(plan, ws, logits, begin), s.data.y, samples,
                  gradient_of(plan, ws, logits, begin), rows, NULL, s.data.n_samples,
                  s.buffers.row_loss + begin)
    if back or top:
        for i in range(last - 1, first - 1, -1):
            if plan.buffers[plan.ops[i].target].gradient >= 0:
                profile_backward(s, untrained, &weights, i, begin, rows, lane, times + i * N_PASSES)


# Gradients of one op. `untrained` is the plan without trained weights: its backward pass computes only the
# input gradient, and what takes longer with them is the weight gradient. Some ops on channels compute both at
# once.
cdef void profile_backward(const TrainingState* s, const Plan* untrained, const Weights* weights, int i,
                           Py_ssize_t begin, Py_ssize_t rows, const Lane* lane, double* times) noexcept nogil:
    cdef const Workspace* ws = s.buffers.threads
    cdef const Op* op = s.plan.ops + i
    cdef const Kind* kind = KINDS + op.kind
    cdef const Py_ssize_t* samples = s.data.order + begin
    cdef double last = seconds(), input = 0
    if s.plan.buffers[op.source].gradient >= 0 and kind.backward != NULL:
        backward_rows(untrained, ws, weights, samples, i, i + 1, begin, rows, lane)
        lap(&last, &input)
    times[INPUT_GRADIENT] += input
    if kind.lane_gradient == NULL:
        return
    backward_rows(s.plan, ws, weights, samples, i, i + 1, begin, rows, lane)
    if (begin + rows) % s.blocks.lane_rows == 0 or begin + rows == s.epoch.batch_rows:
        end_lane(s.plan, ws, i, i + 1, lane, False)
    times[WEIGHT_GRADIENT] -= input
    lap(&last, times + WEIGHT_GRADIENT)


# All rows of a batch through one segment.
cdef void profile_visit(const TrainingState* s, const Plan* untrained, int segment, bint back,
                        double* times) noexcept nogil:
    cdef Py_ssize_t row = 0, rows, in_lane, lane_rows = s.blocks.lane_rows
    cdef Py_ssize_t most = s.plan.segments[segment].rows
    cdef Lane lane
    while row < s.epoch.batch_rows:
        in_lane = row % lane_rows
        rows = min(most, lane_rows - in_lane, s.epoch.batch_rows - row)
        lane = Lane(s.buffers.lanes + row // lane_rows * s.plan.lane_values, in_lane > 0, in_lane > 0,
                    min(most, lane_rows))
        profile_rows(s, untrained, segment, back, row, rows, &lane, times)
        row += rows


# One batch, without the update.
cdef void profile_batch(TrainingState* s, const Plan* untrained, double* times) noexcept nogil:
    cdef int i
    for i in range(s.plan.n_segments):
        profile_visit(s, untrained, i, False, times)
    for i in range(s.plan.n_segments - 2, -1, -1):
        profile_visit(s, untrained, i, True, times)
    cdef double last = seconds()
    for i in range(s.tasks.n):
        task_gradient(s, s.tasks.each + i, i == 0, 0, 0, s.epoch.batch_rows, False)
        lap(&last, times + s.tasks.each[i].op * N_PASSES + WEIGHT_GRADIENT)


def profile(Program program not None, Rows x not None, coefs, intercepts, int repeat):
    """Measure the time of each op in training on one thread; the batch is the first block of x.

    Returns (number, kind, forward, input gradient, weight gradient) of each op: seconds per row, medians of
    `repeat` batches, 0 for what is not computed.
    """
    cdef Plan untrained = program.plan
    cdef double[:, :, ::1] times = np.zeros((repeat, program.plan.n_ops, N_PASSES))
    cdef int i
    codes = program.plan.loss.kind == SOFTMAX
    y = np.zeros((x.n_samples, program.plan.loss.n_groups if codes else program.plan.loss.n_outputs),
                 np.int32 if codes else np.float32 if sizeof(real) == 4 else np.float64)
    cdef Trainer trainer = Trainer(program, x, y, None, np.arange(x.n_samples), x.n_samples, None)
    trainer.load(coefs, intercepts)
    trainer.state.epoch.batch_rows = trainer.state.blocks.block_rows
    parameters = bytearray((<char*>untrained.parameters)[:untrained.n_parameters * sizeof(Parameter)])
    untrained.parameters = <Parameter*><char*>parameters
    for i in range(untrained.n_parameters):
        untrained.parameters[i].trained = untrained.parameters[i].biased = False
    with nogil:
        for i in range(repeat):
            profile_batch(&trainer.state, &untrained, &times[i, 0, 0])
    medians = np.median(times, axis=0) / trainer.state.epoch.batch_rows
    return [(i, untrained.ops[i].kind, *medians[i].tolist()) for i in range(untrained.n_ops)]


def peak_flops(double duration):
    """Peak operations per second of the register tile, on a panel in the L1 cache."""
    cdef Py_ssize_t v, i, K, m, size = PANEL_ROWS * max(SKNN_V, tile_rows[0])
    cdef double end = seconds() + duration, best = 0, start
    cdef Contraction inner
    cdef real* A = <real*>aligned_zeros(3 * size * sizeof(real))
    if A == NULL:
        raise MemoryError("a panel does not fit in memory")
    for i in range(2 * size):
        A[i] = 1
    while seconds() < end:
        for v in range(1, SKNN_TILE_COLUMNS + 1):
            K, m = PANEL_ROWS // v, tile_rows[v - 1]
            inner = matrix_contraction(K, 1, v * SKNN_V)
            inner.R = REPEATS
            start = seconds()
            multiply_panel(A, K, A + size, &inner, NULL, 0, A + 2 * size, v * SKNN_V, m, v, NULL)
            best = max(best, 2.0 * m * v * SKNN_V * K * REPEATS / (seconds() - start))
    aligned_free(A)
    return best
