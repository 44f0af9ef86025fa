# Prediction: the forward pass of a Program in bounded memory.

# Up to this many rows the product reads the fitted arrays as they are; above, packing them first pays.
cdef enum:
    FEW_ROWS = 8

cdef struct Forward:
    const Plan* plan
    const Weights* weights
    const Input* x
    Py_ssize_t first, last      # rows of this slice
    int n_ops
    bint outputs                # whether n_ops runs to the logits
    bint link
    real* out                   # (n, width)
    double* proba               # (n, n_outputs) or NULL
    Py_ssize_t width
    bint failed                 # out of memory
    bint finite


# The input buffer of m rows: the rows of x themselves where they have the right type, else a copy. Returns
# what comes next in memory: `n_next` rows.
cdef Ahead take_input(Forward* f, Workspace* w, const Py_ssize_t* samples, Py_ssize_t m,
                      Py_ssize_t n_next) noexcept nogil:
    cdef Py_ssize_t row_bytes = f.x.stride * (8 if f.x.kind == FLOAT64 else 4)
    cdef Ahead next = nothing_ahead()
    next.at[0] = <const char*>f.x.data + (samples[0] + m) * row_bytes
    next.bytes = n_next * row_bytes
    next.count = 1 if n_next > 0 and f.x.kind != CSR else 0
    if f.x.kind == CSR:
        return next
    if (f.x.kind == FLOAT32) == (sizeof(real) == 4):
        w.values[0] = Matrix(<real*>f.x.data + samples[0] * f.x.stride, f.x.stride)
    else:
        gather(f.x, samples, m, w.values[0])
    if not all_finite(w.values[0], m, f.x.n_features):
        f.finite = False
    return next


# A thread's share of the slice, a sub-block at a time.
cdef void forward_worker(Forward* f) noexcept nogil:
    cdef int t = thread_number(), n_threads = thread_count()
    cdef Py_ssize_t rows = f.last - f.first
    cdef Py_ssize_t begin = f.first + rows * t // n_threads
    cdef Py_ssize_t end = f.first + rows * (t + 1) // n_threads
    cdef Py_ssize_t samples[SUB_BLOCK]
    cdef Py_ssize_t i, m
    cdef Workspace w
    cdef Matrix result
    cdef Ahead next
    if begin == end:
        return
    if allocate_workspace(f.plan, &w, min(end - begin, SUB_BLOCK), False) < 0:
        f.failed = True
        return
    while begin < end:
        m = min(end - begin, SUB_BLOCK)
        for i in range(m):
            samples[i] = begin + i
        next = take_input(f, &w, samples, m, min(end - begin - m, SUB_BLOCK))
        forward_rows(f.plan, &w, f.weights, f.x, samples, 0, False, f.n_ops, 0, m, &next)
        result = w.values[f.plan.ops[f.n_ops - 1].target if f.n_ops > 0 else 0]
        for i in range(m):
            take_row(f, begin + i, result.at + i * result.stride)
        begin += m
    free_workspace(&w)


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


def forward(Program program not None, Rows x not None, coefs, intercepts, out not None,
            int n_ops=-1, bint link=False, int n_threads=1):
    """The values after the first `n_ops` ops (-1: the logits) of every row, into `out`.

    With `link` the predictions: probabilities, for which `out` holds float64, or the exponential of the
    Poisson loss. Returns whether all of x was finite; raises KeyboardInterrupt between slices.
    """
    cdef real[:, ::1] values
    cdef double[:, ::1] proba
    cdef Forward f
    cdef Weights weights
    cdef real* memory = NULL
    cdef const real[:, ::1] w
    cdef const real[::1] b
    cdef Plan* plan = &program.plan
    cdef Py_ssize_t n = x.n_samples, slice_rows, work = 1, at = 0
    cdef int k, last_buffer
    program.check_rows(x)
    last_buffer = plan.ops[(n_ops if n_ops >= 0 else plan.n_ops) - 1].target if n_ops != 0 else 0
    if out.shape != (n, plan.buffers[last_buffer].width):
        raise ValueError(f"out must have the shape ({n}, {plan.buffers[last_buffer].width})")
    weights.packed = NULL
    weights.transposed = NULL
    weights.unpacked = NULL
    try:
        if n <= FEW_ROWS and x.input.kind != CSR:
            weights.unpacked = <const real**>calloc(2 * plan.n_parameters, sizeof(real*))
            for k in range(plan.n_parameters):
                at += plan.parameters[k].vectors * SKNN_V
            memory = <real*>aligned_zeros((at + tail_size()) * sizeof(real))
            if memory == NULL or weights.unpacked == NULL:
                raise MemoryError("the network does not fit in memory")
            at = 0
            program.check_shapes(coefs, intercepts)
            for k in range(plan.n_parameters):
                w, b = coefs[k], intercepts[k]
                weights.unpacked[2 * k] = &w[0, 0]
                weights.unpacked[2 * k + 1] = memory + at
                memcpy(memory + at, &b[0], plan.parameters[k].n_out * sizeof(real))
                at += plan.parameters[k].vectors * SKNN_V
            weights.tail = memory + at
            n_threads = 1
        else:
            memory = <real*>aligned_zeros(plan.n_values * sizeof(real))
            if memory == NULL:
                raise MemoryError("the network does not fit in memory")
            program.pack(memory, coefs, intercepts)
            weights.packed = memory
        f = Forward(plan, &weights, &x.input, 0, n, n_ops if n_ops >= 0 else plan.n_ops, n_ops < 0,
                    link, NULL, NULL, out.shape[1], False, True)
        if link and (plan.loss.kind == SOFTMAX or plan.loss.kind == BINARY):
            proba = out
            f.proba = &proba[0, 0]
        else:
            values = out
            f.out = &values[0, 0]
        for k in range(plan.n_parameters):
            work += plan.parameters[k].n_in * plan.parameters[k].vectors * SKNN_V
        slice_rows = max(SUB_BLOCK * n_threads, 2 * 10**9 // work)
        while f.first < n:
            f.last = min(f.first + slice_rows, n)
            with nogil:
                run_forward(&f, n_threads)
            if f.failed:
                raise MemoryError("a block of rows does not fit in memory")
            f.first = f.last
            PyErr_CheckSignals()
        return f.finite
    finally:
        free(weights.unpacked)
        aligned_free(memory)


def loss_of(Program program not None, const real[:, ::1] logits not None, y, sample_weight=None):
    """Weighted mean loss of logits; `y` and `sample_weight` as the Trainer takes them."""
    cdef const real[::1] weights
    cdef const real* weight = NULL
    cdef const void* target
    cdef const Loss* loss = &program.plan.loss
    cdef Py_ssize_t first, i, m, stride = row_stride(loss.n_outputs)
    cdef Py_ssize_t samples[SUB_BLOCK]
    cdef double values[SUB_BLOCK]
    cdef double total = 0, weight_sum = logits.shape[0]
    cdef Matrix z, dz
    if logits.shape[1] != loss.n_outputs or len(y) != logits.shape[0]:
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
    dz = row_of(z, SUB_BLOCK)
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
