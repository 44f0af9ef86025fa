# Residual branch: a fork at its start and a sum at its end.
#
#   fork: y = x;          dx = dy + gradient of the sum
#   add:  y = x + other;  dx = dy; the fork adds the gradient of `other`

cdef void fork_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(t.rows):
        memcpy(y.at + r * y.stride, x.at + r * x.stride, t.plan.buffers[op.source].width * sizeof(real))


cdef void fork_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d, Matrix dx) noexcept nogil:
    add_rows(d, gradient_of(t.plan, t.ws, op.other, t.begin), dx, t.rows, t.plan.buffers[op.source].width)


cdef void add_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    add_rows(x, value_of(t.plan, t.ws, op.other, t.begin), y, t.rows, t.plan.buffers[op.target].width)


cdef void add_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d, Matrix dx) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(t.rows):
        memcpy(dx.at + r * dx.stride, d.at + r * d.stride, t.plan.buffers[op.source].width * sizeof(real))


cdef void add_rows(Matrix a, Matrix b, Matrix out, Py_ssize_t rows, Py_ssize_t width) noexcept nogil:
    cdef Py_ssize_t r, j
    for r in range(rows):
        for j in range(width):
            out.at[r * out.stride + j] = a.at[r * a.stride + j] + b.at[r * b.stride + j]


cdef problem_of_branch(const Plan* plan, const Op* op, tables):
    if not is_buffer(plan, op.other) or plan.buffers[op.other].width != plan.buffers[op.source].width:
        return f"buffer {op.other} does not have {plan.buffers[op.source].width} values"
    return problem_of_images(plan, op) or problem_of_kept_shape(plan, op, tables)


kind = new_kind("fork")
kind.other = ADDS_ITS_GRADIENT
kind.reads = reads_nothing
kind.problem = problem_of_branch
kind.forward = fork_op
kind.backward = fork_backward

kind = new_kind("add")
kind.other = READS_OTHER
kind.reads = reads_nothing
kind.problem = problem_of_branch
kind.forward = add_op
kind.backward = add_backward
