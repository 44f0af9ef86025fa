# Layer normalization (Ba, Kiros & Hinton 2016): xhat = (x - mean) / sqrt(var + epsilon), with mean and
# variance of the channels of one pixel. With g = gamma dy and means over the channels:
#
#   y = gamma xhat + beta
#   dx = (g - mean(g) - xhat mean(g xhat)) / sqrt(var + epsilon);  dgamma = sum dy xhat;  dbeta = sum dy

cdef extern from "norm.h" nogil:
    void layer_norm_forward(const real* x, Py_ssize_t stride, Py_ssize_t n, Py_ssize_t c, const real* gamma,
                            const real* beta, real epsilon, real* y, Py_ssize_t y_stride) noexcept
    void layer_norm_backward(const real* x, Py_ssize_t stride, Py_ssize_t n, Py_ssize_t c, const real* gamma,
                             real epsilon, real* dy, Py_ssize_t dy_stride, real* dgamma,
                             real* dbeta) noexcept


cdef void layer_norm_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const real* gamma = t.weights.packed + parameter_of(t, op).weight
    cdef const real* beta = t.weights.packed + parameter_of(t, op).bias
    cdef Py_ssize_t r, c = op.geometry.c, pixels = op.geometry.h * op.geometry.w
    if pixels == 1:
        layer_norm_forward(x.at, x.stride, t.rows, c, gamma, beta, <real>op.epsilon, y.at, y.stride)
        return
    for r in range(t.rows):
        layer_norm_forward(x.at + r * x.stride, c, pixels, c, gamma, beta, <real>op.epsilon,
                           y.at + r * y.stride, c)


# dy becomes dx.
cdef void layer_norm_lane(const Pass* t, const Op* op, Matrix x, Matrix d) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    cdef const real* gamma = t.weights.packed + p.weight
    cdef real* dgamma = t.lane.gradient + p.lane
    cdef real* dbeta = t.lane.gradient + p.lane_bias
    cdef Py_ssize_t r, c = op.geometry.c, pixels = op.geometry.h * op.geometry.w
    begin_channels(p, t.lane)
    if pixels == 1:
        layer_norm_backward(x.at, x.stride, t.rows, c, gamma, <real>op.epsilon, d.at, d.stride, dgamma, dbeta)
        return
    for r in range(t.rows):
        layer_norm_backward(x.at + r * x.stride, c, pixels, c, gamma, <real>op.epsilon,
                            d.at + r * d.stride, c, dgamma, dbeta)


cdef problem_of_epsilon(const Op* op):
    return None if 0 < op.epsilon < INFINITY else f"epsilon={op.epsilon} is not a finite number > 0"


cdef problem_of_norm(const Plan* plan, const Op* op, tables):
    return problem_of_epsilon(op) or problem_of_channels(plan, op, tables)


kind = new_kind("layer_norm")
kind.weights = FROM_LANES
kind.gradient_in_place = True
kind.reads = reads_its_source
kind.problem = problem_of_norm
kind.forward = layer_norm_op
kind.lane_gradient = layer_norm_lane
