# Depthwise convolutions, groups = c = oc: y[p, k] = b[k] + sum over taps t of x[p s + t d, k] W[t, k].
# Gradients as in convolve.pxi. Whole vectors of channels use depthwise.h; the remaining channels are
# scalar.

cdef extern from "depthwise.h" nogil:
    ctypedef struct Taps2D:
        Py_ssize_t kh, kw, row, column, step, out_step
    void depthwise_row(const real* x, const Taps2D* t, const real* w, Py_ssize_t w_tap, const real* bias,
                       real* y, Py_ssize_t n) noexcept
    void depthwise_gradient_row(const real* x, const Taps2D* t, const real* d, Py_ssize_t n, real* dw,
                                Py_ssize_t w_tap) noexcept


# y = bias + x * w over images of `width` pixels, with the kernel flipped if `flipped`.
cdef void depthwise_image(const Parameter* p, const Geometry* geom, const real* packed, const real* bias,
                          const real* x, real* y, Py_ssize_t width, Py_ssize_t oh, Py_ssize_t ow,
                          Py_ssize_t sh, Py_ssize_t sw, bint flipped) noexcept nogil:
    cdef Py_ssize_t r, o, k, v, w_tap, c = geom.c
    cdef Panel panel
    cdef const real* w
    cdef const real* b
    cdef Taps2D t = Taps2D(geom.kh, geom.kw, geom.dh * width * c, geom.dw * c, sw * c, c)
    for v in range(p.vectors):
        panel = get_panel(p.n_in, p.vectors, panel_of(p.vectors, v))
        w_tap = panel.width
        k = v * SKNN_V
        b = NULL
        if bias != NULL:
            b = bias + k
        w = packed + panel.offset + k - panel.begin
        if flipped:
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


cdef void depthwise_weight_gradient(const Parameter* p, const Geometry* geom, Matrix x, Matrix d,
                                    Py_ssize_t rows, real* dW) noexcept nogil:
    cdef Py_ssize_t n, r, i, j, o, k, m, v, c = geom.c
    cdef Panel panel
    cdef const real* image
    cdef const real* dy
    cdef real* w
    cdef real total
    cdef Taps2D t = Taps2D(geom.kh, geom.kw, geom.dh * geom.w * c, geom.dw * c, geom.sw * c, c)
    for v in range(p.vectors):
        panel = get_panel(p.n_in, p.vectors, panel_of(p.vectors, v))
        k = v * SKNN_V
        w = dW + panel.offset + k - panel.begin
        for n in range(rows):
            for r in range(geom.oh):
                image = x.at + n * x.stride + r * geom.sh * geom.w * c + k
                dy = d.at + n * d.stride + r * geom.ow * c + k
                if k + SKNN_V <= c:
                    depthwise_gradient_row(image, &t, dy, geom.ow, w, panel.width)
                    continue
                for i in range(geom.kh * geom.kw):
                    for m in range(c - k):
                        total = 0
                        for o in range(geom.ow):
                            total += (image[i // geom.kw * t.row + i % geom.kw * t.column + o * t.step + m]
                                      * dy[o * c + m])
                        w[i * panel.width + m] += total


# ---- the op ----------------------------------------------------------------------------------------

cdef void depthwise_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const Geometry* geom = &op.geometry
    cdef const Parameter* p = parameter_of(t, op)
    cdef const real* packed = t.weights.packed
    cdef Py_ssize_t r
    for r in range(t.rows):
        depthwise_image(p, geom, packed + p.weight, packed + p.bias, x.at + r * x.stride, y.at + r * y.stride,
                        geom.w, geom.oh, geom.ow, geom.sh, geom.sw, False)


cdef void depthwise_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d,
                             Matrix dx) noexcept nogil:
    cdef const Geometry* geom = &op.geometry
    cdef const Parameter* p = parameter_of(t, op)
    cdef real* halo = halo_of(t, op)
    cdef Py_ssize_t r
    for r in range(t.rows):
        depthwise_image(p, geom, t.weights.packed + p.weight, NULL, surround(geom, d.at + r * d.stride, halo),
                        dx.at + r * dx.stride, geom.iw + (geom.kw - 1) * geom.dw, geom.ih, geom.iw, 1, 1,
                        True)


cdef void depthwise_lane(const Pass* t, const Op* op, Matrix x, Matrix d) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    if p.trained:
        if not t.lane.accumulate:
            memset(t.lane.gradient + p.lane, 0, p.n_in * p.vectors * SKNN_V * sizeof(real))
        depthwise_weight_gradient(p, &op.geometry, x, d, t.rows, t.lane.gradient + p.lane)
    if p.biased:
        image_bias_gradient(&op.geometry, d, t.rows, t.lane.gradient + p.lane_bias, t.lane.accumulate,
                            t.ws.scratch)


cdef problem_of_depthwise(const Plan* plan, const Op* op, tables):
    cdef const Geometry* geom = &op.geometry
    if not geom.groups == geom.c == geom.oc:
        return f"{geom.c} and {geom.oc} channels in {geom.groups} groups"
    return problem_of_convolution(plan, op, tables)


kind = new_kind("depthwise")
kind.weights = FROM_LANES
kind.reads = reads_its_source
kind.problem = problem_of_depthwise
kind.forward = depthwise_op
kind.backward = depthwise_backward
kind.lane_gradient = depthwise_lane
kind.reserve = reserve_halo
