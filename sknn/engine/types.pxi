# Types that all parts of the engine share. `real` is float or double, as set by the including stub.

cdef extern from "bfloat16.h" nogil:
    ctypedef struct Rounding:
        void (*rows)(const real*, Py_ssize_t stride, Py_ssize_t L, Py_ssize_t n, real* to) noexcept nogil
        void (*columns)(const real*, Py_ssize_t stride, Py_ssize_t L, Py_ssize_t m, real* to,
                        Py_ssize_t to_stride) noexcept nogil
    const Rounding* rounding_of(bint pairs) noexcept
    Py_ssize_t rounded_words(const Rounding* rounding, Py_ssize_t K) noexcept
    bint c_has_pairs "has_pairs"() noexcept

cdef extern from "tile.h" nogil:
    ctypedef int sint
    Py_ssize_t SKNN_V
    Py_ssize_t SKNN_LINE
    ctypedef struct Prefetch:
        const void* at[3]
        Py_ssize_t count
        Py_ssize_t bytes
    Prefetch no_prefetch() noexcept
    ctypedef struct Contraction:
        Py_ssize_t R
        Py_ssize_t S
        Py_ssize_t K
        Py_ssize_t ar
        Py_ssize_t as_ "as"
        Py_ssize_t ak
        Py_ssize_t br
        Py_ssize_t bs
        Py_ssize_t bk
        const Rounding* rounding
        bint words
    Contraction matrix_contraction(Py_ssize_t K, Py_ssize_t ak, Py_ssize_t bk) noexcept
    Py_ssize_t SKNN_SPARE
    Py_ssize_t SKNN_TILE_COLUMNS
    const int* tile_rows
    void multiply_row(const real* a, Py_ssize_t K, const real* B, Py_ssize_t bk, const real* I, real* C,
                      Py_ssize_t vectors) noexcept
    void dot_panel(const real* A, Py_ssize_t am, const real* B, real* C, Py_ssize_t m,
                   Py_ssize_t vectors) noexcept
    Py_ssize_t panel_count(Py_ssize_t n_vectors) noexcept
    Py_ssize_t panel_begin(Py_ssize_t n_vectors, Py_ssize_t panel) noexcept
    Py_ssize_t panel_of(Py_ssize_t n_vectors, Py_ssize_t vector) noexcept
    void prefetch_bytes(const char* at, Py_ssize_t size) noexcept
    void transpose_block(const real* A, Py_ssize_t a_stride, real* T, Py_ssize_t t_stride) noexcept
    void* aligned_zeros(size_t size) noexcept
    void aligned_free(void* start) noexcept

cdef extern from "bfloat16.h" nogil:
    void multiply_panel(const real* A, Py_ssize_t am, const real* B, const Contraction* inner,
                        const real* I, Py_ssize_t im, real* C, Py_ssize_t cm,
                        Py_ssize_t m, Py_ssize_t nr, const Prefetch* next) noexcept

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
    real real_normal_cdf(real x) noexcept
    real real_gelu_derivative(real x) noexcept
    sint is_not_finite(real x) noexcept

cdef extern from "threads.h" nogil:
    int thread_count() noexcept
    int thread_number() noexcept
    ctypedef struct Barrier:
        int arrived
        unsigned int generation
    void thread_barrier(Barrier* barrier, int n_threads) noexcept
    double seconds() noexcept

# A row-major matrix; `stride` elements separate consecutive rows.
cdef struct Matrix:
    real* at
    Py_ssize_t stride

# Shape parameters of an op on images (n, h, w, c) or on columns. The fields are those of `Geometry` in
# plan.py; fields that an op does not use keep their defaults.
cdef struct Geometry:
    Py_ssize_t h, w, c
    Py_ssize_t oh, ow, oc
    Py_ssize_t kh, kw, sh, sw, dh, dw
    Py_ssize_t top, left        # padding before the image
    Py_ssize_t bottom, right    # padding after the image (pools)
    Py_ssize_t groups
    Py_ssize_t ih, iw           # image without padding (convolutions)
    Py_ssize_t first, to        # first column of the source and of the target (ops on columns)

