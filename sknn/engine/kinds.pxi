# The table of ops. Each kind has one row, at the end of its file in ops/. No other code depends on the kind
# of an op.

OPS = {}                # name -> row

# Destination of the weight gradients of a lane.
cdef struct Lane:
    real* gradient
    bint accumulate                 # add to the gradient of earlier rows
    bint begun                      # not the first rows of this pass
    Py_ssize_t rows                 # that pass at once, but for the last ones

# State shared by the ops while some rows of a block pass through the network, forward or backward.
cdef struct Pass:
    const Plan* plan
    const Workspace* ws
    const Weights* weights
    const Input* input
    const Py_ssize_t* samples       # sample indices of these rows
    Py_ssize_t begin, rows          # position in the block
    bint training
    const Prefetch* next            # what to fetch during the first product; NULL: already fetched
    const Lane* lane                # backward

# The gradient of rows first..last of a panel of weights, from all rows of a block.
cdef struct WeightTask:
    const Parameter* p
    Panel panel
    Py_ssize_t first, last
    Matrix x, d
    Py_ssize_t rows
    real* gradient
    bint accumulate                 # add to the gradient of earlier blocks
    const real* params
    real* scratch
    const Prefetch* next            # what the update will read
    const Input* input
    const Py_ssize_t* samples
    const Masks* masks
    long long* cursors              # CSR rows
    bint restarts                   # whether the previous task was not the one directly above

cdef enum WeightKind:
    NO_WEIGHTS
    FROM_BLOCK          # gradient formed from all rows of a block at once
    FROM_LANES          # gradient summed in a lane while a thread goes through its rows

cdef enum OtherKind:
    NO_OTHER, READS_OTHER, WRITES_OTHER, ADDS_ITS_GRADIENT

cdef enum:
    READS_NOTHING = 0
    READS_SOURCE = 1
    READS_TARGET = 2

ctypedef object (*Problem)(const Plan*, const Op*, object)
ctypedef int (*Reads)(const Op*) noexcept nogil
ctypedef void (*ForwardOp)(Pass*, const Op*, Matrix, Matrix) noexcept nogil
ctypedef void (*BackwardOp)(const Pass*, const Op*, Matrix, Matrix, Matrix, Matrix) noexcept nogil
ctypedef void (*LaneGradient)(const Pass*, const Op*, Matrix, Matrix) noexcept nogil
ctypedef void (*EndLane)(const Parameter*, const Op*, const Workspace*, const Lane*, bint) noexcept nogil
ctypedef void (*TaskGradient)(const WeightTask*, const Op*) noexcept nogil
ctypedef void (*Derive)(const Parameter*, const Op*, Panel, const real*, real*, Py_ssize_t, Py_ssize_t,
                        bint) noexcept nogil
ctypedef void (*DeriveBias)(const Parameter*, const real*, real*) noexcept nogil
ctypedef void (*DeriveShare)(const Parameter*, const Op*, const real*, real*, int, int, bint) noexcept nogil
ctypedef int (*LayOut)(Plan*, const Op*) except -1
ctypedef int (*Reserve)(Plan*, Op*) except -1
ctypedef Py_ssize_t (*Work)(const Parameter*, const Op*) noexcept nogil

# A row of the table. NULL or False: not needed.
cdef struct Kind:
    int weights                     # a WeightKind
    int other                       # an OtherKind: use of the buffer `other`
    bint in_place                   # the target may alias the source if nothing else reads it
    bint gradient_in_place          # the gradient of the source aliases, or lies inside, that of the target
    bint on_columns                 # the target and the source are shared with ops on other columns
    bint sparse_input               # reads CSR rows
    bint has_table                  # has constants
    bint fitted                     # prediction of a few rows reads the fitted array directly
    bint whole_panels               # the gradient of a whole panel of weights is formed at once
    bint is_matrix                  # Muon treats the weights as a matrix
    bint cuts                       # needs the whole batch: a segment ends before it
    Problem problem                 # returns what is wrong with an op, or None
    Reads reads                     # what backward reads beside the gradient; NULL: everything
    ForwardOp forward               # (x, y)
    BackwardOp backward             # (x, y, dy, dx)
    LaneGradient lane_gradient      # (x, dy): weight gradient; without `backward`, also dy -> dx
    EndLane end_lane                # after the last rows of a lane
    TaskGradient task_gradient      # weight gradient, FROM_BLOCK
    Derive derive                   # derived weights, from some rows of a panel
    DeriveBias derive_bias
    DeriveShare derive_share        # derived weights that need all weights at once, one share
    LayOut lay_out_forward          # reserves derived weights for the forward pass
    LayOut lay_out_backward         # and for the backward pass, if the source has a gradient
    Reserve reserve                 # reserves memory of a thread
    Work work                       # multiply-adds per row, with padding; NULL: negligible

