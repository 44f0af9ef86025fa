# Dense layers: y = x W + b;  dx = dy W^T;  dW = x^T dy;  db = sum over the rows of dy.
# x (n, n_in), W (n_in, n_out), y (n, n_out); all rows padded to row_stride. Each is the register tile
# with other strides. The sums of dW run over the samples in order.

# Rows of W whose gradient is formed, and at once used for the update, while it lies in the cache.
cdef enum:
    PANEL = 48


cdef void dense_forward(const Parameter* p, const real* packed, Matrix x, Matrix y,
                        Py_ssize_t rows) noexcept nogil:
    multiply(x.at, x.stride, 0, 1, packed + p.weight, p.stride, packed + p.bias, 0,
             y.at, y.stride, rows, n_vectors(p.n_out), 1, p.n_in)


cdef void dense_input_gradient(const Parameter* p, const real* transposed, Matrix dy, Matrix dx,
                               Py_ssize_t rows) noexcept nogil:
    multiply(dy.at, dy.stride, 0, 1, transposed + p.transposed, p.transposed_stride, NULL, 0,
             dx.at, dx.stride, rows, n_vectors(p.n_in), 1, p.n_out)


# dW[first:last] (+)= x[:, first:last]^T dy
cdef void dense_weight_gradient(const Parameter* p, Matrix x, Matrix dy, Py_ssize_t rows,
                                Py_ssize_t first, Py_ssize_t last, real* dW,
                                bint accumulate) noexcept nogil:
    multiply(x.at + first, 1, 0, x.stride, dy.at, dy.stride, dW if accumulate else NULL, p.stride,
             dW, p.stride, last - first, n_vectors(p.n_out), 1, rows)


# db (+)= sum over the rows of dy
cdef void bias_gradient(Matrix dy, Py_ssize_t rows, Py_ssize_t stride, real* db,
                        bint accumulate) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef const real* d
    if not accumulate:
        for j in range(stride):
            db[j] = 0
    for i in range(rows):
        d = dy.at + i * dy.stride
        for j in range(stride):
            db[j] += d[j]


# W^T[:, first:last] from W[first:last]
cdef void transpose_rows(const Parameter* p, const real* packed, real* transposed,
                         Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    cdef Py_ssize_t i, j, block
    cdef const real* w = packed + p.weight
    cdef real* t = transposed + p.transposed
    for block in range(0, p.n_out, 16):
        for i in range(first, last):
            for j in range(block, min(block + 16, p.n_out)):
                t[j * p.transposed_stride + i] = w[i * p.stride + j]


# The same forward pass on the fitted arrays themselves, W unpadded: for a few rows packing would cost
# more than the product. A vector that starts near the end of a row reads into the next row (those lanes
# are never used); where the array itself ends, the last rows are taken from a padded copy in `tail`.
cdef void dense_forward_unpacked(const real* W, const real* padded_bias, Py_ssize_t n_in,
                                 Py_ssize_t n_out, Matrix x, Matrix y, Py_ssize_t rows,
                                 real* tail) noexcept nogil:
    cdef Py_ssize_t whole = n_out // SKNN_V, rest = n_out - whole * SKNN_V
    cdef Py_ssize_t begin = whole * SKNN_V, safe, k, j
    multiply(x.at, x.stride, 0, 1, W, n_out, padded_bias, 0, y.at, y.stride, rows, whole, 1, n_in)
    if rest == 0:
        return
    safe = n_in - (SKNN_V - rest + n_out - 1) // n_out
    if safe < 0:
        safe = 0
    multiply(x.at, x.stride, 0, 1, W + begin, n_out, padded_bias + begin, 0,
             y.at + begin, y.stride, rows, 1, 1, safe)
    for k in range(safe, n_in):
        for j in range(rest):
            tail[(k - safe) * SKNN_V + j] = W[k * n_out + begin + j]
    multiply(x.at + safe, x.stride, 0, 1, tail, SKNN_V, y.at + begin, y.stride,
             y.at + begin, y.stride, rows, 1, 1, n_in - safe)


cdef inline Py_ssize_t tail_size() noexcept nogil:
    return (SKNN_V + 1) * SKNN_V
