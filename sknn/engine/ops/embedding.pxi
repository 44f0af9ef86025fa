# Embedding of one categorical column: y = W[code], zero for unknown codes;  dW[code] = sum dy;  the codes
# have no gradient.

# Row of the table for a code; -1: unknown, -2: NaN.
cdef inline Py_ssize_t row_of_code(real code, Py_ssize_t n) noexcept nogil:
    if code != code:
        return -2
    return <Py_ssize_t>code if code >= 0 and code < n else -1


cdef void embedding_forward(const Op* op, const Parameter* p, const Weights* weights, Matrix x, Matrix y,
                            Py_ssize_t rows) noexcept nogil:
    cdef const Geometry* geom = &op.geometry
    cdef Py_ssize_t r, j, k, code, width
    cdef Panel panel
    cdef Matrix table
    cdef real* out
    cdef real unknown
    for k in range(panel_count(p.vectors)):
        panel = get_panel(p.n_in, p.vectors, k)
        width = min(panel.width, p.n_out - panel.begin)
        if weights.unpacked == NULL:
            table = Matrix(<real*>weights.packed + p.weight + panel.offset, panel.width)
        else:
            table = Matrix(<real*>weights.unpacked[2 * op.parameter] + panel.begin, p.n_out)
        for r in range(rows):
            unknown = x.at[r * x.stride + geom.first]
            code = row_of_code(unknown, p.n_in)
            out = y.at + r * y.stride + geom.to + panel.begin
            if code >= 0:
                memcpy(out, table.at + code * table.stride, width * sizeof(real))
                continue
            if code == -1:
                unknown = 0
            for j in range(width):
                out[j] = unknown


# The gradient of rows first..last of a panel of the table.
cdef void embedding_weight_gradient(const Op* op, const Parameter* p, Panel panel, Matrix x, Matrix d,
                                    Py_ssize_t rows, Py_ssize_t first, Py_ssize_t last, real* g,
                                    bint accumulate) noexcept nogil:
    cdef Py_ssize_t r, j, code, width = min(panel.width, p.n_out - panel.begin)
    cdef const real* dy
    cdef real* to
    if not accumulate:
        memset(g, 0, (last - first) * panel.width * sizeof(real))
    for r in range(rows):
        code = row_of_code(x.at[r * x.stride + op.geometry.first], p.n_in)
        if code < first or code >= last:
            continue
        dy = d.at + r * d.stride + op.geometry.to + panel.begin
        to = g + (code - first) * panel.width
        for j in range(width):
            to[j] += dy[j]


cdef void embedding_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    embedding_forward(op, parameter_of(t, op), t.weights, x, y, t.rows)


cdef void embedding_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d,
                             Matrix dx) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(t.rows):
        dx.at[r * dx.stride + op.geometry.first] = 0


cdef void embedding_task(const WeightTask* t, const Op* op) noexcept nogil:
    embedding_weight_gradient(op, t.p, t.panel, t.x, t.d, t.rows, t.first, t.last, t.gradient, t.accumulate)


cdef problem_of_embedding(const Plan* plan, const Op* op, tables):
    cdef const Parameter* p = plan.parameters + op.parameter
    problem = problem_of_columns(plan, op)
    if problem:
        return problem
    return problem_of_weights(p, p.n_in, op.geometry.oc) if op.geometry.c == 1 else "it takes one column"


kind = new_kind("embedding")
kind.weights = FROM_BLOCK
kind.fitted = kind.on_columns = True
kind.reads = reads_its_source
kind.problem = problem_of_embedding
kind.forward = embedding_op
kind.backward = embedding_backward
kind.task_gradient = embedding_task
