# Inserts zeros between the pixels of an image, for transposed convolutions: strides sh, sw, and a border that
# stays zero.
#
#   y[top + i sh, left + j sw] = x[i, j];  dx[i, j] = dy[i sh, j sw] (dy without the border)

cdef void spread_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const Geometry* geom = &op.geometry
    cdef Py_ssize_t r, i, j
    cdef real* row
    for r in range(t.rows):
        for i in range(geom.h):
            row = y.at + r * y.stride + ((geom.top + i * geom.sh) * geom.ow + geom.left) * geom.c
            for j in range(geom.w):
                memcpy(row + j * geom.sw * geom.c, x.at + r * x.stride + (i * geom.w + j) * geom.c,
                       geom.c * sizeof(real))


cdef void spread_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d,
                          Matrix dx) noexcept nogil:
    cdef const Geometry* geom = &op.geometry
    cdef Py_ssize_t r, i, j
    for r in range(t.rows):
        for i in range(geom.h):
            for j in range(geom.w):
                memcpy(dx.at + r * dx.stride + (i * geom.w + j) * geom.c,
                       d.at + r * d.stride + (i * geom.sh * geom.iw + j * geom.sw) * geom.c,
                       geom.c * sizeof(real))


cdef problem_of_spread(const Plan* plan, const Op* op, tables):
    cdef const Geometry* geom = &op.geometry
    problem = problem_of_images(plan, op)
    if problem:
        return problem
    if (geom.c != geom.oc or min(geom.sh, geom.sw) < 1
            or geom.ih != (geom.h - 1) * geom.sh + 1 or geom.iw != (geom.w - 1) * geom.sw + 1
            or geom.top + geom.ih > geom.oh or geom.left + geom.iw > geom.ow):
        return "its pixels do not lie inside of the larger image"
    return None


kind = new_kind("spread")
kind.reads = reads_nothing
kind.problem = problem_of_spread
kind.forward = spread_op
kind.backward = spread_backward
