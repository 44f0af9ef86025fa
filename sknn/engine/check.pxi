# What is checked where a network enters the engine: every number that becomes an address, and that the
# backward pass finds what it reads. A plan that passes is run without further questions.

OPS = {
    "dense": DENSE, "dense_csr": DENSE_CSR, "activation": ACTIVATION, "dropout": DROPOUT,
    "spatial_dropout": SPATIAL_DROPOUT, "conv": CONV, "depthwise": DEPTHWISE, "pad": PAD,
    "max_pool": MAX_POOL, "avg_pool": AVG_POOL, "batch_norm": BATCH_NORM, "layer_norm": LAYER_NORM,
    "scale": SCALE, "parametric": PARAMETRIC, "fork": FORK, "add": ADD, "transpose": TRANSPOSE,
    "copy": COPY, "periodic": PERIODIC, "piecewise": PIECEWISE,
    "embedding": EMBEDDING,
}
KIND_NAMES = {kind: name for name, kind in OPS.items()}


# ---- what the backward pass of an op reads ---------------------------------------------------------
#
# The gradient of its target, and some of the values before (source) and after it (target). Whatever it reads
# must still be there: this decides which ops may write their target over their source.

cdef inline bint reads_source(const Op* op) noexcept nogil:
    if op.kind == ACTIVATION:
        return needs_input(op.activation)
    return has_weights(op.kind)


cdef inline bint reads_target(const Op* op) noexcept nogil:
    return op.kind == ACTIVATION and not needs_input(op.activation)


cdef inline bint works_in_place_on_gradients(int kind) noexcept nogil:
    """Whether the gradient of its target becomes, or contains, that of its source in one buffer."""
    return (kind == ACTIVATION or kind == DROPOUT or kind == SPATIAL_DROPOUT or kind == PAD
            or works_on_channels(kind))


cdef inline bint has_second_source(int kind) noexcept nogil:
    """Whether `other` is a buffer that an ADD adds, or whose gradient a FORK adds."""
    return kind == ADD or kind == FORK


# Activations write their output over their input where nobody needs the input any more: neither a later op in
# its forward pass nor any op in its backward pass. The input of the network may be memory of the user's.
cdef void share_buffers(Plan* plan) noexcept nogil:
    cdef int i
    for i in range(plan.n_ops):
        if plan.ops[i].kind == ACTIVATION and may_overwrite_source(plan, i):
            replace_buffer(plan, plan.ops[i].target, plan.ops[i].source)


cdef bint may_overwrite_source(const Plan* plan, int number) noexcept nogil:
    cdef const Op* op = plan.ops + number
    cdef const Op* other
    cdef int i
    if op.source == 0 or reads_source(op) or (
            plan.buffers[op.source].gradient != plan.buffers[op.target].gradient):
        return False
    for i in range(plan.n_ops):
        other = plan.ops + i
        if i == number:
            continue
        if other.target == op.source and reads_target(other):
            return False
        if other.source == op.source and (i > number or reads_source(other)):
            return False
        if other.kind == ADD and other.other == op.source and i > number:
            return False
    return True


# `old` takes no memory from now on.
cdef void replace_buffer(Plan* plan, int old, int new) noexcept nogil:
    cdef int i
    for i in range(plan.n_ops):
        if plan.ops[i].source == old:
            plan.ops[i].source = new
        if plan.ops[i].target == old:
            plan.ops[i].target = new
        if has_second_source(plan.ops[i].kind) and plan.ops[i].other == old:
            plan.ops[i].other = new
    plan.buffers[old].width = 0


# ---- sizes and numbers -----------------------------------------------------------------------------

cdef enum:
    # Of a number in a geometry: products of two of them are then no larger than a Py_ssize_t.
    LARGEST_NUMBER = 1 << 30

# Values of parameters and of a block of activations: as bytes they fit into 64 bits many times over.
cdef double MOST_VALUES = 1e15


