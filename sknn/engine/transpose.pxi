# Places and channels of an image exchanged: x (h w, c) becomes y (c, h w).
#
#   y[j][i] = x[i][j];  dx[i][j] = dy[j][i]

cdef void transpose_image(Py_ssize_t rows, Py_ssize_t columns, const real* x, real* y) noexcept nogil:
    cdef Py_ssize_t i, j, high = rows // SKNN_V, wide = columns // SKNN_V
    for i in range(high):
        for j in range(wide):
            transpose_block(x + (i * columns + j) * SKNN_V, columns, y + (j * rows + i) * SKNN_V, rows)
    for i in range(rows):       # what is no whole block
        for j in range(wide * SKNN_V if i < high * SKNN_V else 0, columns):
            y[j * rows + i] = x[i * columns + j]
