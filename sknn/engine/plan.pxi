# The plan of a network, and the memory that its activations take.

cdef struct Plan:
    int n_ops, n_buffers, n_gradients, n_parameters
    Op* ops
    Buffer* buffers
    Parameter* parameters
    Py_ssize_t* gradient_strides
    bint* gradient_kept
    Py_ssize_t n_values                 # of the packed parameters
    Py_ssize_t n_packed                 # of those that prediction packs even for a few rows, which come first
    Py_ssize_t n_derived                # of what is derived from them: transposed, turned, widened
    Py_ssize_t n_forward                # of what of that the forward pass reads
    Py_ssize_t kept_values, kept_gradients      # elements of one row of the buffers that a whole block keeps
    Py_ssize_t local_values, local_gradients    # and of those that a thread reuses
    Py_ssize_t lane_values              # of a lane's gradient; 0: no op has one
    Py_ssize_t moments                  # mean and scale of every batch norm
    Py_ssize_t scratch                  # of a thread: a row of outputs
    Py_ssize_t halos                    # of a thread: what the backward passes of all convolutions keep
    bint winograd                       # there are such convolutions
    bint images                         # rows may be read a little beyond their end
    int n_segments                      # batch norms cut the ops into segments
    int* segments                       # segment k has the ops from segments[k] to segments[k + 1]
    Loss loss

# The activations (and their gradients) of some rows, and what the ops of one thread need beside them.
cdef struct Workspace:
    real* memory
    Matrix* values
    Matrix* gradients
    real* scratch
    real* halos
    real* moments                       # of the batch, see ops/batch_norm.pxi
    Masks masks                         # of the pass in work

# Where the forward pass finds its parameters: one packed array and what is derived from it; for a few rows
# the dense layers read the fitted arrays themselves.
cdef struct Weights:
    const real* packed
    const real* derived
    const real** unpacked
    real* tail


cdef enum:
    # Of the memory that a thread works in, so that it stays in the second-level cache.
    CACHE_BYTES = 1280 * 1024
    # Rows that a thread takes through the whole network at a time, at the most.
    SUB_BLOCK = 64
    # Rows of a block, at the most, but where a batch norm needs them all.
    MOST_ROWS = 1024


# Rows of a sub-block. Nothing that is computed depends on it but the order of some sums in images.
cdef Py_ssize_t rows_at_once(const Plan* plan, bint training) noexcept nogil:
    cdef Py_ssize_t row = plan.local_values + (plan.local_gradients if training else 0)
    if not training:
        row += plan.kept_values
    if row == 0 or (not training and plan.lane_values == 0):
        return SUB_BLOCK
    return max(1, min(SUB_BLOCK, CACHE_BYTES // (row * <Py_ssize_t>sizeof(real))))


# Buffers whose rows a whole block keeps are shared by the threads; each has the others for itself.
cdef enum Part:
    ALL, KEPT, LOCAL


cdef inline bint belongs_to(int part, bint kept) noexcept nogil:
    return part == ALL or (part == KEPT) == kept


# Memory for `rows` rows of a part of the buffers; LOCAL takes the rest from `shared`.
cdef int allocate_workspace(const Plan* plan, Workspace* w, int part, Py_ssize_t rows, bint training,
                            const Workspace* shared) noexcept nogil:
    cdef Py_ssize_t size = 0, own
    cdef int i
    cdef real* at
    if part != LOCAL:
        size += plan.kept_values + (plan.kept_gradients if training else 0)
    if part != KEPT:
        size += plan.local_values + (plan.local_gradients if training else 0)
    own = plan.scratch + plan.moments + (plan.halos if training else 0)
    w.memory = <real*>aligned_zeros(rows * size * sizeof(real))
    w.scratch = <real*>aligned_zeros(own * sizeof(real))
    w.values = <Matrix*>calloc(plan.n_buffers + plan.n_gradients + 1, sizeof(Matrix))
    if w.memory == NULL or w.scratch == NULL or w.values == NULL:
        return -1
    w.masks.factor = 1
    w.moments = w.scratch + plan.scratch
    w.halos = w.moments + plan.moments
    w.gradients = w.values + plan.n_buffers
    if shared != NULL:
        memcpy(w.values, shared.values, (plan.n_buffers + plan.n_gradients) * sizeof(Matrix))
    at = w.memory
    for i in range(plan.n_buffers):
        if belongs_to(part, plan.buffers[i].kept):
            w.values[i] = Matrix(at, plan.buffers[i].stride)
            at += rows * plan.buffers[i].stride
    for i in range(plan.n_gradients if training else 0):
        if belongs_to(part, plan.gradient_kept[i]):
            w.gradients[i] = Matrix(at, plan.gradient_strides[i])
            at += rows * plan.gradient_strides[i]
    return 0


cdef void free_workspace(Workspace* w) noexcept nogil:
    aligned_free(w.memory)
    aligned_free(w.scratch)
    free(w.values)
    w.memory = w.scratch = NULL
    w.values = NULL


# Row `row` of a block in a buffer; a buffer that is not kept holds the rows of the sub-block alone.
cdef inline Matrix value_of(const Plan* plan, const Workspace* w, int buffer, Py_ssize_t row) noexcept nogil:
    cdef Matrix m = w.values[buffer]
    if plan.buffers[buffer].kept:
        m.at += row * m.stride
    return m


cdef inline Matrix gradient_of(const Plan* plan, const Workspace* w, int buffer,
                               Py_ssize_t row) noexcept nogil:
    cdef int number = plan.buffers[buffer].gradient
    cdef Matrix m = w.gradients[number]
    if plan.gradient_kept[number]:
        m.at += row * m.stride
    return m
