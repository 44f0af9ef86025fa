# Muon (K. Jordan 2024): the momentum matrix U S V^T is replaced by about U V^T, with the Newton-Schulz
# iteration X <- X (a + b X^T X + c (X^T X)^2).
#
# X is the matrix, or its transpose if that has fewer columns. All matrices of a network go through each
# product together. Threads split the rows of the result. Each element is one sum in order, so the bits do
# not depend on the number of threads.

cdef double MUON_A = 3.4445, MUON_B = -4.7750, MUON_C = 2.0315
# lower bound of the squared norm where it divides
cdef double MUON_LEAST = 1e-14
# rows between two polls: enough for the tile, less than a second of work
cdef enum:
    MUON_ROWS = 256

cdef struct Orthogonal:                 # for one weight matrix
    int op
    const Parameter* parameter
    bint transposed                     # X is the transpose
    Py_ssize_t rows, columns, stride
    Matrix x[2]                         # before and after an iteration, alternating
    Matrix gram, polynomial

cdef struct Matrices:
    int n, n_iterations
    Orthogonal* each
    real* memory


cdef inline bint is_matrix(const Plan* plan, int op) noexcept nogil:
    """Whether Muon updates an op's weights: kernels, and matrices of dense layers except the last op."""
    return (KINDS[plan.ops[op].kind].is_matrix and op < plan.n_ops - 1
            and plan.parameters[plan.ops[op].parameter].trained)


cdef inline int matrix_of(const Matrices* m, int op) noexcept nogil:
    """Index of an op's matrix; -1: none."""
    cdef int i
    for i in range(m.n):
        if m.each[i].op == op:
            return i
    return -1


cdef int allocate_matrices(Matrices* m, const Plan* plan, int n_iterations) noexcept nogil:
    cdef Orthogonal* o
    cdef const Parameter* p
    cdef Py_ssize_t n_values = 0
    cdef real* at
    cdef int i
    m.n_iterations = n_iterations
    m.each = <Orthogonal*>calloc(plan.n_ops, sizeof(Orthogonal))
    if m.each == NULL:
        return -1
    for i in range(plan.n_ops):
        if not is_matrix(plan, i):
            continue
        o, p = m.each + m.n, plan.parameters + plan.ops[i].parameter
        o.op, o.parameter, o.transposed = i, p, p.n_in < p.n_out
        o.rows, o.columns = max(p.n_in, p.n_out), min(p.n_in, p.n_out)
        o.stride = row_stride(o.columns)
        n_values += 2 * (o.rows + o.columns) * o.stride
        m.n += 1
    m.memory = at = <real*>aligned_zeros(n_values * sizeof(real))
    if m.memory == NULL:
        return -1
    for i in range(m.n):
        o = m.each + i
        o.x[0] = Matrix(at, o.stride)
        o.x[1] = Matrix(o.x[0].at + o.rows * o.stride, o.stride)
        o.gram = Matrix(o.x[1].at + o.rows * o.stride, o.stride)
        o.polynomial = Matrix(o.gram.at + o.columns * o.stride, o.stride)
        at = o.polynomial.at + o.columns * o.stride
    return 0


cdef void free_matrices(Matrices* m) noexcept nogil:
    aligned_free(m.memory)
    free(m.each)


# v <- mu v + (1 - mu) g
cdef void take_momentum(double momentum, const real* g, real* v, Py_ssize_t n) noexcept nogil:
    cdef real mu = <real>momentum, rest = <real>(1 - momentum)
    cdef Py_ssize_t i
    for i in range(n):
        v[i] = mu * v[i] + rest * g[i]


# X = mu v + (1 - mu) g for rows first..last of a panel, with the updated v (Nesterov).
cdef void look_ahead(const Orthogonal* o, double momentum, Panel panel, Py_ssize_t first, Py_ssize_t last,
                     const real* g, const real* v) noexcept nogil:
    cdef real mu = <real>momentum, rest = <real>(1 - momentum)
    cdef Matrix x = o.x[0]
    cdef Py_ssize_t i, j, k = 0, columns = min(panel.width, o.parameter.n_out - panel.begin)
    cdef Py_ssize_t down = 1 if o.transposed else x.stride, right = x.stride if o.transposed else 1
    for i in range(first, last):
        for j in range(columns):
            x.at[i * down + (panel.begin + j) * right] = (
                mu * (mu * v[k + j] + rest * g[k + j]) + rest * g[k + j])
        k += panel.width


# w <- w - step X for rows first..last of a panel, after all iterations.
cdef void step_along(const Orthogonal* o, int n_iterations, double step, Panel panel, Py_ssize_t first,
                     Py_ssize_t last, real* w) noexcept nogil:
    cdef Matrix x = o.x[n_iterations % 2]
    cdef Py_ssize_t i, j, k = 0, columns = min(panel.width, o.parameter.n_out - panel.begin)
    cdef Py_ssize_t down = 1 if o.transposed else x.stride, right = x.stride if o.transposed else 1
    for i in range(first, last):
        for j in range(columns):
            w[k + j] -= <real>step * x.at[i * down + (panel.begin + j) * right]
        k += panel.width


# Rows begin..end of C = A B. `am` and `ak` are the strides of A's rows and columns.
cdef void multiply_rows(const Parameter* p, const real* A, Py_ssize_t am, Py_ssize_t ak, Matrix B, Matrix C,
                        Py_ssize_t depth, Py_ssize_t columns, Py_ssize_t begin,
                        Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t i, vectors = n_vectors(columns)
    cdef Panel panel
    cdef Contraction inner = matrix_contraction(depth, ak, B.stride)
    inner.rounding = p.rounding
    if begin == end:
        return
    for i in range(panel_count(vectors)):
        panel = get_panel(0, vectors, i)
        multiply_panel(A + begin * am, am, B.at + panel.begin, &inner, NULL, 0,
                       C.at + begin * C.stride + panel.begin, C.stride, end - begin, panel.vectors, NULL)


# Factor of X^T X that normalizes X. Only for the first iteration; later X stays near norm 1.
cdef double scale_of(const Orthogonal* o, int time) noexcept nogil:
    return 1 / max(sum_of_squares(o.x[0].at, o.rows * o.stride), MUON_LEAST) if time == 0 else 1


# Rows begin..end of G = X^T X.
cdef void gram_rows(const Orthogonal* o, int time, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Matrix x = o.x[time % 2]
    multiply_rows(o.parameter, x.at, 1, x.stride, x, o.gram, o.rows, o.columns, begin, end)
    if time == 0:
        scale_by(o.gram.at + begin * o.stride, <real>scale_of(o, time), (end - begin) * o.stride)


# Rows of P = a + b G + c G^2; the first time, also divided by the norm of X.
cdef void polynomial_rows(const Orthogonal* o, int time, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef double s = sqrt(scale_of(o, time))
    cdef real a = <real>(MUON_A * s), b = <real>(MUON_B * s), c = <real>(MUON_C * s)
    cdef Matrix g = o.gram, p = o.polynomial
    multiply_rows(o.parameter, g.at, g.stride, 1, g, p, o.columns, o.columns, begin, end)
    for i in range(begin, end):
        for j in range(o.columns):
            p.at[i * p.stride + j] = b * g.at[i * g.stride + j] + c * p.at[i * p.stride + j]
        p.at[i * p.stride + i] += a


# Rows of the next X = X P.
cdef void product_rows(const Orthogonal* o, int time, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Matrix x = o.x[time % 2]
    multiply_rows(o.parameter, x.at, x.stride, 1, o.polynomial, o.x[(time + 1) % 2], o.columns, o.columns,
                  begin, end)
