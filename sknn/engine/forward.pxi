# Prediction: the forward pass of a Program in bounded memory.

# Up to this many rows, reading the fitted arrays directly is faster than packing them first.
cdef enum:
    FEW_ROWS = 8

cdef struct Forward:
    const Plan* plan
    const Weights* weights
    const Input* x
    Py_ssize_t first, last      # rows of this slice
    int n_ops
    bint outputs                # whether n_ops includes the last op
    bint link
    real* out                   # (n, width)
    double* proba               # (n, n_outputs) or NULL
    Py_ssize_t width
    Py_ssize_t sub_rows
    const real* moments         # of the batch norms, see ops/batch_norm.pxi
    Masks masks                 # Monte-Carlo dropout
    const real* output_gradients    # (n, n_outputs): compute the gradient of the input; or NULL
    bint failed                 # out of memory
    bint finite


# Sets the input buffer to m rows, without a copy if the type of x fits. Returns the next `n_next` rows for
# prefetching.
cdef Prefetch take_input(Forward* f, Workspace* ws, const Py_ssize_t* samples, Py_ssize_t m,
                         Py_ssize_t n_next) noexcept nogil:
    cdef Py_ssize_t row_bytes = f.x.stride * item_size(f.x.kind)
    cdef Prefetch next = no_prefetch()
    next.at[0] = <const char*>f.x.data + (samples[0] + m) * row_bytes
    next.bytes = n_next * row_bytes
    next.count = 1 if n_next > 0 and f.x.kind != CSR else 0
    if f.x.kind == CSR:
        return next
    if used_in_place(f.plan, f.x):
        ws.values[0] = Matrix(<real*>f.x.data + samples[0] * f.x.stride, f.x.stride)
    else:
        gather(f.x, samples, m, ws.values[0], ws.scratch)
    if not all_finite(ws.values[0], m, f.x.n_features):
        f.finite = False
    return next


# Forward pass of one thread's rows of the slice, one sub-block at a time.
cdef void forward_worker(Forward* f) noexcept nogil:
    cdef int t = thread_number(), n_threads = thread_count()
    cdef Py_ssize_t rows = f.last - f.first
    cdef Py_ssize_t begin = f.first + rows * t // n_threads
    cdef Py_ssize_t end = f.first + rows * (t + 1) // n_threads
    cdef Py_ssize_t samples[SUB_BLOCK]
    cdef Py_ssize_t i, m
    cdef Workspace ws
    cdef Matrix result
    cdef Prefetch next
    cdef bint back = f.output_gradients != NULL
    cdef real* unused = NULL
    if begin == end:
        return
    if back:
        unused = <real*>aligned_zeros(f.plan.lane_values * sizeof(real))
    if allocate_workspace(f.plan, &ws, ALL, min(end - begin, f.sub_rows), back, NULL) < 0 or (
            back and unused == NULL):
        f.failed = True
    else:
        memcpy(ws.moments, f.moments, f.plan.moments * sizeof(real))
        ws.masks = f.masks
        while begin < end:
            m = min(end - begin, f.sub_rows)
            for i in range(m):
                samples[i] = begin + i
            next = take_input(f, &ws, samples, m, min(end - begin - m, f.sub_rows))
            forward_rows(f.plan, &ws, f.weights, f.x, samples, False, 0, f.n_ops, 0, m, &next)
            result = ws.values[f.plan.ops[f.n_ops - 1].target if f.n_ops > 0 else 0]
            if back:
                backward_to_input(f, &ws, samples, m, unused)
                result = ws.gradients[f.plan.buffers[0].gradient]
            for i in range(m):
                take_row(f, begin + i, result.at + i * result.stride)
            begin += m
    free_workspace(&ws)
    aligned_free(unused)


cdef void take_row(Forward* f, Py_ssize_t row, real* values) noexcept nogil:
    cdef real* out = f.out + row * f.width
    if f.proba != NULL:
        probabilities(&f.plan.loss, values, f.proba + row * f.width)
        return
    memcpy(out, values, f.width * sizeof(real))
    if f.outputs:
        finish_outputs(&f.plan.loss, out, f.link)


cdef int run_forward(Forward* f, int n_threads) noexcept nogil:
    if n_threads == 1:
        forward_worker(f)
    else:
        with parallel(num_threads=n_threads):
            forward_worker(f)
    return 0


