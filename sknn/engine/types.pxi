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
    ctypedef struct Sum:
        Py_ssize_t R
        Py_ssize_t S
        Py_ssize_t K
        Py_ssize_t ar
        Py_ssize_t as_ "as"
        Py_ssize_t ak
        Py_ssize_t br
        Py_ssize_t bs
        Py_ssize_t bk
    Sum matrix_sum(Py_ssize_t K, Py_ssize_t ak, Py_ssize_t bk) noexcept
    void multiply_panel(const real* A, Py_ssize_t am, const real* B, const Sum* sum,
                        const real* I, Py_ssize_t im, real* C, Py_ssize_t cm,
                        Py_ssize_t m, Py_ssize_t nr, const Ahead* next) noexcept
    Py_ssize_t SKNN_SPARE
    Py_ssize_t SKNN_TILE_COLUMNS
    const int* tile_rows
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
    real real_normal_cdf(real x) noexcept
    real real_gelu_slope(real x) noexcept
    sint is_not_finite(real x) noexcept

cdef extern from "threads.h" nogil:
    int thread_count() noexcept
    int thread_number() noexcept
    ctypedef struct Barrier:
        int arrived
        unsigned int generation
    void thread_barrier(Barrier* barrier, int n_threads) noexcept
    double seconds() noexcept

# A matrix in memory: `stride` elements from one row to the next.
cdef struct Matrix:
    real* at
    Py_ssize_t stride

# What an op does with images (n, h, w, c) or with columns of rows; the fields are those of `Geometry` in
# plan.py. Images without windows and columns leave what they do not use at its default.
cdef struct Geometry:
    Py_ssize_t h, w, c
    Py_ssize_t oh, ow, oc
    Py_ssize_t kh, kw, sh, sw, dh, dw
    Py_ssize_t top, left        # padding before the image
    Py_ssize_t bottom, right    # and after it, of a pool
    Py_ssize_t groups
    Py_ssize_t ih, iw           # of a convolution: the image without its padding
    Py_ssize_t first, to        # columns of the source and of the target at which an op on columns begins

# One step of the forward pass; buffers and parameters are numbers into the Program's tables.
cdef struct Op:
    int kind            # its row in the table of kinds.pxi
    int source
    int target
    int other           # another buffer, or -1: see ops/residual.pxi and ops/pool.pxi
    int parameter       # number of its weights
    int activation      # an ActivationCode
    double alpha        # of some activations
    int n_frequencies   # of a periodic embedding
    int table           # number of its constants
    int mask            # number of the dropout mask
    bint counts_padding  # in the mean of a pool
    double drop_rate    # of dropout, and of the input dropout that a product with CSR rows takes along
    double epsilon      # of a norm
    double momentum     # of running statistics
    Geometry geometry
    real* bins          # of a piecewise-linear embedding, see piecewise.h
    Py_ssize_t halo     # offset of the surrounded gradient of a convolution, or of dU; -1: it needs none
    Py_ssize_t moments  # offset of what a batch norm knows about the batch, see ops/batch_norm.pxi

cdef struct Buffer:
    Py_ssize_t width    # values in a row
    Py_ssize_t stride   # from one row to the next, see row_stride
    int gradient        # the gradient buffer it shares, -1: nobody asks for its gradient
    bint kept           # for all rows of a block; else for those that a thread works on

# How the weights of a convolution lie for the tile: `groups` matrices of `rows` x `width` in column panels. A
# row of the image is computed `pixels` at a time: their outputs are neighbours in memory and fill a vector
# that the channels of one would not. The kernel is then that much wider, with zeros in it.
cdef struct Form:
    Py_ssize_t offset           # in the derived weights; -1: there are none
    Py_ssize_t n_values
    Py_ssize_t bias             # offset of the biases, one for each column
    Py_ssize_t groups, pixels, taps, channels   # taps of a kernel row, channels of a tap
    Py_ssize_t rows, width, vectors             # of a group's matrix
    Sum sum
    Py_ssize_t am               # in the image: from one group of pixels to the next
    Py_ssize_t row_step         # and from one row of outputs to the next
    Py_ssize_t oh, steps, oc    # rows of outputs, steps in a row, channels of the output
    bint spread                 # an input gradient whose windows are added up, see spread_image

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
    Form forward, backward      # of a convolution
    Py_ssize_t winograd         # offset of U, see winograd.pxi; -1: another kind of convolution
    Py_ssize_t winograd_turned  # and of its transposes, -1: not wanted
    bint winograd_gradient      # whether the weight gradient is one, too
    Py_ssize_t lane             # offset of its gradient in a lane, -1: a gradient of all rows at once
    Py_ssize_t lane_bias
    bint decays, trained, biased
    double rate_factor, bias_rate_factor        # of the learning rate
    double decay_factor         # of decoupled weight decay
    bint fitted                 # a few rows are predicted with the fitted array itself

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
    UINT8 = 3

cdef struct Input:
    int kind
    const void* data
    const int* indices          # CSR
    const long long* indptr     # CSR
    Py_ssize_t stride           # dense: elements from one row to the next
    Py_ssize_t n_features
    Py_ssize_t channels         # of images that are stored (c, h, w); 0: the channels are the last axis
    const double* center        # subtracted from each value of a row as it is stored; NULL: nothing is
    Py_ssize_t n_scales         # 1, or one for each value of a row
    const real* scale           # NULL: values enter as they are
    const real* shift


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
