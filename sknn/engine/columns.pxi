# Ops on some columns of a row: g.c columns of x from `top` on become g.oc columns of y from `left` on.

# y = x;  dx = dy
cdef void copy_columns(Matrix x, Py_ssize_t x_first, Matrix y, Py_ssize_t y_first, Py_ssize_t width,
                       Py_ssize_t rows) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(rows):
        memcpy(y.at + r * y.stride + y_first, x.at + r * x.stride + x_first, width * sizeof(real))


# The row of a table that a code means; -1: it is unknown, -2: it is NaN.
cdef inline Py_ssize_t row_of_code(real code, Py_ssize_t n) noexcept nogil:
    if code != code:
        return -2
    return <Py_ssize_t>code if code >= 0 and code < n else -1


# y = W[code], zero where the code is unknown;  dW[code] = sum dy, and there is no slope along the codes
cdef void embedding_forward(const Op* op, const Parameter* p, const Weights* weights, Matrix x, Matrix y,
                            Py_ssize_t rows) noexcept nogil:
    cdef const Geometry* g = &op.geometry
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
            unknown = x.at[r * x.stride + g.first]
            code = row_of_code(unknown, p.n_in)
            out = y.at + r * y.stride + g.to + panel.begin
            if code >= 0:
                memcpy(out, table.at + code * table.stride, width * sizeof(real))
                continue
            if code == -1:
                unknown = 0
            for j in range(width):
                out[j] = unknown


# Of rows first..last of a panel of the table.
cdef void embedding_weight_gradient(const Op* op, const Parameter* p, Panel panel, Matrix x, Matrix d,
                                    Py_ssize_t rows, Py_ssize_t first, Py_ssize_t last, real* g,
                                    bint accumulate) noexcept nogil:
    cdef Py_ssize_t r, j, code, width = min(panel.width, p.n_out - panel.begin)
    cdef const real* slope
    cdef real* to
    if not accumulate:
        memset(g, 0, (last - first) * panel.width * sizeof(real))
    for r in range(rows):
        code = row_of_code(x.at[r * x.stride + op.geometry.first], p.n_in)
        if code < first or code >= last:
            continue
        slope = d.at + r * d.stride + op.geometry.to + panel.begin
        to = g + (code - first) * panel.width
        for j in range(width):
            to[j] += slope[j]


cdef void columns_forward(const Op* op, const Parameter* p, const Weights* weights, Matrix x, Matrix y,
                          Py_ssize_t rows, real* scratch) noexcept nogil:
    if op.kind == COPY:
        copy_columns(x, op.geometry.first, y, op.geometry.to, op.geometry.c, rows)
    elif op.kind == EMBEDDING:
        embedding_forward(op, p, weights, x, y, rows)
    else:
        numeric_forward(op, p, weights.packed, x, y, rows, scratch)


# The gradient of the source's columns from that of the target's.
cdef void columns_backward(const Op* op, const Parameter* p, const Weights* weights, Matrix x, Matrix d,
                           Matrix dx, Py_ssize_t rows, real* scratch) noexcept nogil:
    cdef Py_ssize_t r
    if op.kind == COPY:
        copy_columns(d, op.geometry.to, dx, op.geometry.first, op.geometry.c, rows)
    elif op.kind == EMBEDDING:
        for r in range(rows):
            dx.at[r * dx.stride + op.geometry.first] = 0
    else:
        numeric_input_gradient(op, p, weights.packed, x, d, dx, rows, scratch)
