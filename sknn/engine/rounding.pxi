# What products of a Program with bfloat16 multiply, see bfloat16.h: rows of x are rounded as they come, into
# the scratch memory of a thread; weights when they change, into the derived weights.

# Some rows of K factors, or of K words of rounded ones.
cdef struct Factors:
    Matrix rows
    Py_ssize_t K


# Rows of a matrix with K rows of weights.
cdef inline Py_ssize_t depth_of(const Parameter* p, Py_ssize_t K) noexcept nogil:
    return K if p.rounding == NULL else rounded_words(p.rounding, K)


cdef inline Factors take_factors(const Parameter* p, Matrix x, Py_ssize_t K, Py_ssize_t rows,
                                 real* scratch) noexcept nogil:
    cdef Py_ssize_t words = depth_of(p, K)
    if p.rounding == NULL:
        return Factors(x, K)
    p.rounding.columns(x.at, x.stride, K, rows, scratch, row_stride(words))
    return Factors(Matrix(scratch, row_stride(words)), words)


# A contraction of such rows with weights that were rounded before, if they are rounded.
cdef inline Contraction contraction_of(const Parameter* p, Factors factors, Py_ssize_t bk) noexcept nogil:
    cdef Contraction inner = matrix_contraction(factors.K, 1, bk)
    inner.rounding, inner.words = p.rounding, True
    return inner


# Scratch memory of as many rows.
cdef inline Py_ssize_t factors_size(const Parameter* p, Py_ssize_t K, Py_ssize_t rows) noexcept nogil:
    return 0 if p.rounding == NULL else rows * row_stride(rounded_words(p.rounding, K))
