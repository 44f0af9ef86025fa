# Depthwise convolutions, groups = c = oc: y[p, k] = b[k] + sum over taps t of x[p s + t d, k] W[t, k], and
# its gradients as in convolve.pxi. Whole vectors of channels by depthwise.h, the rest one by one.

cdef extern from "depthwise.h" nogil:
    ctypedef struct Taps2D:
        Py_ssize_t kh, kw, row, column, step, out_step
    void depthwise_row(const real* x, const Taps2D* t, const real* w, Py_ssize_t w_tap, const real* bias,
                       real* y, Py_ssize_t n) noexcept
    void depthwise_gradient_row(const real* x, const Taps2D* t, const real* d, Py_ssize_t n, real* dw,
                                Py_ssize_t w_tap) noexcept


# y = bias + x * w over images of `width` pixels; `turned` takes the kernel the other way round.
cdef void depthwise_image(const Parameter* p, const Geometry* g, const real* packed, const real* bias,
                          const real* x, real* y, Py_ssize_t width, Py_ssize_t oh, Py_ssize_t ow,
                          Py_ssize_t sh, Py_ssize_t sw, bint turned) noexcept nogil:
    cdef Py_ssize_t r, o, k, v, w_tap, c = g.c
    cdef Panel panel
    cdef const real* w
    cdef const real* b
    cdef Taps2D t = Taps2D(g.kh, g.kw, g.dh * width * c, g.dw * c, sw * c, c)
    for v in range(p.vectors):
        panel = get_panel(p.n_in, p.vectors, panel_of(p.vectors, v))
        w_tap = panel.width
        k = v * SKNN_V
        b = NULL
        if bias != NULL:
            b = bias + k
        w = packed + panel.offset + k - panel.begin
        if turned:
            w += (p.n_in - 1) * panel.width
            w_tap = -panel.width
        for r in range(oh):
            if k + SKNN_V <= c:
                depthwise_row(x + r * sh * width * c + k, &t, w, w_tap, b, y + r * ow * c + k, ow)
                continue
            for o in range(ow * (c - k)):
                depthwise_value(&t, x + (r * sh * width + o // (c - k) * sw) * c + k + o % (c - k),
                                w + o % (c - k), w_tap,
                                <real>0 if b == NULL else b[o % (c - k)],
                                y + (r * ow + o // (c - k)) * c + k + o % (c - k))


cdef inline void depthwise_value(const Taps2D* t, const real* x, const real* w, Py_ssize_t w_tap, real bias,
                                 real* y) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef real total = bias
    for i in range(t.kh):
        for j in range(t.kw):
            total += x[i * t.row + j * t.column] * w[(i * t.kw + j) * w_tap]
    y[0] = total


cdef void depthwise_weight_gradient(const Parameter* p, const Geometry* g, Matrix x, Matrix d,
                                    Py_ssize_t rows, real* dW) noexcept nogil:
    cdef Py_ssize_t n, r, i, j, o, k, m, v, c = g.c
    cdef Panel panel
    cdef const real* image
    cdef const real* slope
    cdef real* w
    cdef real total
    cdef Taps2D t = Taps2D(g.kh, g.kw, g.dh * g.w * c, g.dw * c, g.sw * c, c)
    for v in range(p.vectors):
        panel = get_panel(p.n_in, p.vectors, panel_of(p.vectors, v))
        k = v * SKNN_V
        w = dW + panel.offset + k - panel.begin
        for n in range(rows):
            for r in range(g.oh):
                image = x.at + n * x.stride + r * g.sh * g.w * c + k
                slope = d.at + n * d.stride + r * g.ow * c + k
                if k + SKNN_V <= c:
                    depthwise_gradient_row(image, &t, slope, g.ow, w, panel.width)
                    continue
                for i in range(g.kh * g.kw):
                    for m in range(c - k):
                        total = 0
                        for o in range(g.ow):
                            total += (image[i // g.kw * t.row + i % g.kw * t.column + o * t.step + m]
                                      * slope[o * c + m])
                        w[i * panel.width + m] += total


# ---- the op ----------------------------------------------------------------------------------------

cdef void depthwise_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const Geometry* g = &op.geometry
    cdef const Parameter* p = parameter_of(t, op)
    cdef const real* packed = t.weights.packed
    cdef Py_ssize_t r
    for r in range(t.rows):
        depthwise_image(p, g, packed + p.weight, packed + p.bias, x.at + r * x.stride, y.at + r * y.stride,
                        g.w, g.oh, g.ow, g.sh, g.sw, False)


cdef void depthwise_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d,
                             Matrix dx) noexcept nogil:
    cdef const Geometry* g = &op.geometry
    cdef const Parameter* p = parameter_of(t, op)
    cdef real* halo = halo_of(t, op)
    cdef Py_ssize_t r
    for r in range(t.rows):
        depthwise_image(p, g, t.weights.packed + p.weight, NULL, surround(g, d.at + r * d.stride, halo),
                        dx.at + r * dx.stride, g.iw + (g.kw - 1) * g.dw, g.ih, g.iw, 1, 1, True)


cdef void depthwise_lane(const Pass* t, const Op* op, const Lane* lane, Matrix x, Matrix d) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    if p.trained:
        if not lane.accumulate:
            memset(lane.gradient + p.lane, 0, p.n_in * p.vectors * SKNN_V * sizeof(real))
        depthwise_weight_gradient(p, &op.geometry, x, d, t.rows, lane.gradient + p.lane)
    if p.biased:
        image_bias_gradient(&op.geometry, d, t.rows, lane.gradient + p.lane_bias, lane.accumulate,
                            t.w.scratch)


cdef problem_of_depthwise(const Plan* plan, const Op* op, tables):
    cdef const Geometry* g = &op.geometry
    if not g.groups == g.c == g.oc:
        return f"{g.c} and {g.oc} channels in {g.groups} groups"
    return problem_of_convolution(plan, op, tables)


kind = new_kind("depthwise")
kind.weights = FROM_LANES
kind.reads = reads_its_source
kind.problem = problem_of_depthwise
kind.forward = depthwise_op
kind.backward = depthwise_backward
kind.lane_gradient = depthwise_lane
kind.reserve = reserve_halo
