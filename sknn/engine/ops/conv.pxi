# Convolutions: chooses between the kernels in convolve.pxi and in winograd.pxi.

cdef void conv_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    conv_forward(parameter_of(t, op), &op.geometry, t.weights, x, y, t.rows, t.ws.scratch)


cdef void conv_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d, Matrix dx) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    if p.winograd < 0:
        conv_input_gradient(op, p, t.weights.derived, d, dx, t.rows, halo_of(t, op), t.ws.scratch)
        return
    winograd_gradients(p, &op.geometry, t.weights.derived + p.winograd_transposed, x, d, dx, t.rows,
                       winograd_gradient_of(p, op, t.ws, t.lane), t.lane.begun, t.ws.scratch)


# The weight gradient; that of a Winograd convolution is formed with its input gradient, if there is one.
cdef void conv_lane(const Pass* t, const Op* op, Matrix x, Matrix d) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    cdef real* du = winograd_gradient_of(p, op, t.ws, t.lane)
    if du == NULL and p.trained:
        conv_weight_gradient(p, x, d, t.rows, t.lane.gradient + p.lane, t.lane.accumulate)
    elif du != NULL and t.plan.buffers[op.source].gradient < 0:
        winograd_gradients(p, &op.geometry, NULL, x, d, d, t.rows, du, t.lane.begun, t.ws.scratch)
    if p.biased:
        image_bias_gradient(&op.geometry, d, t.rows, t.lane.gradient + p.lane_bias, t.lane.accumulate,
                            t.ws.scratch)


# Where a thread keeps the gradient of U. NULL: it is not wanted, or so few tiles pass at once that the
# products save less than it takes to read and write all of it.
cdef inline real* winograd_gradient_of(const Parameter* p, const Op* op, const Workspace* ws,
                                       const Lane* lane) noexcept nogil:
    if p.trained and p.winograd >= 0 and lane.rows * tiles_of_image(&op.geometry) >= FEW_TILES:
        return ws.halos + op.halo
    return NULL


# Adds the weight gradient that a Winograd convolution keeps until the end of a lane.
cdef void end_conv_lane(const Parameter* p, const Op* op, const Workspace* ws, const Lane* lane,
                        bint accumulate) noexcept nogil:
    cdef const real* du = winograd_gradient_of(p, op, ws, lane)
    if du != NULL:
        winograd_lane(p, &op.geometry, du, lane.gradient + p.lane, accumulate)


cdef void derive_conv_rows(const Parameter* p, const Op* op, Panel panel, const real* packed, real* derived,
                           Py_ssize_t first, Py_ssize_t last, bint backward) noexcept nogil:
    if p.winograd < 0 and (backward or p.forward.offset >= 0):
        derive_conv(p, &op.geometry, panel, packed, derived, first, last, backward)


# Derived weights that need all taps of a kernel, one share.
cdef void derive_conv_share(const Parameter* p, const Op* op, const real* packed, real* derived, int share,
                            int n_shares, bint backward) noexcept nogil:
    cdef Py_ssize_t c = op.geometry.c
    if p.winograd >= 0:
        derive_winograd(p, &op.geometry, packed, derived, share_of(c, share, n_shares),
                        share_of(c, share + 1, n_shares), backward)


# First channel of a share: an even one, as a share rounds pairs.
cdef inline Py_ssize_t share_of(Py_ssize_t c, int share, int n_shares) noexcept nogil:
    return c if share == n_shares else c * share // n_shares // 2 * 2


cdef enum:
    # With fewer input channels in each group, rounding costs what the products save.
    ROUNDED_CHANNELS = 16


