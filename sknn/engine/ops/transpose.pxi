# Exchanges spatial positions and channels: x (h w, c) becomes y (c, h w).
#
#   y[j][i] = x[i][j];  dx[i][j] = dy[j][i]

cdef void transpose_image(Py_ssize_t rows, Py_ssize_t columns, const real* x, real* y) noexcept nogil:
    cdef Py_ssize_t i, j, high = rows // SKNN_V, wide = columns // SKNN_V
    for i in range(high):
        for j in range(wide):
            transpose_block(x + (i * columns + j) * SKNN_V, columns, y + (j * rows + i) * SKNN_V, rows)
    for i in range(rows):       # what is not a whole block
        for j in range(wide * SKNN_V if i < high * SKNN_V else 0, columns):
            y[j * rows + i] = x[i * columns + j]


cdef void transpose_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(t.rows):
        transpose_image(op.geometry.h * op.geometry.w, op.geometry.c, x.at + r * x.stride,
                        y.at + r * y.stride)


cdef void transpose_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d,
                             Matrix dx) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(t.rows):
        transpose_image(op.geometry.c, op.geometry.h * op.geometry.w, d.at + r * d.stride,
                        dx.at + r * dx.stride)


cdef problem_of_transpose(const Plan* plan, const Op* op, tables):
    return problem_of_images(plan, op) or problem_of_kept_shape(plan, op, tables)


kind = new_kind("transpose")
kind.reads = reads_nothing
kind.problem = problem_of_transpose
kind.forward = transpose_op
kind.backward = transpose_backward