cdef int check_plan(const Plan* plan, tables) except -1:
    cdef int i
    cdef double values = 0
    if plan.n_ops < 1:
        raise ValueError("a network has at least one op")
    for i in range(plan.n_buffers):
        if plan.buffers[i].width < 1 or not -1 <= plan.buffers[i].gradient < plan.n_gradients:
            raise ValueError(f"buffer {i} has {plan.buffers[i].width} values and gradient "
                             f"{plan.buffers[i].gradient}")
        values += <double>plan.buffers[i].width * MOST_ROWS
    for i in range(plan.n_parameters):
        if plan.parameters[i].n_in < 1 or plan.parameters[i].n_out < 1:
            raise ValueError(f"parameter {i} has {plan.parameters[i].n_in} x {plan.parameters[i].n_out} "
                             "weights")
        values += <double>plan.parameters[i].n_in * (plan.parameters[i].n_out + SKNN_LINE)
    if values > MOST_VALUES:
        raise MemoryError("the network does not fit in memory; use smaller layers")
    used = set()
    for i in range(plan.n_ops):
        problem = problem_of(plan, plan.ops + i, tables)
        if not problem and has_weights(plan.ops[i].kind):
            if plan.ops[i].parameter in used:
                problem = f"parameter {plan.ops[i].parameter} belongs to another op"
            used.add(plan.ops[i].parameter)
        if problem:
            raise ValueError(f"op {i} ({op_name(plan.ops + i)}): {problem}")
    check_values(plan)
    check_gradients(plan)
    if len(used) != plan.n_parameters:
        raise ValueError(f"{plan.n_parameters} parameters for {len(used)} ops")
    return 0


cdef op_name(const Op* op):
    return KIND_NAMES.get(op.kind, f"kind {op.kind}")


cdef inline bint is_buffer(const Plan* plan, int number) noexcept nogil:
    return 0 <= number < plan.n_buffers


