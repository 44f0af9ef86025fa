# Dense layers: y = x W + b;  dx = dy W^T;  dW = x^T dy;  db = sum over the rows of dy. x (n, n_in), W
# (n_in, n_out), y (n, n_out); rows are padded to row_stride. All products are the register tile with other
# strides. The sums of dW run over the samples in order.

# Rows of a panel of W per task: their gradient is updated while it is in the cache.
cdef enum:
    TASK_ROWS = 96


cdef inline Prefetch following_panel(const real* packed, Panel panel, Py_ssize_t rows,
                                     Py_ssize_t vectors) noexcept nogil:
    cdef Prefetch next = no_prefetch()
    cdef Py_ssize_t size = rows * panel.width
    next.at[0] = packed + panel.offset + size
    next.count = 1 if panel.begin + panel.width < vectors * SKNN_V else 0
    next.bytes = size * sizeof(real)
    return next


# y = bias + A B. The panels of B have `depth` rows, of which the first A.K are read.
cdef void multiply(const Parameter* p, Factors A, const real* B, Py_ssize_t depth, Py_ssize_t vectors,
                   const real* bias, Matrix y, Py_ssize_t rows, const Prefetch* after) noexcept nogil:
    cdef Py_ssize_t i
    cdef Panel panel
    cdef Contraction inner
    cdef Prefetch next
    cdef const Prefetch* following
    for i in range(panel_count(vectors)):
        panel = get_panel(depth, vectors, i)
        next = following_panel(B, panel, depth, vectors)
        inner = contraction_of(p, A, panel.width)
        following = after
        if next.count > 0:
            following = &next
        multiply_panel(A.rows.at, A.rows.stride, B + panel.offset, &inner, bias, 0, y.at + panel.begin,
                       y.stride, rows, panel.vectors, following)
        if bias != NULL:
            bias += panel.width


# The transposed weights exist only in training.
cdef void dense_forward(const Parameter* p, const Weights* weights, bint training, Matrix x, Matrix y,
                        Py_ssize_t rows, real* scratch, const Prefetch* after) noexcept nogil:
    cdef const real* bias = weights.packed + p.bias
    cdef const real* w = weights.packed + p.weight
    cdef Factors A
    if training and p.transposed >= 0 and p.rounding == NULL and (
            2 * p.n_out * (p.transposed_vectors + 2 * SKNN_V) < p.n_in):
        narrow_forward(p, bias, weights.derived + p.transposed, x, y, rows)
        return
    if p.rounding != NULL:
        w = weights.derived + p.words
    A = take_factors(p, x, p.n_in, rows, scratch)
    multiply(p, A, w, A.K, p.vectors, bias, y, rows, after)


cdef void dense_input_gradient(const Parameter* p, const real* transposed, Matrix dy, Matrix dx,
                               Py_ssize_t rows, real* scratch) noexcept nogil:
    multiply(p, take_factors(p, dy, p.n_out, rows, scratch), transposed + p.transposed,
             depth_of(p, p.vectors * SKNN_V), p.transposed_vectors, NULL, dx, rows, NULL)


# For few outputs: scalar products of a sample with the rows of W^T, which fill the vectors. The lanes of
# SKNN_V rows are summed together.
cdef void narrow_forward(const Parameter* p, const real* bias, const real* transposed, Matrix x,
                         Matrix y, Py_ssize_t rows) noexcept nogil:
    cdef real parts[16 * 16]            # longest vector: 16 elements
    cdef real columns[16 * 16]
    cdef real sums[16]
    cdef Py_ssize_t first = 0, m, i, j, k
    cdef Panel panel
    for i in range(SKNN_V * SKNN_V):
        parts[i] = 0
    while first < rows:
        m = min(rows - first, SKNN_V)
        for j in range(p.n_out):
            for i in range(m * SKNN_V):
                parts[i] = 0
            for i in range(panel_count(p.transposed_vectors)):
                panel = get_panel(p.vectors * SKNN_V, p.transposed_vectors, i)
                dot_panel(x.at + first * x.stride + panel.begin, x.stride,
                          transposed + panel.offset + j * panel.width, parts, m, panel.vectors)
            transpose_block(parts, SKNN_V, columns, SKNN_V)
            for i in range(SKNN_V):
                sums[i] = bias[j]
            for k in range(SKNN_V):
                for i in range(SKNN_V):
                    sums[i] += columns[k * SKNN_V + i]
            for i in range(m):
                y.at[(first + i) * y.stride + j] = sums[i]
        first += m


