# Forward and backward passes of some rows through a sequence of ops.

# Ops first..last on rows [begin, begin + rows) of a workspace. `samples` are the indices of these rows in x
# (for CSR rows and dropout masks). `next` is prefetched during the first product.
cdef void forward_rows(const Plan* plan, const Workspace* ws, const Weights* weights, const Input* x,
                       const Py_ssize_t* samples, bint training, int first, int last, Py_ssize_t begin,
                       Py_ssize_t rows, const Prefetch* next) noexcept nogil:
    cdef Pass t = Pass(plan, ws, weights, x, samples, begin, rows, training, next, NULL)
    cdef const Op* op
    cdef int i
    for i in range(first, last):
        op = plan.ops + i
        KINDS[op.kind].forward(&t, op, value_of(plan, ws, op.source, begin),
                               value_of(plan, ws, op.target, begin))


# The gradients of ops first..last, given that of the last target.
cdef void backward_rows(const Plan* plan, const Workspace* ws, const Weights* weights,
                        const Py_ssize_t* samples, int first, int last, Py_ssize_t begin, Py_ssize_t rows,
                        const Lane* lane) noexcept nogil:
    cdef Pass t = Pass(plan, ws, weights, NULL, samples, begin, rows, True, NULL, lane)
    cdef int i
    for i in range(last - 1, first - 1, -1):
        backward_op(&t, plan.ops + i)


cdef void backward_op(const Pass* t, const Op* op) noexcept nogil:
    cdef const Kind* kind = KINDS + op.kind
    cdef Matrix x, d
    if t.plan.buffers[op.target].gradient < 0:
        return
    x, d = value_of(t.plan, t.ws, op.source, t.begin), gradient_of(t.plan, t.ws, op.target, t.begin)
    if kind.lane_gradient != NULL:
        kind.lane_gradient(t, op, x, d)
    if kind.backward != NULL and t.plan.buffers[op.source].gradient >= 0:
        kind.backward(t, op, x, value_of(t.plan, t.ws, op.target, t.begin), d,
                      gradient_of(t.plan, t.ws, op.source, t.begin))


# Adds what ops first..last keep until the end of a lane's pass.
cdef void end_lane(const Plan* plan, const Workspace* ws, int first, int last, const Lane* lane,
                   bint accumulate) noexcept nogil:
    cdef const Op* op
    cdef int i
    for i in range(first, last):
        op = plan.ops + i
        if KINDS[op.kind].end_lane != NULL:
            KINDS[op.kind].end_lane(plan.parameters + op.parameter, op, ws, lane, accumulate)
