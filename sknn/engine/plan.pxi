# The plan of a network, and the memory of its activations.

# Ops between two batch norms. In training, some rows at a time pass through it, forward or backward.
cdef struct Segment:
    int first                           # its first op
    Py_ssize_t rows                     # of a thread, through it at once

cdef struct Plan:
    int n_ops, n_buffers, n_gradients, n_parameters
    Op* ops
    Buffer* buffers
    Parameter* parameters
    Py_ssize_t* gradient_strides
    int* gradient_segments              # as `segment` of a buffer
    Py_ssize_t n_values                 # packed parameters
    Py_ssize_t n_packed                 # of these, the first ones, packed even to predict a few rows
    Py_ssize_t n_derived                # weights derived from them: transposed, flipped, widened
    Py_ssize_t n_forward                # of these, the ones that the forward pass reads
    Py_ssize_t row_values               # elements per row of all buffers
    Py_ssize_t kept_values              # of these, and of gradients, of those stored for a whole block
    Py_ssize_t lane_values              # gradient of a lane; 0: no op needs one
    Py_ssize_t moments                  # batch statistics of the batch norms
    Py_ssize_t scratch                  # per thread
    Py_ssize_t halos                    # per thread: zero-padded gradients of the convolutions
    bint winograd                       # whether there are Winograd convolutions
    bint bfloat16                       # whether products round their factors
    bint images                         # whether rows may be read slightly past their end
    int n_segments                      # batch norms split the ops into segments
    Segment* segments                   # and one behind the last
    Loss loss

# Activations and gradients of some rows, and per-thread memory of the ops.
cdef struct Workspace:
    real* memory
    Matrix* values
    Matrix* gradients
    real* scratch
    real* halos
    real* moments                       # of the batch, see ops/batch_norm.pxi
    Masks masks                         # of the current pass

# Parameters as the forward pass reads them: packed and derived arrays. To predict a few rows, dense layers
# read the fitted arrays directly.
cdef struct Weights:
    const real* packed
    const real* derived
    const real** unpacked
    real* tail


cdef enum:
    # Working set of a thread, to stay in the L2 cache.
    CACHE_BYTES = 1280 * 1024
    # Maximum number of rows that a thread takes through the network at once.
    SUB_BLOCK = 64
    # Maximum number of rows of a block, unless a batch norm needs the whole batch.
    MOST_ROWS = 1024


# Rows of a sub-block of so many elements each. Results do not depend on it, except for the order of some sums
# over images.
cdef inline Py_ssize_t rows_in_cache(Py_ssize_t row) noexcept nogil:
    return max(1, min(SUB_BLOCK, CACHE_BYTES // (max(row, 1) * <Py_ssize_t>sizeof(real))))


# The same for prediction, and with gradients.
cdef inline Py_ssize_t rows_at_once(const Plan* plan, bint gradients) noexcept nogil:
    if plan.lane_values == 0:
        return SUB_BLOCK
    return rows_in_cache(plan.row_values * (2 if gradients else 1))


# KEPT buffers hold a whole block and are shared by the threads; LOCAL ones belong to each thread.
cdef enum Part:
    ALL, KEPT, LOCAL


# Rows of a buffer in a part: it is used by one segment, or by several (-1).
cdef inline Py_ssize_t rows_in_part(const Plan* plan, int part, int segment, Py_ssize_t rows) noexcept nogil:
    if part == ALL:
        return rows
    if part == KEPT:
        return rows if segment < 0 else 0
    return min(rows, plan.segments[segment].rows) if segment >= 0 else 0


# Allocates a part of the buffers for at most `rows` rows. LOCAL takes the other buffers from `shared`.
cdef int allocate_workspace(const Plan* plan, Workspace* ws, int part, Py_ssize_t rows, bint training,
                            const Workspace* shared) noexcept nogil:
    cdef Py_ssize_t size = 0, own, n
    cdef int i
    cdef real* at
    for i in range(plan.n_buffers):
        size += rows_in_part(plan, part, plan.buffers[i].segment, rows) * plan.buffers[i].stride
    for i in range(plan.n_gradients if training else 0):
        size += rows_in_part(plan, part, plan.gradient_segments[i], rows) * plan.gradient_strides[i]
    own = plan.scratch + plan.moments + (plan.halos if training else 0)
    ws.memory = <real*>aligned_zeros(size * sizeof(real))
    ws.scratch = <real*>aligned_zeros(own * sizeof(real))
    ws.values = <Matrix*>calloc(plan.n_buffers + plan.n_gradients + 1, sizeof(Matrix))
    if ws.memory == NULL or ws.scratch == NULL or ws.values == NULL:
        return -1
    ws.masks.factor = 1
    ws.moments = ws.scratch + plan.scratch
    ws.halos = ws.moments + plan.moments
    ws.gradients = ws.values + plan.n_buffers
    if shared != NULL:
        memcpy(ws.values, shared.values, (plan.n_buffers + plan.n_gradients) * sizeof(Matrix))
    at = ws.memory
    for i in range(plan.n_buffers):
        n = rows_in_part(plan, part, plan.buffers[i].segment, rows)
        if n > 0:
            ws.values[i] = Matrix(at, plan.buffers[i].stride)
            at += n * plan.buffers[i].stride
    for i in range(plan.n_gradients if training else 0):
        n = rows_in_part(plan, part, plan.gradient_segments[i], rows)
        if n > 0:
            ws.gradients[i] = Matrix(at, plan.gradient_strides[i])
            at += n * plan.gradient_strides[i]
    return 0


cdef void free_workspace(Workspace* ws) noexcept nogil:
    aligned_free(ws.memory)
    aligned_free(ws.scratch)
    free(ws.values)
    ws.memory = ws.scratch = NULL
    ws.values = NULL


# Row `row` of a block in a buffer. A local buffer holds only the rows of the sub-block.
cdef inline Matrix value_of(const Plan* plan, const Workspace* ws, int buffer, Py_ssize_t row) noexcept nogil:
    cdef Matrix m = ws.values[buffer]
    if plan.buffers[buffer].segment < 0:
        m.at += row * m.stride
    return m


cdef inline Matrix gradient_of(const Plan* plan, const Workspace* ws, int buffer,
                               Py_ssize_t row) noexcept nogil:
    cdef int number = plan.buffers[buffer].gradient
    cdef Matrix m = ws.gradients[number]
    if plan.gradient_segments[number] < 0:
        m.at += row * m.stride
    return m
