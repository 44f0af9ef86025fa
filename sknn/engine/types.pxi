# What the parts of the engine share. `real` is float or double: the stub that includes this text says which.

cdef extern from "tile.h" nogil:
    ctypedef int sint
    Py_ssize_t SKNN_V
    Py_ssize_t SKNN_LINE
    ctypedef struct Ahead:
        const void* at[3]
        Py_ssize_t count
        Py_ssize_t bytes
    Ahead nothing_ahead() noexcept
    void multiply_panel(const real* A, Py_ssize_t am, Py_ssize_t as_, Py_ssize_t ak,
                        const real* B, Py_ssize_t bk, const real* I, Py_ssize_t im,
                        real* C, Py_ssize_t cm, Py_ssize_t m, Py_ssize_t nr,
                        Py_ssize_t S, Py_ssize_t K, const Ahead* next) noexcept
    void dot_panel(const real* A, Py_ssize_t am, const real* B, real* C, Py_ssize_t m,
                   Py_ssize_t vectors) noexcept
    Py_ssize_t panel_count(Py_ssize_t n_vectors) noexcept
    Py_ssize_t panel_begin(Py_ssize_t n_vectors, Py_ssize_t panel) noexcept
    Py_ssize_t panel_of(Py_ssize_t n_vectors, Py_ssize_t vector) noexcept
    void prefetch_bytes(const char* at, Py_ssize_t size) noexcept
    void transpose_block(const real* A, Py_ssize_t a_stride, real* T, Py_ssize_t t_stride) noexcept
    void* aligned_zeros(size_t size) noexcept
    void aligned_free(void* start) noexcept

cdef extern from "real_math.h" nogil:
    real real_sqrt(real x) noexcept
    real real_fabs(real x) noexcept
    real real_exp(real x) noexcept
    real real_expm1(real x) noexcept
    real real_log(real x) noexcept
    real real_max(real a, real b) noexcept
    real real_logistic(real x) noexcept
    real real_tanh(real x) noexcept
    real real_softplus(real x) noexcept
    real real_normal_density(real x) noexcept
    real real_normal_cdf(real x) noexcept
    sint is_not_finite(real x) noexcept

cdef extern from "threads.h" nogil:
    int thread_count() noexcept
    int thread_number() noexcept
    ctypedef struct Barrier:
        int arrived
        unsigned int generation
    void thread_barrier(Barrier* barrier, int n_threads) noexcept
    double seconds() noexcept

# Rows of a sub-block: what one thread takes through the whole network at a time, so that the
# activations stay in its cache.
cdef enum:
    SUB_BLOCK = 64

# A matrix in memory: `stride` elements from one row to the next.
cdef struct Matrix:
    real* at
    Py_ssize_t stride

cdef enum OpKind:
    DENSE = 0
    DENSE_CSR = 1
    ACTIVATION = 2
    DROPOUT = 3

# One step of the forward pass; buffers and parameters are numbers into the Program's tables.
cdef struct Op:
    int kind
    int source
    int target
    int parameter       # of DENSE and DENSE_CSR
    int code            # which activation
    int layer           # salt of the dropout mask
    double rate         # of DROPOUT, and of the input dropout in DENSE_CSR

cdef struct Buffer:
    Py_ssize_t width    # values in a row
    Py_ssize_t stride   # from one row to the next, see row_stride
    int gradient        # the gradient buffer it shares, -1: nobody asks for its gradient

# Weights (n_in, n_out) and biases (n_out,) of one op inside the flat parameter array. The weights are
# packed in column panels, see tile.h.
cdef struct Parameter:
    Py_ssize_t n_in
    Py_ssize_t n_out
    Py_ssize_t vectors          # of a row of weights
    Py_ssize_t weight           # offset of the packed weights
    Py_ssize_t bias             # offset of the biases, padded to whole vectors
    Py_ssize_t transposed       # offset of the transposed packed weights, -1: not wanted
    Py_ssize_t transposed_vectors

# A column panel of a packed matrix with `rows` rows.
cdef struct Panel:
    Py_ssize_t begin            # first column
    Py_ssize_t vectors
    Py_ssize_t width            # columns: vectors * SKNN_V
    Py_ssize_t offset           # of its first row in the packed matrix

# The rows an epoch draws from.
cdef enum InputKind:
    FLOAT32 = 0
    FLOAT64 = 1
    CSR = 2

cdef struct Input:
    int kind
    const void* data
    const int* indices          # CSR
    const long long* indptr     # CSR
    Py_ssize_t stride           # dense: elements from one row to the next
    Py_ssize_t n_features


cdef inline Py_ssize_t whole_lines(Py_ssize_t n) noexcept nogil:
    return (n + SKNN_LINE - 1) // SKNN_LINE * SKNN_LINE


cdef inline Py_ssize_t row_stride(Py_ssize_t width) noexcept nogil:
    """Whole cache lines, and for wide rows an odd number of them: rows a power of two apart would
    share a few sets of the cache and push one another out."""
    cdef Py_ssize_t lines = (width + SKNN_LINE - 1) // SKNN_LINE
    if lines >= 8 and lines % 2 == 0:
        lines += 1
    return lines * SKNN_LINE


cdef inline Panel get_panel(Py_ssize_t rows, Py_ssize_t vectors, Py_ssize_t index) noexcept nogil:
    cdef Py_ssize_t first = panel_begin(vectors, index)
    cdef Py_ssize_t n = panel_begin(vectors, index + 1) - first
    return Panel(first * SKNN_V, n, n * SKNN_V, rows * first * SKNN_V)


cdef inline Py_ssize_t n_vectors(Py_ssize_t width) noexcept nogil:
    return (width + SKNN_V - 1) // SKNN_V
