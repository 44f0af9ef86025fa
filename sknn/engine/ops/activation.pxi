# Activation as a separate op; the functions are in activation.pxi.

# Rows of equal stride are processed in one loop, with their padding.
cdef void activate(const Op* op, Matrix x, Matrix y, Py_ssize_t rows, Py_ssize_t width) noexcept nogil:
    cdef Py_ssize_t r
    if x.stride == y.stride:
        activation_forward(op.activation, <real>op.alpha, x.at, y.at, rows * y.stride)
        return
    for r in range(rows):
        activation_forward(op.activation, <real>op.alpha, x.at + r * x.stride, y.at + r * y.stride, width)


cdef void activate_backward(const Op* op, Matrix x, Matrix y, Matrix d, Py_ssize_t rows,
                            Py_ssize_t width) noexcept nogil:
    cdef Py_ssize_t r
    if x.stride == y.stride and y.stride == d.stride:
        activation_backward(op.activation, <real>op.alpha, x.at, y.at, d.at, rows * d.stride)
        return
    for r in range(rows):
        activation_backward(op.activation, <real>op.alpha, x.at + r * x.stride, y.at + r * y.stride,
                            d.at + r * d.stride, width)


cdef void activation_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    activate(op, x, y, t.rows, t.plan.buffers[op.target].width)


cdef void activation_op_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d,
                                 Matrix dx) noexcept nogil:
    activate_backward(op, x, y, d, t.rows, t.plan.buffers[op.target].width)


cdef int reads_of_activation(const Op* op) noexcept nogil:
    return READS_SOURCE if needs_input(op.activation) else READS_TARGET


cdef problem_of_activation(const Plan* plan, const Op* op, tables):
    return problem_of_alpha(op) or problem_of_kept_shape(plan, op, tables)


kind = new_kind("activation")
kind.in_place = kind.gradient_in_place = True
kind.reads = reads_of_activation
kind.problem = problem_of_activation
kind.forward = activation_op
kind.backward = activation_op_backward
