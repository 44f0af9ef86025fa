# Validation of a plan: every number that becomes an address, and the data flow of the backward pass. A plan
# that passes runs without further checks.

# ---- in place --------------------------------------------------------------------------------------

# Activations overwrite their input if nothing reads it afterwards: no later op in the forward pass, no op
# in the backward pass. The input of the network is exempt, because it may be the caller's memory.
cdef void share_buffers(Plan* plan) noexcept nogil:
    cdef int i
    for i in range(plan.n_ops):
        if KINDS[plan.ops[i].kind].in_place and may_overwrite_source(plan, i):
            replace_buffer(plan, plan.ops[i].target, plan.ops[i].source)


cdef bint may_overwrite_source(const Plan* plan, int number) noexcept nogil:
    cdef const Op* op = plan.ops + number
    cdef const Op* other
    cdef int i
    if op.source == 0 or reads_backward(op) & READS_SOURCE or (
            plan.buffers[op.source].gradient != plan.buffers[op.target].gradient):
        return False
    for i in range(plan.n_ops):
        other = plan.ops + i
        if i == number:
            continue
        if other.target == op.source and reads_backward(other) & READS_TARGET:
            return False
        if other.source == op.source and (i > number or reads_backward(other) & READS_SOURCE):
            return False
        if reads_other(other) and other.other == op.source and i > number:
            return False
    return True


cdef inline bint reads_other(const Op* op) noexcept nogil:
    return KINDS[op.kind].other == READS_OTHER


cdef inline bint adds_gradient_of_other(const Op* op) noexcept nogil:
    return KINDS[op.kind].other == ADDS_ITS_GRADIENT


cdef inline bint writes_other(const Op* op) noexcept nogil:
    return KINDS[op.kind].other == WRITES_OTHER


# `old` no longer takes memory.
cdef void replace_buffer(Plan* plan, int old, int new) noexcept nogil:
    cdef int i
    for i in range(plan.n_ops):
        if plan.ops[i].source == old:
            plan.ops[i].source = new
        if plan.ops[i].target == old:
            plan.ops[i].target = new
        if (reads_other(plan.ops + i) or adds_gradient_of_other(plan.ops + i)) and plan.ops[i].other == old:
            plan.ops[i].other = new
    plan.buffers[old].width = 0


# ---- sizes and numbers -----------------------------------------------------------------------------

cdef enum:
    # Limit for numbers in a geometry: the product of two of them fits in Py_ssize_t.
    LARGEST_NUMBER = 1 << 30

# Limit for parameters plus a block of activations; their size in bytes fits in 64 bits.
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
        if not problem and has_weights(plan.ops + i):
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
    return next(name for name, number in OPS.items() if number == op.kind)


cdef problem_of(const Plan* plan, const Op* op, tables):
    """Return what is wrong with an op, or None."""
    cdef const Geometry* geom = &op.geometry
    cdef Py_ssize_t k
    if not is_buffer(plan, op.source) or not is_buffer(plan, op.target) or op.target in (0, op.source):
        return f"buffers {op.source} and {op.target} are not two of {plan.n_buffers}"
    for k in range(<Py_ssize_t>(sizeof(Geometry) // sizeof(Py_ssize_t))):
        if not 0 <= (<const Py_ssize_t*>geom)[k] < LARGEST_NUMBER:
            return f"{(<const Py_ssize_t*>geom)[k]} in its geometry"
    if not 0 <= op.parameter < (plan.n_parameters if has_weights(op) else max(plan.n_parameters, 1)):
        return f"parameter {op.parameter} is none of {plan.n_parameters}"
    return KINDS[op.kind].problem(plan, op, tables)


# ---- the order of the ops --------------------------------------------------------------------------

cdef int check_values(const Plan* plan) except -1:
    """Check that every op reads written buffers and overwrites none."""
    cdef const Op* op
    cdef int i
    written = {0}
    complete = {0}
    for i in range(plan.n_ops):
        op = plan.ops + i
        sources = {op.source, op.other} if reads_other(op) else {op.source}
        if not sources <= written:
            raise ValueError(f"op {i} ({op_name(op)}) reads a buffer that is not written yet")
        complete |= sources
        if op.target in (complete if KINDS[op.kind].on_columns else written):
            raise ValueError(f"op {i} ({op_name(op)}) writes over a buffer")
        written.add(op.target)
        if writes_other(op):
            if op.other in written:
                raise ValueError(f"op {i} ({op_name(op)}) writes over a buffer")
            written.add(op.other)
    if plan.buffers[plan.ops[plan.n_ops - 1].target].width != plan.loss.n_outputs:
        raise ValueError(f"the loss has {plan.loss.n_outputs} outputs, but the network ends with "
                         f"{plan.buffers[plan.ops[plan.n_ops - 1].target].width}")
    return 0


cdef bint has_fork(const Plan* plan, int source, int sum) noexcept nogil:
    """Whether some op adds the gradient of the sum to that of the branch, for their common source."""
    cdef int i
    for i in range(plan.n_ops):
        if adds_gradient_of_other(plan.ops + i) and plan.ops[i].source == source and plan.ops[i].other == sum:
            return True
    return False


cdef int check_gradients(const Plan* plan) except -1:
    """Check that every op finds the gradient of its target and overwrites no other gradient."""
    cdef const Op* op
    cdef int i, before, after, last = plan.ops[plan.n_ops - 1].target
    if plan.buffers[last].gradient < 0:
        raise ValueError("the outputs of the network have no gradient")
    holds = {plan.buffers[last].gradient: last}     # gradient -> the buffer it belongs to now
    for i in range(plan.n_ops - 1, -1, -1):
        op = plan.ops + i
        after, before = plan.buffers[op.target].gradient, plan.buffers[op.source].gradient
        if after < 0:
            if before >= 0 or has_weights(op) and (
                    plan.parameters[op.parameter].trained or plan.parameters[op.parameter].biased):
                raise ValueError(f"op {i} ({op_name(op)}) gets no gradient, but something needs it")
            continue
        ready = holds.get(after) == op.target
        if adds_gradient_of_other(op) and before >= 0:
            ready = ready and holds.get(plan.buffers[op.other].gradient) == op.other
        if not ready:
            raise ValueError(f"op {i} ({op_name(op)}) finds the gradient of another buffer")
        if reads_other(op) and plan.buffers[op.other].gradient >= 0 and (
                not has_fork(plan, op.other, op.target)):
            raise ValueError(f"op {i} ({op_name(op)}) adds a buffer whose gradient no fork completes")
        if before < 0:
            continue
        if KINDS[op.kind].gradient_in_place != (before == after):
            raise ValueError(f"op {i} ({op_name(op)}) cannot put its gradient there")
        if holds.get(before) == op.source and not KINDS[op.kind].on_columns:
            raise ValueError(f"op {i} ({op_name(op)}) overwrites the gradient of another op")
        holds[before] = op.source
    return 0