# All n rows, in slices; checks signals between them.
cdef int run_slices(Forward* f, Py_ssize_t n, int n_threads) except -1:
    cdef Py_ssize_t slice_rows = max(f.sub_rows * n_threads, 2 * 10**9 // (work_of_a_row(f.plan) + 1))
    while f.first < n:
        f.last = min(f.first + slice_rows, n)
        with nogil:
            run_forward(f, n_threads)
        if f.failed:
            raise MemoryError("a block of rows does not fit in memory")
        f.first = f.last
        PyErr_CheckSignals()
    return 0


cdef class ForwardWeights:
    """Fitted arrays in the form that the forward pass reads, with their memory."""

    cdef Weights weights
    cdef real* memory
    cdef real* derived
    cdef real* moments
    cdef object arrays          # keeps the memory of `weights` alive

    def __cinit__(self, Program program, coefs, intercepts, statistics, bint few, bint backward=False):
        cdef const Plan* plan = &program.plan
        cdef Py_ssize_t size = plan.n_values
        cdef int k
        self.arrays = (coefs, intercepts)
        if few:                     # the weights that are always packed, and padded biases
            size = plan.n_packed + tail_size()
            for k in range(plan.n_parameters):
                size += plan.parameters[k].vectors * SKNN_V
        self.memory = <real*>aligned_zeros(size * sizeof(real))
        self.derived = <real*>aligned_zeros((plan.n_derived if backward else plan.n_forward) * sizeof(real))
        self.moments = <real*>aligned_zeros(plan.moments * sizeof(real))
        if self.memory == NULL or self.derived == NULL or self.moments == NULL:
            raise MemoryError("the network does not fit in memory")
        self.weights.packed, self.weights.derived = self.memory, self.derived
        if few:
            self._take_unpacked(program, coefs, intercepts)
        else:
            program.pack(self.memory, coefs, intercepts)
        derive_all(plan, self.memory, self.derived, backward)
        if plan.n_segments > 1:
            self._take_statistics(program, statistics)

    cdef _take_unpacked(self, Program program, coefs, intercepts):
        """Point to the weights of dense layers and embeddings, whose biases are padded; pack the others."""
        cdef const Plan* plan = &program.plan
        cdef const Parameter* p
        cdef real* at = self.memory + plan.n_packed
        cdef real* w
        cdef real* b
        cdef int k
        self.weights.unpacked = <const real**>calloc(2 * plan.n_parameters + 1, sizeof(real*))
        if self.weights.unpacked == NULL:
            raise MemoryError("the network does not fit in memory")
        check_layers(plan, coefs, intercepts)
        for k in range(plan.n_parameters):
            p = plan.parameters + k
            point_to(plan, k, coefs, intercepts, False, &w, &b)
            if not p.fitted:
                copy_layer(p, self.memory, w, b, True)
                continue
            self.weights.unpacked[2 * k] = w
            self.weights.unpacked[2 * k + 1] = at
            memcpy(at, b, p.n_out * sizeof(real))
            at += p.vectors * SKNN_V
        self.weights.tail = at

    cdef _take_statistics(self, Program program, statistics):
        """Compute means and scales 1 / sqrt(variance + epsilon) of the batch norms."""
        cdef const Plan* plan = &program.plan
        cdef const Op* op
        cdef const real[::1] mean, variance
        cdef real* at
        cdef Py_ssize_t j
        cdef int i
        check_statistics(&program.plan, statistics)
        for i in range(1, plan.n_segments):
            op = plan.ops + plan.segments[i].first
            mean, variance = statistics[0][i - 1], statistics[1][i - 1]
            at = self.moments + op.moments
            for j in range(op.geometry.c):
                at[j] = mean[j]
                at[padded(&op.geometry) + j] = <real>(1 / sqrt(<double>variance[j] + op.epsilon))

    def __dealloc__(self):
        free(self.weights.unpacked)
        aligned_free(self.memory)
        aligned_free(self.derived)
        aligned_free(self.moments)


def forward(Program program not None, Rows x not None, coefs, intercepts, out not None,
            int n_ops=-1, bint link=False, int n_threads=1, statistics=None, draw=None):
    """Compute the values after the first `n_ops` ops (-1: the logits) and write them to `out`.

    With `link`, compute predictions: probabilities, for which `out` is float64, or the exponential of the
    Poisson and gamma losses. `statistics` are the running means and variances of the batch norms. `draw` is
    (seed, number) of a draw of Monte-Carlo dropout, or None. Returns whether x is finite. Raises
    KeyboardInterrupt between slices.
    """
    cdef real[:, ::1] values
    cdef double[:, ::1] proba
    cdef Forward f
    cdef ForwardWeights weights
    cdef Plan* plan = &program.plan
    cdef Py_ssize_t n = x.n_samples
    cdef int last_buffer
    check_rows(&program.plan, x)
    if not -1 <= n_ops <= plan.n_ops or n_threads < 1:
        raise ValueError(f"n_ops={n_ops} must be at most {plan.n_ops}, n_threads={n_threads} at least 1")
    last_buffer = plan.ops[(n_ops if n_ops >= 0 else plan.n_ops) - 1].target if n_ops != 0 else 0
    if out.shape != (n, plan.buffers[last_buffer].width):
        raise ValueError(f"out must have the shape ({n}, {plan.buffers[last_buffer].width})")
    few = (n <= FEW_ROWS and x.input.kind != CSR and (n_threads == 1 or plan.lane_values == 0)
           and not plan.bfloat16)   # rounds packed weights
    if few:
        n_threads = 1               # the array ends are copied to one shared place
    weights = ForwardWeights(program, coefs, intercepts, statistics, few)
    f = Forward(plan, &weights.weights, &x.input, 0, n, n_ops if n_ops >= 0 else plan.n_ops, n_ops < 0,
                link, NULL, NULL, out.shape[1], rows_at_once(plan, False),
                weights.moments, Masks(0, False, 0), NULL, False, True)
    if draw is not None:        # not an epoch's key, whose masks were used in training
        f.masks = Masks(1, True, combine(~<u64>draw[0], <u64>draw[1]))
    if link and (plan.loss.kind == SOFTMAX or plan.loss.kind == BINARY):
        proba = out
        f.proba = &proba[0, 0]
    else:
        values = out
        f.out = &values[0, 0]
    run_slices(&f, n, n_threads)
    return f.finite


# Multiply-adds per row, with padding.
cdef Py_ssize_t work_of_a_row(const Plan* plan) noexcept nogil:
    cdef const Op* op
    cdef Py_ssize_t work = 0
    cdef int i
    for i in range(plan.n_ops):
        op = plan.ops + i
        if KINDS[op.kind].work != NULL:
            work += KINDS[op.kind].work(plan.parameters + op.parameter, op)
    return work


def loss_of(Program program not None, const real[:, ::1] logits not None, y, sample_weight=None):
    """Weighted mean loss of logits; `y` and `sample_weight` as in the Trainer."""
    cdef const real[::1] weights
    cdef const real* weight = NULL
    cdef const void* target
    cdef const Loss* loss = &program.plan.loss
    cdef Py_ssize_t first, i, m, stride = row_stride(loss.n_outputs)
    cdef Py_ssize_t samples[SUB_BLOCK]
    cdef double values[SUB_BLOCK]
    cdef double total = 0, weight_sum = logits.shape[0]
    cdef Matrix z, dz
    if logits.shape[1] != loss.n_outputs or len(y) != logits.shape[0] or len(y) == 0:
        raise ValueError(f"logits must have the shape ({len(y)}, {loss.n_outputs})")
    target = target_data(loss, y)
    if sample_weight is not None:
        weights = sample_weight
        if weights.shape[0] != logits.shape[0]:
            raise ValueError("one weight for each row is needed")
        weight = &weights[0]
        weight_sum = np.sum(sample_weight, dtype=np.float64)
    z = Matrix(<real*>aligned_zeros(2 * SUB_BLOCK * stride * sizeof(real)), stride)
    if z.at == NULL:
        raise MemoryError("a block of rows does not fit in memory")
    dz = Matrix(z.at + SUB_BLOCK * stride, stride)
    for first in range(0, logits.shape[0], SUB_BLOCK):
        m = min(logits.shape[0] - first, SUB_BLOCK)
        for i in range(m):
            samples[i] = first + i
            memcpy(z.at + i * stride, &logits[first + i, 0], loss.n_outputs * sizeof(real))
        loss_rows(loss, z, target, samples, dz, m, weight, 1, values)
        for i in range(m):
            total += values[i]
    aligned_free(z.at)
    return total / weight_sum