cdef inline bint is_narrow(const Parameter* p, Panel panel, Py_ssize_t n) noexcept nogil:
    return panel.vectors == 1 and (p.n_out - panel.begin) * n_vectors(n) < n


# Multiply-adds of vectors per sample, in the gradient of n rows of a panel.
cdef inline Py_ssize_t gradient_cost(const Parameter* p, Panel panel, Py_ssize_t n) noexcept nogil:
    if is_narrow(p, panel, n):
        return (p.n_out - panel.begin) * n_vectors(n)
    return n * panel.vectors


# dW[first:last] (+)= x[:, first:last]^T dy, in one panel of dW; dW points to row `first` of the panel
cdef void dense_weight_gradient(const Parameter* p, Panel panel, Matrix x, Matrix dy, Py_ssize_t rows,
                                Py_ssize_t first, Py_ssize_t last, real* dW,
                                bint accumulate, const Prefetch* next) noexcept nogil:
    cdef Py_ssize_t n = last - first
    cdef Contraction inner = matrix_contraction(rows, x.stride, dy.stride)
    inner.rounding = p.rounding
    if is_narrow(p, panel, n) and not accumulate:
        narrow_weight_gradient(p, x, dy, panel.begin, rows, first, n, dW, next)
        return
    multiply_panel(x.at + first, 1, dy.at + panel.begin, &inner, dW if accumulate else NULL,
                   panel.width, dW, panel.width, n, panel.vectors, next)


