# The pixels of an image sh rows and sw columns apart, in the middle of zeros: what a transposed convolution
# moves over. Its border is and stays zero.
#
#   y[top + i sh, left + j sw] = x[i, j];  dx[i, j] = dy[i sh, j sw], dy without the border

cdef void spread_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const Geometry* g = &op.geometry
    cdef Py_ssize_t r, i, j
    cdef real* row
    for r in range(t.rows):
        for i in range(g.h):
            row = y.at + r * y.stride + ((g.top + i * g.sh) * g.ow + g.left) * g.c
            for j in range(g.w):
                memcpy(row + j * g.sw * g.c, x.at + r * x.stride + (i * g.w + j) * g.c, g.c * sizeof(real))


cdef void spread_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d,
                          Matrix dx) noexcept nogil:
    cdef const Geometry* g = &op.geometry
    cdef Py_ssize_t r, i, j
    for r in range(t.rows):
        for i in range(g.h):
            for j in range(g.w):
                memcpy(dx.at + r * dx.stride + (i * g.w + j) * g.c,
                       d.at + r * d.stride + (i * g.sh * g.iw + j * g.sw) * g.c, g.c * sizeof(real))


cdef problem_of_spread(const Plan* plan, const Op* op, tables):
    cdef const Geometry* g = &op.geometry
    problem = problem_of_images(plan, op)
    if problem:
        return problem
    if g.c != g.oc or min(g.sh, g.sw) < 1 or g.ih != (g.h - 1) * g.sh + 1 or g.iw != (g.w - 1) * g.sw + 1 or (
            g.top + g.ih > g.oh or g.left + g.iw > g.ow):
        return "its pixels do not lie inside of the larger image"
    return None


kind = new_kind("spread")
kind.reads = reads_nothing
kind.problem = problem_of_spread
kind.forward = spread_op
kind.backward = spread_backward