cdef Kind KINDS[64]
cdef Kind* kind = NULL              # the row being filled


cdef Kind* new_kind(name) except NULL:
    cdef Py_ssize_t number = len(OPS)
    if number == sizeof(KINDS) // sizeof(Kind):
        raise MemoryError("the table of ops is full")
    OPS[name] = number
    return KINDS + number


cdef int reads_nothing(const Op* op) noexcept nogil:
    return READS_NOTHING


cdef int reads_its_source(const Op* op) noexcept nogil:
    return READS_SOURCE


cdef inline int reads_backward(const Op* op) noexcept nogil:
    return READS_SOURCE | READS_TARGET if KINDS[op.kind].reads == NULL else KINDS[op.kind].reads(op)


cdef inline bint has_weights(const Op* op) noexcept nogil:
    return KINDS[op.kind].weights != NO_WEIGHTS


# ---- helpers ---------------------------------------------------------------------------------------

cdef inline Py_ssize_t padded(const Geometry* geom) noexcept nogil:
    return whole_lines(geom.c)


cdef inline const Parameter* parameter_of(const Pass* t, const Op* op) noexcept nogil:
    return t.plan.parameters + op.parameter


cdef inline real* halo_of(const Pass* t, const Op* op) noexcept nogil:
    return NULL if op.halo < 0 else t.ws.halos + op.halo


# Memory for the zero-padded gradient of a convolution.
cdef int reserve_halo(Plan* plan, Op* op) except -1:
    cdef Py_ssize_t size = halo_size(&plan.parameters[op.parameter].backward, &op.geometry)
    if plan.buffers[op.source].gradient >= 0 and size > 0:
        op.halo = plan.halos
        plan.halos += size
    return 0


# Zeroes the per-channel gradients of a lane before its first rows.
cdef void begin_channels(const Parameter* p, const Lane* lane) noexcept nogil:
    if not lane.accumulate:
        memset(lane.gradient + p.lane, 0, p.vectors * SKNN_V * sizeof(real))
        memset(lane.gradient + p.lane_bias, 0, p.vectors * SKNN_V * sizeof(real))


cdef inline bint is_buffer(const Plan* plan, int number) noexcept nogil:
    return 0 <= number < plan.n_buffers


cdef problem_of_weights(const Parameter* p, Py_ssize_t n_in, Py_ssize_t n_out):
    if p.n_in == n_in and p.n_out == n_out:
        return None
    return f"weights ({p.n_in}, {p.n_out}) where ({n_in}, {n_out}) are needed"


cdef problem_of_images(const Plan* plan, const Op* op):
    cdef const Geometry* geom = &op.geometry
    cdef Py_ssize_t n_in = plan.buffers[op.source].width, n_out = plan.buffers[op.target].width
    if geom.c < 1:
        return "it has no geometry"
    if min(geom.h, geom.w, geom.oh, geom.ow, geom.oc) < 1 or <double>geom.h * geom.w * geom.c != n_in or (
            <double>geom.oh * geom.ow * geom.oc != n_out):
        return (f"images of {geom.h} x {geom.w} x {geom.c} and {geom.oh} x {geom.ow} x {geom.oc} values in "
                f"{n_in} and {n_out}")
    return None


cdef problem_of_kept_shape(const Plan* plan, const Op* op, tables):
    cdef Py_ssize_t n_in = plan.buffers[op.source].width, n_out = plan.buffers[op.target].width
    return None if n_in == n_out else f"{n_in} values become {n_out}"


cdef problem_of_alpha(const Op* op):
    return None if 0 <= op.alpha < INFINITY else f"alpha={op.alpha} is not a finite number >= 0"


cdef problem_of_channels(const Plan* plan, const Op* op, tables):
    return (problem_of_images(plan, op) or problem_of_kept_shape(plan, op, tables)
            or problem_of_weights(plan.parameters + op.parameter, 1, op.geometry.c))