# The same for a panel of one vector with few columns: dW^T = dy^T x fills the vectors. Each element is the
# same sum in the same order.
cdef void narrow_weight_gradient(const Parameter* p, Matrix x, Matrix dy, Py_ssize_t begin, Py_ssize_t rows,
                                 Py_ssize_t first, Py_ssize_t n, real* dW,
                                 const Prefetch* next) noexcept nogil:
    cdef real transposed[TASK_ROWS * 16]    # longest vector: 16 elements
    cdef Py_ssize_t columns = p.n_out - begin, vectors = n_vectors(n), stride = vectors * SKNN_V, i, k
    cdef Contraction inner = matrix_contraction(rows, dy.stride, x.stride)
    cdef Panel panel
    inner.rounding = p.rounding
    for i in range(panel_count(vectors)):
        panel = get_panel(columns, vectors, i)
        multiply_panel(dy.at + begin, 1, x.at + first + panel.begin, &inner, NULL, 0,
                       transposed + panel.begin, stride, columns, panel.vectors,
                       next if i == 0 else NULL)
    for i in range(columns * stride, SKNN_V * stride):
        transposed[i] = 0
    for i in range(vectors):
        if (i + 1) * SKNN_V <= n:
            transpose_block(transposed + i * SKNN_V, stride, dW + i * SKNN_V * SKNN_V, SKNN_V)
            continue
        for k in range(i * SKNN_V * SKNN_V, n * SKNN_V):
            dW[k] = transposed[k % SKNN_V * stride + k // SKNN_V]


# db (+)= sum over the rows of dy: the tile with A = 1
cdef void bias_gradient(Matrix dy, Py_ssize_t rows, Py_ssize_t vectors, real* db,
                        bint accumulate) noexcept nogil:
    cdef real one = 1
    cdef Py_ssize_t i
    cdef Contraction inner = matrix_contraction(rows, 0, dy.stride)
    cdef Panel panel
    for i in range(panel_count(vectors)):
        panel = get_panel(1, vectors, i)
        multiply_panel(&one, 0, dy.at + panel.begin, &inner, db + panel.begin if accumulate else NULL, 0,
                       db + panel.begin, 0, 1, panel.vectors, NULL)


# Updates W^T[:, first:last] from rows first..last of a panel of W. Rows of W^T after n_out are padding,
# never read.
cdef void transpose_rows(const Parameter* p, Panel panel, const real* packed, real* transposed,
                         Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    cdef Py_ssize_t i, j, k
    cdef const real* w = packed + p.weight + panel.offset
    cdef real* t
    cdef Panel target
    for i in range(first // SKNN_V, (last + SKNN_V - 1) // SKNN_V):
        target = get_panel(p.vectors * SKNN_V, p.transposed_vectors,
                           panel_of(p.transposed_vectors, i))
        t = transposed + p.transposed + target.offset + i * SKNN_V - target.begin
        for j in range(panel.vectors):
            if (i + 1) * SKNN_V <= last:
                transpose_block(w + i * SKNN_V * panel.width + j * SKNN_V, panel.width,
                                t + (panel.begin + j * SKNN_V) * target.width, target.width)
                continue
            for k in range((last - i * SKNN_V) * SKNN_V):
                t[(panel.begin + j * SKNN_V + k % SKNN_V) * target.width + k // SKNN_V] = (
                    w[(i * SKNN_V + k // SKNN_V) * panel.width + j * SKNN_V + k % SKNN_V])


# The words of W and of W^T from rows first..last of a panel. `first` is even.
cdef void round_weights(const Parameter* p, Panel panel, const real* packed, real* derived, Py_ssize_t first,
                        Py_ssize_t last, bint backward) noexcept nogil:
    cdef const real* w = packed + p.weight + panel.offset
    cdef real words[16 * 64]            # longest vector: 16 elements; longest panel: 64 words
    cdef real block[16 * 16]
    cdef Py_ssize_t per_row = depth_of(p, panel.width), at = depth_of(p, panel.begin), i, j, k
    cdef Py_ssize_t depth = depth_of(p, p.vectors * SKNN_V)
    cdef real* t
    cdef Panel target = get_panel(depth_of(p, p.n_in), p.vectors, panel_of(p.vectors, panel.begin // SKNN_V))
    p.rounding.rows(w + first * panel.width, panel.width, last - first, panel.width,
                    derived + p.words + target.offset + depth_of(p, first) * panel.width)
    if not backward or p.transposed < 0:
        return
    for i in range(first // SKNN_V, (last + SKNN_V - 1) // SKNN_V):
        target = get_panel(depth, p.transposed_vectors, panel_of(p.transposed_vectors, i))
        t = derived + p.transposed + target.offset + at * target.width + i * SKNN_V - target.begin
        if (i + 1) * SKNN_V > last:     # the padding of W^T stays zero
            memset(words, 0, sizeof(words))
        p.rounding.columns(w + i * SKNN_V * panel.width, panel.width, panel.width,
                           min(SKNN_V, last - i * SKNN_V), words, 64)
        for j in range(n_vectors(per_row)):
            transpose_block(words + j * SKNN_V, 64, block, SKNN_V)
            for k in range(min(SKNN_V, per_row - j * SKNN_V)):
                memcpy(t + (j * SKNN_V + k) * target.width, block + k * SKNN_V, SKNN_V * sizeof(real))


# The same forward pass on the fitted, unpadded W: for a few rows, packing costs more than the product. A
# vector near the end of a row reads into the next row; those lanes are not used. Where the array ends, the
# last rows are read from a padded copy in `tail`.
cdef void dense_forward_unpacked(const real* W, const real* padded_bias, Py_ssize_t n_in,
                                 Py_ssize_t n_out, Matrix x, Matrix y, Py_ssize_t rows,
                                 real* tail) noexcept nogil:
    cdef Py_ssize_t whole = n_out // SKNN_V, rest = n_out - whole * SKNN_V
    cdef Py_ssize_t begin = whole * SKNN_V, safe, k, j
    cdef Contraction inner = matrix_contraction(n_in, 1, n_out)
    cdef Panel panel
    if rows == 1:
        multiply_row(x.at, n_in, W, n_out, padded_bias, y.at, whole)
    else:
        for k in range(panel_count(whole)):
            panel = get_panel(n_in, whole, k)
            multiply_panel(x.at, x.stride, W + panel.begin, &inner, padded_bias + panel.begin, 0,
                           y.at + panel.begin, y.stride, rows, panel.vectors, NULL)
    if rest == 0:
        return
    safe = n_in - (SKNN_V - rest + n_out - 1) // n_out
    if safe < 0:
        safe = 0
    inner.K = safe
    multiply_panel(x.at, x.stride, W + begin, &inner, padded_bias + begin, 0, y.at + begin, y.stride,
                   rows, 1, NULL)
    for k in range(safe, n_in):
        for j in range(rest):
            tail[(k - safe) * SKNN_V + j] = W[k * n_out + begin + j]
    inner = matrix_contraction(n_in - safe, 1, SKNN_V)
    multiply_panel(x.at + safe, x.stride, tail, &inner, y.at + begin, y.stride, y.at + begin, y.stride,
                   rows, 1, NULL)


cdef inline Py_ssize_t tail_size() noexcept nogil:
    return (SKNN_V + 1) * SKNN_V


# ---- the op ----------------------------------------------------------------------------------------

cdef void dense_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const Weights* weights = t.weights
    cdef const Parameter* p = parameter_of(t, op)
    if weights.unpacked == NULL:
        dense_forward(p, weights, t.training, x, y, t.rows, t.ws.scratch, t.next)
        t.next = NULL           # already fetched
    else:
        dense_forward_unpacked(weights.unpacked[2 * op.parameter], weights.unpacked[2 * op.parameter + 1],
                               p.n_in, p.n_out, x, y, t.rows, weights.tail)


cdef void dense_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d, Matrix dx) noexcept nogil:
    dense_input_gradient(parameter_of(t, op), t.weights.derived, d, dx, t.rows, t.ws.scratch)


cdef void dense_task(const WeightTask* t, const Op* op) noexcept nogil:
    dense_weight_gradient(t.p, t.panel, t.x, t.d, t.rows, t.first, t.last, t.gradient, t.accumulate, t.next)


cdef void derive_dense(const Parameter* p, const Op* op, Panel panel, const real* packed, real* derived,
                       Py_ssize_t first, Py_ssize_t last, bint backward) noexcept nogil:
    if p.rounding != NULL:
        round_weights(p, panel, packed, derived, first, last, backward)
    elif backward and p.transposed >= 0:
        transpose_rows(p, panel, packed, derived, first, last)


cdef int lay_out_dense_forward(Plan* plan, const Op* op) except -1:
    """Reserve the words of the weights."""
    cdef Parameter* p = plan.parameters + op.parameter
    if p.rounding != NULL:
        p.words = plan.n_derived
        plan.n_derived += whole_lines(depth_of(p, p.n_in) * p.vectors * SKNN_V)
    return 0


cdef int lay_out_dense_backward(Plan* plan, const Op* op) except -1:
    cdef Parameter* p = plan.parameters + op.parameter
    p.transposed = plan.n_derived
    plan.n_derived += depth_of(p, p.vectors * SKNN_V) * p.transposed_vectors * SKNN_V
    return 0


cdef int reserve_dense(Plan* plan, Op* op) except -1:
    """Reserve memory for the words of some rows of x, or of dy."""
    cdef const Parameter* p = plan.parameters + op.parameter
    plan.scratch = max(plan.scratch, factors_size(p, max(p.n_in, p.n_out), SUB_BLOCK))
    return 0


cdef Py_ssize_t work_of_dense(const Parameter* p, const Op* op) noexcept nogil:
    return p.n_in * p.vectors * SKNN_V


cdef problem_of_dense(const Plan* plan, const Op* op, tables):
    return problem_of_weights(plan.parameters + op.parameter, plan.buffers[op.source].width,
                              plan.buffers[op.target].width)


kind = new_kind("dense")
kind.weights = FROM_BLOCK
kind.fitted = kind.is_matrix = True
kind.reads = reads_its_source
kind.problem = problem_of_dense
kind.forward = dense_op
kind.backward = dense_backward
kind.task_gradient = dense_task
kind.derive = derive_dense
kind.lay_out_forward = lay_out_dense_forward
kind.lay_out_backward = lay_out_dense_backward
kind.reserve = reserve_dense
kind.work = work_of_dense
