# Layer normalization (Ba, Kiros & Hinton 2016): xhat = (x - mean) / sqrt(var + epsilon), with mean and
# variance of the channels of one pixel. With g = gamma dy and means over the channels:
#
#   y = gamma xhat + beta
#   dx = (g - mean(g) - xhat mean(g xhat)) / sqrt(var + epsilon);  dgamma = sum dy xhat;  dbeta = sum dy

cdef extern from "norm.h" nogil:
    void layer_norm_pixel(const real* x, const real* gamma, const real* beta, real* y, Py_ssize_t c,
                          real epsilon) noexcept
    void layer_norm_pixel_backward(const real* x, const real* gamma, real* dy, real* dgamma, real* dbeta,
                                   Py_ssize_t c, real epsilon) noexcept


cdef void layer_norm_forward(const Geometry* geom, const real* x, const real* gamma, const real* beta,
                             real* y, double epsilon) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(geom.h * geom.w):
        layer_norm_pixel(x + i * geom.c, gamma, beta, y + i * geom.c, geom.c, <real>epsilon)


# dy becomes dx.
cdef void layer_norm_backward(const Geometry* geom, const real* x, const real* gamma, real* dy, real* dgamma,
                              real* dbeta, double epsilon) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(geom.h * geom.w):
        layer_norm_pixel_backward(x + i * geom.c, gamma, dy + i * geom.c, dgamma, dbeta, geom.c,
                                  <real>epsilon)


cdef void layer_norm_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    cdef const real* packed = t.weights.packed
    cdef Py_ssize_t r
    for r in range(t.rows):
        layer_norm_forward(&op.geometry, x.at + r * x.stride, packed + p.weight, packed + p.bias,
                           y.at + r * y.stride, op.epsilon)


cdef void layer_norm_lane(const Pass* t, const Op* op, const Lane* lane, Matrix x, Matrix d) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    cdef Py_ssize_t r
    begin_channels(p, lane)
    for r in range(t.rows):
        layer_norm_backward(&op.geometry, x.at + r * x.stride, t.weights.packed + p.weight,
                            d.at + r * d.stride, lane.gradient + p.lane, lane.gradient + p.lane_bias,
                            op.epsilon)


cdef problem_of_norm(const Plan* plan, const Op* op, tables):
    if not 0 < op.epsilon < INFINITY:
        return f"epsilon={op.epsilon} is not a finite number > 0"
    return problem_of_channels(plan, op, tables)


kind = new_kind("layer_norm")
kind.weights = FROM_LANES
kind.gradient_in_place = True
kind.reads = reads_its_source
kind.problem = problem_of_norm
kind.forward = layer_norm_op
kind.lane_gradient = layer_norm_lane
