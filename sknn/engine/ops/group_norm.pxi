# Group normalization (Wu & He 2018): xhat = (x - mean) / sqrt(var + epsilon), with mean and variance over all
# pixels of a group of neighboring channels of one image. With means over a group:
#
#   y = gamma xhat + beta
#   dx = (g - mean(g) - xhat mean(g xhat)) / sqrt(var + epsilon), g = gamma dy
#   dgamma = sum over images and pixels of dy xhat;  dbeta = sum of dy

# Replaces each channel's sum by the mean over its group; a group has `n` values.
cdef inline void share_sums(const Geometry* geom, real* sums, double n) noexcept nogil:
    cdef Py_ssize_t i, k, width = geom.c // geom.groups
    cdef double total
    for i in range(geom.groups):
        total = 0
        for k in range(i * width, (i + 1) * width):
            total += sums[k]
        for k in range(i * width, (i + 1) * width):
            sums[k] = <real>(total / n)


# Mean and 1 / sqrt(var + epsilon) of each channel's group, for one image.
cdef void group_moments(const Geometry* geom, const real* x, double epsilon, real* mean,
                        real* scale) noexcept nogil:
    cdef Py_ssize_t i, k, c = geom.c, pixels = geom.h * geom.w
    cdef double n = <double>pixels * (c // geom.groups)
    memset(mean, 0, c * sizeof(real))
    memset(scale, 0, c * sizeof(real))
    for i in range(pixels):
        for k in range(c):
            mean[k] += x[i * c + k]
    share_sums(geom, mean, n)
    for i in range(pixels):
        for k in range(c):
            scale[k] += (x[i * c + k] - mean[k]) * (x[i * c + k] - mean[k])
    share_sums(geom, scale, n)
    for k in range(c):
        scale[k] = <real>(1 / sqrt(scale[k] + epsilon))


# dy becomes dx; adds the weight gradients of one image. `scratch` holds four values per channel.
cdef void group_norm_backward(const Geometry* geom, const real* x, const real* gamma, real* dy, real* dgamma,
                              real* dbeta, double epsilon, real* scratch) noexcept nogil:
    cdef Py_ssize_t i, k, c = geom.c, pixels = pixels_of(geom), line = padded(geom)
    cdef double n = <double>pixels * (c // geom.groups)
    cdef real* mean = scratch
    cdef real* scale = scratch + line
    cdef real* d = scratch + 2 * line
    cdef real* dxhat = scratch + 3 * line
    group_moments(geom, x, epsilon, mean, scale)
    memset(d, 0, 2 * line * sizeof(real))
    batch_norm_sums(x, pixels, c, mean, scale, dy, dxhat, d)
    for k in range(c):
        dbeta[k] += d[k]
        dgamma[k] += dxhat[k]
        d[k] *= gamma[k]
        dxhat[k] *= gamma[k]
    share_sums(geom, d, n)
    share_sums(geom, dxhat, n)
    for i in range(pixels):
        for k in range(c):
            dy[i * c + k] = scale[k] * (gamma[k] * dy[i * c + k] - d[k]
                                        - (x[i * c + k] - mean[k]) * scale[k] * dxhat[k])


cdef void group_norm_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    cdef real* mean = t.ws.scratch
    cdef real* scale = t.ws.scratch + padded(&op.geometry)
    cdef Py_ssize_t r
    for r in range(t.rows):
        group_moments(&op.geometry, x.at + r * x.stride, op.epsilon, mean, scale)
        batch_norm_forward(x.at + r * x.stride, pixels_of(&op.geometry), op.geometry.c, mean, scale,
                           t.weights.packed + p.weight, t.weights.packed + p.bias, y.at + r * y.stride)


cdef void group_norm_lane(const Pass* t, const Op* op, Matrix x, Matrix d) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    cdef Py_ssize_t r
    begin_channels(p, t.lane)
    for r in range(t.rows):
        group_norm_backward(&op.geometry, x.at + r * x.stride, t.weights.packed + p.weight,
                            d.at + r * d.stride, t.lane.gradient + p.lane, t.lane.gradient + p.lane_bias,
                            op.epsilon, t.ws.scratch)


cdef int reserve_group_norm(Plan* plan, Op* op) except -1:
    plan.scratch = max(plan.scratch, 4 * padded(&op.geometry))
    return 0


cdef problem_of_group_norm(const Plan* plan, const Op* op, tables):
    if op.geometry.groups < 1 or op.geometry.c % op.geometry.groups:
        return f"{op.geometry.c} channels in {op.geometry.groups} groups"
    return problem_of_norm(plan, op, tables)


kind = new_kind("group_norm")
kind.weights = FROM_LANES
kind.gradient_in_place = True
kind.reads = reads_its_source
kind.problem = problem_of_group_norm
kind.forward = group_norm_op
kind.lane_gradient = group_norm_lane
kind.reserve = reserve_group_norm
