# The table of ops: what there is to know about each kind, one row for each, at the end of its file in ops/.
# Nothing outside of these files asks which kind an op is.

OPS = {}                # name -> number of its row

# What the ops of a network work with: some rows of a block on their way forward or back.
cdef struct Pass:
    const Plan* plan
    const Workspace* w
    const Weights* weights
    const Input* input
    const Py_ssize_t* samples       # the numbers of these rows in the input
    Py_ssize_t begin, rows          # in the block
    bint training
    const Ahead* next               # what to fetch during the first product; NULL: it is on its way

# Where a lane's gradients of weights go.
cdef struct Lane:
    real* gradient
    bint accumulate                 # to what earlier rows gave
    bint begun                      # some of these rows belong to the same pass

# The gradient of rows first..last of a panel of weights, from all rows of a block.
cdef struct WeightTask:
    const Parameter* p
    Panel panel
    Py_ssize_t first, last
    Matrix x, d
    Py_ssize_t rows
    real* gradient
    bint accumulate                 # to what earlier blocks gave
    const real* params
    real* scratch
    const Ahead* next               # what the update will read
    const Input* input
    const Py_ssize_t* samples
    const Masks* masks
    long long* cursors              # of CSR rows
    bint restarts                   # the task before it was not the one of the rows above

cdef enum WeightKind:
    NO_WEIGHTS
    FROM_BLOCK          # their gradient is formed from all rows of a block at once
    FROM_LANES          # it is summed up in a lane while a thread goes through its rows

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
ctypedef void (*LaneGradient)(const Pass*, const Op*, const Lane*, Matrix, Matrix) noexcept nogil
ctypedef void (*EndLane)(const Parameter*, const Op*, const Workspace*, real*, bint) noexcept nogil
ctypedef void (*TaskGradient)(const WeightTask*, const Op*) noexcept nogil
ctypedef void (*Derive)(const Parameter*, const Op*, Panel, const real*, real*, Py_ssize_t, Py_ssize_t,
                        bint) noexcept nogil
ctypedef void (*DeriveBias)(const Parameter*, const real*, real*) noexcept nogil
ctypedef void (*DeriveShare)(const Parameter*, const Op*, const real*, real*, int, int, bint) noexcept nogil
ctypedef int (*LayOut)(Plan*, const Op*) except -1
ctypedef int (*Reserve)(Plan*, Op*) except -1
ctypedef Py_ssize_t (*Work)(const Parameter*, const Op*) noexcept nogil

# A row of the table. What is NULL or False is not needed.
cdef struct Kind:
    int weights                     # a WeightKind
    int other                       # an OtherKind: what the op does with the buffer `other`
    bint in_place                   # its target may lie in its source, if nobody else reads that
    bint gradient_in_place          # the gradient of its target becomes, or contains, that of its source
    bint on_columns                 # other ops write other columns of its target, read others of its source
    bint sparse_input               # it reads CSR rows
    bint has_table                  # of constants
    bint fitted                     # a few rows are predicted with the fitted array itself
    bint whole_panels               # the gradient of a panel of weights is formed together
    bint is_matrix                  # Muon takes its weights for a matrix
    bint cuts                       # it needs all rows of the batch first: a segment ends before it
    Problem problem                 # what does not fit in an op, or None
    Reads reads                     # in the backward pass, beside the gradient; NULL: it is not said, so all
    ForwardOp forward               # (x, y)
    BackwardOp backward             # (x, y, dy, dx)
    LaneGradient lane_gradient      # (x, dy): of its weights; without `backward` dy becomes dx, too
    EndLane end_lane                # after the last rows of a lane's pass
    TaskGradient task_gradient      # of its weights, FROM_BLOCK
    Derive derive                   # from rows of a panel of weights what the passes read
    DeriveBias derive_bias
    DeriveShare derive_share        # a share of what is derived from all weights at once
    LayOut lay_out_forward          # room for what the forward pass derives
    LayOut lay_out_backward         # and the backward pass, if the gradient of the source is wanted
    Reserve reserve                 # memory of a thread beside the buffers
    Work work                       # multiply-adds of a row, padding counted; NULL: few

cdef Kind KINDS[64]
cdef Kind* kind = NULL              # the row that is being written


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


# ---- what several ops share ------------------------------------------------------------------------

cdef inline Py_ssize_t padded(const Geometry* g) noexcept nogil:
    return whole_lines(g.c)


cdef inline const Parameter* parameter_of(const Pass* t, const Op* op) noexcept nogil:
    return t.plan.parameters + op.parameter


cdef inline real* halo_of(const Pass* t, const Op* op) noexcept nogil:
    return NULL if op.halo < 0 else t.w.halos + op.halo


# Room for the surrounded gradient of a convolution.
cdef int reserve_halo(Plan* plan, Op* op) except -1:
    cdef Py_ssize_t size = halo_size(&plan.parameters[op.parameter].backward, &op.geometry)
    if plan.buffers[op.source].gradient >= 0 and size > 0:
        op.halo = plan.halos
        plan.halos += size
    return 0


# The gradients of what an op has for each channel begin at zero in a lane.
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
    cdef const Geometry* g = &op.geometry
    cdef Py_ssize_t n_in = plan.buffers[op.source].width, n_out = plan.buffers[op.target].width
    if g.c < 1:
        return "it has no geometry"
    if min(g.h, g.w, g.oh, g.ow, g.oc) < 1 or <double>g.h * g.w * g.c != n_in or (
            <double>g.oh * g.ow * g.oc != n_out):
        return f"images of {g.h} x {g.w} x {g.c} and {g.oh} x {g.ow} x {g.oc} values in {n_in} and {n_out}"
    return None


cdef problem_of_kept_shape(const Plan* plan, const Op* op, tables):
    cdef Py_ssize_t n_in = plan.buffers[op.source].width, n_out = plan.buffers[op.target].width
    return None if n_in == n_out else f"{n_in} values become {n_out}"


cdef problem_of_alpha(const Op* op):
    return None if 0 <= op.alpha < INFINITY else f"alpha={op.alpha} is not a finite number >= 0"


cdef problem_of_channels(const Plan* plan, const Op* op, tables):
    return (problem_of_images(plan, op) or problem_of_kept_shape(plan, op, tables)
            or problem_of_weights(plan.parameters + op.parameter, 1, op.geometry.c))
