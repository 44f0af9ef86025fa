# One learned factor per channel.

# y = s x;  dx = s dy, ds = sum x dy
cdef void scale_forward(const Geometry* geom, const real* x, const real* s, real* y) noexcept nogil:
    cdef Py_ssize_t i, k, c = geom.c
    for i in range(geom.h * geom.w):
        for k in range(c):
            y[k] = s[k] * x[k]
        x += c
        y += c


# dy becomes dx. With two loops, compilers check fewer pairs of arrays for overlap.
cdef void scale_backward(const Geometry* geom, const real* x, const real* s, real* dy,
                         real* ds) noexcept nogil:
    cdef Py_ssize_t i, k, c = geom.c
    for i in range(geom.h * geom.w):
        for k in range(c):
            ds[k] += x[k] * dy[k]
        for k in range(c):
            dy[k] *= s[k]
        x += c
        dy += c


cdef void scale_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const real* s = t.weights.packed + parameter_of(t, op).weight
    cdef Py_ssize_t r
    for r in range(t.rows):
        scale_forward(&op.geometry, x.at + r * x.stride, s, y.at + r * y.stride)


cdef void scale_lane(const Pass* t, const Op* op, Matrix x, Matrix d) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    cdef Py_ssize_t r
    begin_channels(p, t.lane)
    for r in range(t.rows):
        scale_backward(&op.geometry, x.at + r * x.stride, t.weights.packed + p.weight, d.at + r * d.stride,
                       t.lane.gradient + p.lane)


kind = new_kind("scale")
kind.weights = FROM_LANES
kind.gradient_in_place = True
kind.reads = reads_its_source
kind.problem = problem_of_channels
kind.forward = scale_op
kind.lane_gradient = scale_lane