cdef problem_of(const Plan* plan, const Op* op, tables):
    """What does not fit in an op, or None."""
    cdef const Geometry* g = &op.geometry
    cdef Py_ssize_t n_in, n_out, k
    if op.kind not in KIND_NAMES:
        return "there is no such op"
    if not is_buffer(plan, op.source) or not is_buffer(plan, op.target) or op.target in (0, op.source):
        return f"buffers {op.source} and {op.target} are not two of {plan.n_buffers}"
    n_in, n_out = plan.buffers[op.source].width, plan.buffers[op.target].width
    for k in range(sizeof(Geometry) // sizeof(Py_ssize_t)):
        if not 0 <= (<const Py_ssize_t*>g)[k] < LARGEST_NUMBER:
            return f"{(<const Py_ssize_t*>g)[k]} in its geometry"
    if not 0 <= op.parameter < (plan.n_parameters if has_weights(op.kind) else max(plan.n_parameters, 1)):
        return f"parameter {op.parameter} is none of {plan.n_parameters}"
    if works_on_columns(op.kind):
        return problem_of_columns(plan.parameters + op.parameter, op, n_in, n_out, tables)
    if op.kind == DENSE or op.kind == DENSE_CSR:
        return problem_of_weights(plan.parameters + op.parameter, n_in, n_out)
    if g.c > 0 and (min(g.h, g.w, g.oh, g.ow, g.oc) < 1 or <double>g.h * g.w * g.c != n_in
                    or <double>g.oh * g.ow * g.oc != n_out):
        return f"images of {g.h} x {g.w} x {g.c} and {g.oh} x {g.ow} x {g.oc} values in {n_in} and {n_out}"
    if op.kind == ACTIVATION or op.kind == DROPOUT or op.kind == SPATIAL_DROPOUT:
        return problem_of_elementwise(op, n_in, n_out)
    if g.c < 1:
        return "it has no geometry"
    if op.kind == CONV or op.kind == DEPTHWISE:
        return problem_of_convolution(plan.parameters + op.parameter, op)
    if op.kind == MAX_POOL or op.kind == AVG_POOL:
        return problem_of_pool(plan, op)
    if op.kind == PAD:
        fits = g.c == g.oc and g.top + g.h <= g.oh and g.left + g.w <= g.ow
        return None if fits else "the image is not inside of the padded one"
    if n_in != n_out:
        return f"{n_in} values become {n_out}"
    if works_on_channels(op.kind):
        if (op.kind == BATCH_NORM or op.kind == LAYER_NORM) and not 0 < op.epsilon < INFINITY:
            return f"epsilon={op.epsilon} is not a finite number > 0"
        return problem_of_weights(plan.parameters + op.parameter, 1, g.c)
    if has_second_source(op.kind) and not (
            is_buffer(plan, op.other) and plan.buffers[op.other].width == n_in):
        return f"buffer {op.other} does not have {n_in} values"
    return None


cdef problem_of_weights(const Parameter* p, Py_ssize_t n_in, Py_ssize_t n_out):
    if p.n_in == n_in and p.n_out == n_out:
        return None
    return f"weights ({p.n_in}, {p.n_out}) where ({n_in}, {n_out}) are needed"


cdef problem_of_elementwise(const Op* op, Py_ssize_t n_in, Py_ssize_t n_out):
    if n_in != n_out:
        return f"{n_in} values become {n_out}"
    if op.kind == ACTIVATION:
        return None
    if op.kind == SPATIAL_DROPOUT and op.geometry.c < 1:
        return "it has no geometry"
    return None if 0 <= op.drop_rate < 1 else f"drop_rate={op.drop_rate} is not in [0, 1)"


cdef bint windows_fit(Py_ssize_t size, Py_ssize_t n, Py_ssize_t kernel, Py_ssize_t stride,
                      Py_ssize_t dilation) noexcept nogil:
    """Whether n windows lie inside of that many places."""
    return min(kernel, stride, dilation) >= 1 and (n - 1) * stride + (kernel - 1) * dilation < size


cdef problem_of_convolution(const Parameter* p, const Op* op):
    cdef const Geometry* g = &op.geometry
    if g.groups < 1 or g.c % g.groups or g.oc % g.groups or (op.kind == DEPTHWISE
                                                            and not g.groups == g.c == g.oc):
        return f"{g.c} and {g.oc} channels in {g.groups} groups"
    if not (windows_fit(g.h, g.oh, g.kh, g.sh, g.dh) and windows_fit(g.w, g.ow, g.kw, g.sw, g.dw)):
        return "its windows do not fit on the image"
    if min(g.ih, g.iw) < 1 or g.top + g.ih > g.h or g.left + g.iw > g.w:
        return "the image is not inside of the padded one"
    return problem_of_weights(p, g.kh * g.kw * (g.c // g.groups), g.oc)


cdef bint pools_fit(Py_ssize_t size, Py_ssize_t n, Py_ssize_t kernel, Py_ssize_t stride,
                    Py_ssize_t before) noexcept nogil:
    """Whether each of n windows, which may overhang, sees some of that many places."""
    return min(kernel, stride) >= 1 and before < kernel and (n - 1) * stride - before < size


cdef problem_of_pool(const Plan* plan, const Op* op):
    cdef const Geometry* g = &op.geometry
    if g.c != g.oc or not (pools_fit(g.h, g.oh, g.kh, g.sh, g.top)
                           and pools_fit(g.w, g.ow, g.kw, g.sw, g.left)):
        return "its windows do not fit on the image"
    if op.kind == MAX_POOL and not (is_buffer(plan, op.other) and op.other not in (0, op.source, op.target)
                                    and plan.buffers[op.other].width == plan.buffers[op.target].width):
        return f"buffer {op.other} cannot hold its winners"
    return None


cdef problem_of_columns(const Parameter* p, const Op* op, Py_ssize_t n_in, Py_ssize_t n_out, tables):
    cdef const Geometry* g = &op.geometry
    cdef Py_ssize_t J
    if min(g.c, g.oc) < 1 or g.first + g.c > n_in or g.to + g.oc > n_out:
        return f"{g.c} columns from {g.first} and {g.oc} from {g.to} do not fit on {n_in} and {n_out}"
    if op.kind == COPY:
        return None if g.c == g.oc else f"{g.c} columns become {g.oc}"
    if op.kind == EMBEDDING:
        return problem_of_weights(p, p.n_in, g.oc) if g.c == 1 and p.n_in > 0 else "it takes one column"
    J = g.oc // g.c - 1
    if J < 1 or g.oc != g.c * (1 + J) or max(g.first, g.to) > 0:
        return f"{g.c} columns become {g.oc}"
    if op.kind == PERIODIC:
        return "it has no frequencies" if op.n_frequencies < 1 else problem_of_weights(
            p, (2 + J) * op.n_frequencies + J, g.c)
    if not 0 <= op.table < len(tables):
        return f"table {op.table} is none of {len(tables)}"
    T = len(tables[op.table]) // 2
    if tables[op.table].shape != (2 * T, g.c) or T < 1:
        return f"its table has the shape {tables[op.table].shape}"
    return problem_of_weights(p, T * J + J, g.c)


# ---- the order of the ops --------------------------------------------------------------------------

cdef int check_values(const Plan* plan) except -1:
    """Whether every op finds its sources, and writes over nothing."""
    cdef const Op* op
    cdef int i
    written = {0}
    complete = {0}
    for i in range(plan.n_ops):
        op = plan.ops + i
        sources = {op.source, op.other} if op.kind == ADD else {op.source}
        if not sources <= written:
            raise ValueError(f"op {i} ({op_name(op)}) reads a buffer that is not written yet")
        complete |= sources
        if op.target in (complete if works_on_columns(op.kind) else written):
            raise ValueError(f"op {i} ({op_name(op)}) writes over a buffer")
        written.add(op.target)
        if op.kind == MAX_POOL:
            if op.other in written:
                raise ValueError(f"op {i} ({op_name(op)}) writes over a buffer")
            written.add(op.other)
    if plan.buffers[plan.ops[plan.n_ops - 1].target].width != plan.loss.n_outputs:
        raise ValueError(f"the loss has {plan.loss.n_outputs} outputs, but the network ends with "
                         f"{plan.buffers[plan.ops[plan.n_ops - 1].target].width}")
    return 0


cdef bint has_fork(const Plan* plan, int source, int sum) noexcept nogil:
    """Whether an op adds the gradient of a sum to that of a branch, for the buffer that both came from."""
    cdef int i
    for i in range(plan.n_ops):
        if plan.ops[i].kind == FORK and plan.ops[i].source == source and plan.ops[i].other == sum:
            return True
    return False


cdef int check_gradients(const Plan* plan) except -1:
    """Whether every op finds the gradient of its target, and adds to nothing that is already there."""
    cdef const Op* op
    cdef int i, before, after, last = plan.ops[plan.n_ops - 1].target
    if plan.buffers[last].gradient < 0:
        raise ValueError("the outputs of the network have no gradient")
    holds = {plan.buffers[last].gradient: last}     # gradient -> the buffer whose gradient it is now
    for i in range(plan.n_ops - 1, -1, -1):
        op = plan.ops + i
        after, before = plan.buffers[op.target].gradient, plan.buffers[op.source].gradient
        if after < 0:
            if before >= 0 or has_weights(op.kind) and (
                    plan.parameters[op.parameter].trained or plan.parameters[op.parameter].biased):
                raise ValueError(f"op {i} ({op_name(op)}) gets no gradient, but something needs it")
            continue
        ready = holds.get(after) == op.target
        if op.kind == FORK and before >= 0:
            ready = ready and holds.get(plan.buffers[op.other].gradient) == op.other
        if not ready:
            raise ValueError(f"op {i} ({op_name(op)}) finds the gradient of another buffer")
        if op.kind == ADD and plan.buffers[op.other].gradient >= 0 and (
                not has_fork(plan, op.other, op.target)):
            raise ValueError(f"op {i} ({op_name(op)}) adds a buffer whose gradient no fork completes")
        if before < 0:
            continue
        if works_in_place_on_gradients(op.kind) != (before == after):
            raise ValueError(f"op {i} ({op_name(op)}) cannot put its gradient there")
        if holds.get(before) == op.source and not works_on_columns(op.kind):
            raise ValueError(f"op {i} ({op_name(op)}) overwrites the gradient of another op")
        holds[before] = op.source
    return 0