cdef int lay_out_conv_forward(Plan* plan, const Op* op) except -1:
    """Reserve the forward layout, if it is not the packed weights themselves."""
    cdef const Geometry* geom = &op.geometry
    cdef Parameter* p = plan.parameters + op.parameter
    p.forward = conv_layout(geom.w, geom.c // geom.groups, geom.oh, geom.ow, geom.oc // geom.groups, geom,
                            geom.sh, geom.sw)
    if p.forward.channels < ROUNDED_CHANNELS:
        p.rounding = NULL
    p.forward.inner.rounding = p.rounding
    if prefers_winograd(p, geom):
        plan.winograd = True
        p.winograd = plan.n_derived
        plan.n_derived += SKNN_POSITIONS * geom.c * p.vectors * SKNN_V
        if p.rounding != NULL:
            p.words = plan.n_derived
            plan.n_derived += SKNN_POSITIONS * depth_of(p, geom.c) * p.vectors * SKNN_V
    elif is_derived(&p.forward):
        p.forward.offset = plan.n_derived
        p.forward.bias = plan.n_derived + whole_lines(p.forward.n_values)
        plan.n_derived = p.forward.bias + whole_lines(geom.groups * p.forward.vectors * SKNN_V)
    return 0


cdef int lay_out_conv_backward(Plan* plan, const Op* op) except -1:
    cdef Parameter* p = plan.parameters + op.parameter
    if p.winograd >= 0:
        p.winograd_transposed = plan.n_derived
        plan.n_derived += SKNN_POSITIONS * depth_of(p, op.geometry.oc) * n_vectors(op.geometry.c) * SKNN_V
        return 0
    if prefers_scatter(&op.geometry):
        p.backward = scatter_layout(&op.geometry)
    else:
        p.backward = flipped_layout(&op.geometry)
    p.backward.inner.rounding = p.rounding
    p.backward.offset = plan.n_derived
    plan.n_derived += whole_lines(p.backward.n_values)
    return 0


cdef int reserve_conv(Plan* plan, Op* op) except -1:
    cdef const Parameter* p = plan.parameters + op.parameter
    if p.winograd < 0:
        return reserve_halo(plan, op)
    plan.scratch = max(plan.scratch, winograd_scratch(p, &op.geometry))
    if p.trained:
        op.halo = plan.halos
        plan.halos += SKNN_POSITIONS * op.geometry.c * p.vectors * SKNN_V
    return 0


cdef Py_ssize_t work_of_conv(const Parameter* p, const Op* op) noexcept nogil:
    return p.forward.n_values * p.forward.oh * p.forward.steps


cdef problem_of_convolution(const Plan* plan, const Op* op, tables):
    cdef const Geometry* geom = &op.geometry
    problem = problem_of_images(plan, op)
    if problem:
        return problem
    if geom.groups < 1 or geom.c % geom.groups or geom.oc % geom.groups:
        return f"{geom.c} and {geom.oc} channels in {geom.groups} groups"
    if not (windows_fit(geom.h, geom.oh, geom.kh, geom.sh, geom.dh)
            and windows_fit(geom.w, geom.ow, geom.kw, geom.sw, geom.dw)):
        return "its windows do not fit on the image"
    if min(geom.ih, geom.iw) < 1 or geom.top + geom.ih > geom.h or geom.left + geom.iw > geom.w:
        return "the image is not inside of the padded one"
    return problem_of_weights(plan.parameters + op.parameter, geom.kh * geom.kw * (geom.c // geom.groups),
                              geom.oc)


cdef bint windows_fit(Py_ssize_t size, Py_ssize_t n, Py_ssize_t kernel, Py_ssize_t stride,
                      Py_ssize_t dilation) noexcept nogil:
    """Whether n windows fit into an axis of this size."""
    return min(kernel, stride, dilation) >= 1 and (n - 1) * stride + (kernel - 1) * dilation < size


kind = new_kind("conv")
kind.weights = FROM_LANES
kind.is_matrix = True
kind.reads = reads_its_source
kind.problem = problem_of_convolution
kind.forward = conv_op
kind.backward = conv_backward
kind.lane_gradient = conv_lane
kind.end_lane = end_conv_lane
kind.derive = derive_conv_rows
kind.derive_bias = derive_bias
kind.derive_share = derive_conv_share
kind.lay_out_forward = lay_out_conv_forward
kind.lay_out_backward = lay_out_conv_backward
kind.reserve = reserve_conv
kind.work = work_of_conv
