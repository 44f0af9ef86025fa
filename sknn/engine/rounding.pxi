# What products of a Program with bfloat16 multiply, see bfloat16.h: rows of x are rounded as they come, into the
# scratch memory of a thread; weights when they change, into the derived weights.

# Some rows of K factors, or of K words of rounded ones.
cdef struct Factors:
    Matrix rows
    Py_ssize_t K
    Py_ssize_t kind             # SKNN_AS_THEY_ARE or SKNN_ROUNDED


cdef inline Factors take_factors(const Parameter* p, Matrix x, Py_ssize_t K, Py_ssize_t rows,
                                 real* scratch) noexcept nogil:
    cdef Py_ssize_t words = rounded_words(K)
    if not p.rounded:
        return Factors(x, K, SKNN_AS_THEY_ARE)
    round_columns(x.at, x.stride, K, rows, scratch, row_stride(words))
    return Factors(Matrix(scratch, row_stride(words)), words, SKNN_ROUNDED)


# Scratch memory of as many rows.
cdef inline Py_ssize_t factors_size(const Parameter* p, Py_ssize_t K, Py_ssize_t rows) noexcept nogil:
    return rows * row_stride(rounded_words(K)) if p.rounded else 0


# Rows of a matrix with K rows of weights.
cdef inline Py_ssize_t depth_of(const Parameter* p, Py_ssize_t K) noexcept nogil:
    return rounded_words(K) if p.rounded else K


# For products that round both factors themselves.
cdef inline Py_ssize_t kind_of_factors(const Parameter* p) noexcept nogil:
    return SKNN_TO_ROUND if p.rounded else SKNN_AS_THEY_ARE