# One step of the forward pass. Buffers and parameters are indices into the Program's tables.
cdef struct Op:
    int kind            # row in the table of kinds.pxi
    int source
    int target
    int other           # another buffer, or -1; see ops/residual.pxi and ops/pool.pxi
    int parameter       # index of its weights
    int activation      # an ActivationCode
    double alpha        # parameter of the activation
    int n_frequencies   # periodic embedding
    int table           # index of its constants
    int mask            # index of the dropout mask
    bint counts_padding  # average pooling
    double drop_rate    # dropout rate; for dense_csr, that of the fused input dropout
    double epsilon      # normalization
    double momentum     # running statistics
    Geometry geometry
    real* bins          # piecewise linear embedding, see piecewise.h
    Py_ssize_t halo     # offset of the zero-padded gradient of a convolution, or of dU; -1: none
    Py_ssize_t moments  # offset of the batch statistics, see ops/batch_norm.pxi

cdef struct Buffer:
    Py_ssize_t width    # values per row
    Py_ssize_t stride   # elements between rows, see row_stride
    int gradient        # index of its gradient buffer, possibly shared; -1: no gradient
    int segment         # the only one that uses it: stored per thread, for the rows in work; -1: for a block

# Layout of convolution weights for the tile: `groups` matrices of `rows` x `width`, in column panels.
# `pixels` adjacent outputs are computed together, so that few channels still fill a vector. The kernel is
# then wider, with zeros between the taps.
cdef struct ConvLayout:
    Py_ssize_t offset           # in the derived weights; -1: none
    Py_ssize_t n_values
    Py_ssize_t bias             # offset of the biases, one per column
    Py_ssize_t groups, pixels, taps, channels   # taps per kernel row, channels per tap
    Py_ssize_t rows, width, vectors             # matrix of one group
    Contraction inner
    Py_ssize_t am               # image: from one group of pixels to the next
    Py_ssize_t row_step         # image: from one row of outputs to the next
    Py_ssize_t oh, steps, oc    # output rows, steps per row, output channels
    bint scatter                # input gradient by scatter-add, see scatter_image

# Weights (n_in, n_out) and biases (n_out,) of one op in the flat parameter array. Weights are packed in
# column panels, see tile.h.
cdef struct Parameter:
    Py_ssize_t n_in
    Py_ssize_t n_out
    Py_ssize_t vectors          # per row of weights
    Py_ssize_t weight           # offset of the packed weights
    Py_ssize_t bias             # offset of the biases, padded to whole vectors
    Py_ssize_t words            # offset of the weights as words of rounded factors, see bfloat16.h; -1: none
    Py_ssize_t transposed       # offset of the transposed packed weights, or of their words; -1: none
    Py_ssize_t transposed_vectors
    ConvLayout forward, backward    # convolutions
    Py_ssize_t winograd         # offset of U, see winograd.pxi; -1: not a Winograd convolution
    Py_ssize_t winograd_transposed  # offset of the transposes of U; -1: none
    Py_ssize_t lane             # offset of its gradient in a lane; -1: not summed in lanes
    Py_ssize_t lane_bias
    bint decays, trained, biased
    const Rounding* rounding    # of the factors of its products to bfloat16, see bfloat16.h; NULL: none
    double rate_factor, bias_rate_factor        # learning-rate multipliers
    double decay_factor         # multiplier of decoupled weight decay
    bint fitted                 # prediction of a few rows reads the fitted array directly

# A column panel of a packed matrix with `rows` rows.
cdef struct Panel:
    Py_ssize_t begin            # first column
    Py_ssize_t vectors
    Py_ssize_t width            # vectors * SKNN_V columns
    Py_ssize_t offset           # offset of its first row in the packed matrix

# Type of the input rows.
cdef enum InputKind:
    FLOAT32 = 0
    FLOAT64 = 1
    CSR = 2
    UINT8 = 3

cdef struct Input:
    int kind
    const void* data
    const int* indices          # CSR
    const long long* indptr     # CSR
    Py_ssize_t stride           # dense: elements between rows
    Py_ssize_t n_features
    Py_ssize_t channels         # channels of images stored as (c, h, w); 0: channels are last
    const double* center        # subtracted from each stored value; NULL: none
    Py_ssize_t n_scales         # 1, or one per value of a row
    const real* scale           # NULL: no scaling
    const real* shift


cdef inline Py_ssize_t whole_lines(Py_ssize_t n) noexcept nogil:
    return (n + SKNN_LINE - 1) // SKNN_LINE * SKNN_LINE


cdef inline Py_ssize_t row_stride(Py_ssize_t width) noexcept nogil:
    """Whole cache lines. For wide rows, an odd number of them: strides that are powers of two map to few sets
    of the cache."""
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
