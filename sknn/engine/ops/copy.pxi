# Columns: g.c columns of x from `first` on become g.oc columns of y from `to` on. This op copies them:
# y = x;  dx = dy

cdef void copy_columns(Matrix x, Py_ssize_t x_first, Matrix y, Py_ssize_t y_first, Py_ssize_t width,
                       Py_ssize_t rows) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(rows):
        memcpy(y.at + r * y.stride + y_first, x.at + r * x.stride + x_first, width * sizeof(real))


cdef void copy_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    copy_columns(x, op.geometry.first, y, op.geometry.to, op.geometry.c, t.rows)


cdef void copy_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d, Matrix dx) noexcept nogil:
    copy_columns(d, op.geometry.to, dx, op.geometry.first, op.geometry.c, t.rows)


cdef problem_of_columns(const Plan* plan, const Op* op):
    """Return what is wrong with the columns of an op, or None."""
    cdef const Geometry* geom = &op.geometry
    cdef Py_ssize_t n_in = plan.buffers[op.source].width, n_out = plan.buffers[op.target].width
    if min(geom.c, geom.oc) < 1 or geom.first + geom.c > n_in or geom.to + geom.oc > n_out:
        return (f"{geom.c} columns from {geom.first} and {geom.oc} from {geom.to} do not fit on {n_in} and "
                f"{n_out}")
    return None


cdef problem_of_copy(const Plan* plan, const Op* op, tables):
    problem = problem_of_columns(plan, op)
    if problem or op.geometry.c == op.geometry.oc:
        return problem
    return f"{op.geometry.c} columns become {op.geometry.oc}"


kind = new_kind("copy")
kind.on_columns = True
kind.reads = reads_nothing
kind.problem = problem_of_copy
kind.forward = copy_op
kind.backward = copy_backward
