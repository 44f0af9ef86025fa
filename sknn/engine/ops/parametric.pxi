# Parametric activations: a learned interpolation between the identity and an activation, for each channel.

# y = x + a (f(x) - x);  dx = ((1 - a) + a f'(x)) dy, da = sum (f(x) - x) dy, f being the activation
cdef void parametric_forward(int code, real alpha, const Geometry* geom, const real* x, const real* a,
                             real* y) noexcept nogil:
    cdef Py_ssize_t i, k, c = geom.c
    activation_forward(code, alpha, x, y, geom.h * geom.w * c)
    for i in range(geom.h * geom.w):
        for k in range(c):
            y[k] = x[k] + a[k] * (y[k] - x[k])
        x += c
        y += c


# dy becomes dx; `f` and `df` hold an image each.
cdef void parametric_backward(int code, real alpha, const Geometry* geom, const real* x, const real* a,
                              real* dy, real* da, real* f, real* df) noexcept nogil:
    cdef Py_ssize_t i, k, c = geom.c, size = geom.h * geom.w * c
    memcpy(df, dy, size * sizeof(real))
    activation_both(code, alpha, x, f, df, size)
    for i in range(geom.h * geom.w):
        for k in range(c):
            da[k] += (f[k] - x[k]) * dy[k]
        for k in range(c):
            dy[k] += a[k] * (df[k] - dy[k])
        x += c
        dy += c
        f += c
        df += c


cdef void parametric_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const real* a = t.weights.packed + parameter_of(t, op).weight
    cdef Py_ssize_t r
    for r in range(t.rows):
        parametric_forward(op.activation, <real>op.alpha, &op.geometry, x.at + r * x.stride, a,
                           y.at + r * y.stride)


cdef void parametric_lane(const Pass* t, const Op* op, Matrix x, Matrix d) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    cdef real* df = t.ws.scratch + whole_lines(t.plan.buffers[op.source].width)
    cdef Py_ssize_t r
    begin_channels(p, t.lane)
    for r in range(t.rows):
        parametric_backward(op.activation, <real>op.alpha, &op.geometry, x.at + r * x.stride,
                            t.weights.packed + p.weight, d.at + r * d.stride, t.lane.gradient + p.lane,
                            t.ws.scratch, df)


cdef int reserve_parametric(Plan* plan, Op* op) except -1:
    plan.scratch = max(plan.scratch, 2 * whole_lines(plan.buffers[op.source].width))
    return 0


cdef problem_of_parametric(const Plan* plan, const Op* op, tables):
    return problem_of_alpha(op) or problem_of_channels(plan, op, tables)


kind = new_kind("parametric")
kind.weights = FROM_LANES
kind.gradient_in_place = True
kind.reads = reads_its_source
kind.problem = problem_of_parametric
kind.forward = parametric_op
kind.lane_gradient = parametric_lane
kind.reserve = reserve_parametric
