# Program: a network lowered to buffers, parameters and ops. It holds no weights and is immutable. The forward
# pass takes the fitted arrays and allocates its own memory, so several Python threads may share a Program.
# Trainer (trainer.pxi) adds weights and training steps.

cdef inline bint has_lane(const Op* op) noexcept nogil:
    return KINDS[op.kind].weights == FROM_LANES


cdef inline Py_ssize_t rows_of_task(const Op* op, const Parameter* p) noexcept nogil:
    """Rows of weights whose gradient is formed together."""
    return p.n_in if KINDS[op.kind].whole_panels else TASK_ROWS


cdef int numbered(names, name, what) except -1:
    if name not in names:
        raise ValueError(f"there is no {what} {name!r}; there are {', '.join(names)}")
    return names[name]


cdef class Program:
    """A lowered network.

    Parameters
    ----------
    ops : list of Op
    buffers : list of Buffer
    parameters : list of Parameter
        These are of :mod:`sknn.plan`.
    loss : (kind, group_sizes, option, value_scale, gradient_scale)
        `group_sizes` holds the classes of each softmax, or one number: the outputs.
    tables : list of ndarray (2 T, c)
        Constants of ops: the bins of piecewise linear embeddings.
    bfloat16 : bool
        Whether products of dense layers and convolutions round their factors to bfloat16.
    pairs : bool
        Whether rounded factors are multiplied in pairs, where the processor can; the bits are the same.
    """

    cdef Plan plan

    def __cinit__(self, ops, buffers, parameters, loss, tables=(), bint bfloat16=False, bint pairs=True):
        cdef Plan* plan = &self.plan
        cdef int i
        plan.bfloat16 = bfloat16
        plan.n_ops = len(ops)
        plan.n_buffers = len(buffers)
        plan.n_parameters = len(parameters)
        plan.n_gradients = 1 + max(buffer.gradient for buffer in buffers)
        if plan.n_gradients > plan.n_buffers:
            raise ValueError(f"{plan.n_gradients} gradients for {plan.n_buffers} buffers")
        plan.ops = <Op*>calloc(plan.n_ops + 1, sizeof(Op))
        plan.buffers = <Buffer*>calloc(plan.n_buffers, sizeof(Buffer))
        plan.parameters = <Parameter*>calloc(plan.n_parameters + 1, sizeof(Parameter))
        plan.gradient_strides = <Py_ssize_t*>calloc(plan.n_gradients + 1, sizeof(Py_ssize_t))
        plan.gradient_segments = <int*>calloc(plan.n_gradients + 1, sizeof(int))
        plan.segments = <Segment*>calloc(plan.n_ops + 2, sizeof(Segment))
        plan.loss.group_sizes = <Py_ssize_t*>calloc(len(loss[1]) + 1, sizeof(Py_ssize_t))
        if (plan.ops == NULL or plan.buffers == NULL or plan.parameters == NULL
                or plan.gradient_strides == NULL or plan.gradient_segments == NULL
                or plan.segments == NULL or plan.loss.group_sizes == NULL):
            raise MemoryError("the network does not fit in memory")
        for i, op in enumerate(ops):
            self._take_op(plan.ops + i, op)
        for i, buffer in enumerate(buffers):
            plan.buffers[i] = Buffer(buffer.width, 0, buffer.gradient, -1)
        for i, parameter in enumerate(parameters):
            self._take_parameter(plan.parameters + i, parameter)
            if bfloat16:
                plan.parameters[i].rounding = rounding_of(pairs)
        self._take_loss(loss)
        check_plan(plan, tables)
        for i in range(plan.n_ops):
            if KINDS[plan.ops[i].kind].has_table:
                self._take_bins(plan.ops + i, tables[plan.ops[i].table])
        share_buffers(plan)
        self._lay_out_buffers()
        self._lay_out_parameters()
        self._lay_out_images()

    cdef _take_op(self, Op* op, given):
        op.kind = numbered(OPS, given.kind, "op")
        op.source, op.target, op.other = given.source, given.target, given.other
        op.parameter, op.table, op.mask = given.parameter, given.table, given.mask
        op.activation = numbered(ACTIVATIONS, given.activation, "activation")
        op.alpha = given.alpha
        op.n_frequencies, op.drop_rate = given.n_frequencies, given.drop_rate
        op.counts_padding = given.counts_padding
        op.epsilon, op.momentum = given.epsilon, given.momentum
        op.halo = -1
        if given.geometry is not None:
            g = given.geometry
            op.geometry = Geometry(g.h, g.w, g.c, g.oh, g.ow, g.oc, g.kh, g.kw, g.sh, g.sw, g.dh, g.dw,
                                   g.top, g.left, g.bottom, g.right, g.groups, g.ih, g.iw, g.first, g.to)

    cdef _take_parameter(self, Parameter* p, given):
        p.n_in, p.n_out, p.vectors = given.n_in, given.n_out, n_vectors(given.n_out)
        p.decays, p.trained, p.biased = given.decays, given.trained, given.biased
        p.rate_factor, p.bias_rate_factor = given.rate_factor, given.bias_rate_factor
        p.decay_factor = given.decay_factor
        p.words = p.transposed = p.lane = p.forward.offset = p.backward.offset = -1
        p.winograd = p.winograd_transposed = -1
        p.transposed_vectors = n_vectors(given.n_in)

    cdef _take_bins(self, Op* op, table):
        """Copy the bins; the copy can be read one vector past its end."""
        cdef const double[::1] values = table.ravel()
        cdef Py_ssize_t i
        op.bins = <real*>aligned_zeros((values.shape[0] + SKNN_V) * sizeof(real))
        if op.bins == NULL:
            raise MemoryError("the network does not fit in memory")
        for i in range(values.shape[0]):
            op.bins[i] = <real>values[i]

    cdef _lay_out_buffers(self):
        """Set strides, segments, and which buffers hold a whole block."""
        cdef Plan* plan = &self.plan
        cdef Op* op
        cdef int i, k
        for i in range(plan.n_buffers):
            plan.buffers[i].stride = row_stride(plan.buffers[i].width)
        for i in range(plan.n_ops):
            op = plan.ops + i
            if op.geometry.c > 0:   # the last row of a tile may overhang the end of an image
                plan.images = True
                for k in (op.source, op.target, op.other if writes_other(op) else op.target):
                    plan.buffers[k].stride = row_stride(plan.buffers[k].width + SKNN_SPARE)
            if KINDS[op.kind].cuts:
                plan.n_segments += 1
                plan.segments[plan.n_segments].first = i
        plan.n_segments += 1
        plan.segments[plan.n_segments].first = plan.n_ops
        for i in range(plan.n_buffers):
            k = plan.buffers[i].gradient
            if k >= 0:
                plan.gradient_strides[k] = max(plan.gradient_strides[k], plan.buffers[i].stride)
        if find_segments(plan) < 0:
            raise MemoryError("the network does not fit in memory")

    cdef _lay_out_parameters(self):
        """Set offsets of weights, biases and derived weights."""
        cdef Plan* plan = &self.plan
        cdef Parameter* p
        cdef int i
        for fitted in (False, True):    # prediction of a few rows packs only the first ones
            for i in range(plan.n_ops):
                p = plan.parameters + plan.ops[i].parameter
                if has_weights(plan.ops + i) and fitted == KINDS[plan.ops[i].kind].fitted:
                    p.fitted = fitted
                    self._lay_out_parameter(p)
            if not fitted:
                plan.n_packed = plan.n_values
        for i in range(plan.n_ops):
            if KINDS[plan.ops[i].kind].lay_out_forward != NULL:
                KINDS[plan.ops[i].kind].lay_out_forward(plan, plan.ops + i)
        plan.n_forward = plan.n_derived
        for i in range(plan.n_ops):
            if (KINDS[plan.ops[i].kind].lay_out_backward != NULL
                    and plan.buffers[plan.ops[i].source].gradient >= 0):
                KINDS[plan.ops[i].kind].lay_out_backward(plan, plan.ops + i)

    cdef _lay_out_parameter(self, Parameter* p):
        cdef Plan* plan = &self.plan
        p.weight = plan.n_values
        p.bias = p.weight + whole_lines(p.n_in * p.vectors * SKNN_V)
        plan.n_values = p.bias + whole_lines(p.vectors * SKNN_V)

    cdef _lay_out_images(self):
        """Set sizes of lanes, halos, moments and scratch memory."""
        cdef Plan* plan = &self.plan
        cdef Parameter* p
        cdef Op* op
        cdef Geometry* geom
        cdef int i
        plan.scratch = whole_lines(plan.buffers[0].width)
        for i in range(plan.n_ops):
            op = plan.ops + i
            geom = &op.geometry
            p = plan.parameters + op.parameter
            if has_lane(op):
                p.lane = plan.lane_values
                plan.lane_values += whole_lines(max(p.forward.n_values, p.n_in * p.vectors * SKNN_V))
                p.lane_bias = plan.lane_values
                plan.lane_values += whole_lines(p.vectors * SKNN_V)
                plan.scratch = max(plan.scratch, 2 * whole_lines(geom.c), whole_lines(geom.ow * geom.oc),
                                   max(p.forward.steps, p.backward.steps) * SKNN_SPARE)
            if KINDS[op.kind].reserve != NULL:
                KINDS[op.kind].reserve(plan, op)

    cdef _take_loss(self, parts):
        cdef Loss* loss = &self.plan.loss
        kind, group_sizes, option, value_scale, gradient_scale = parts
        loss.kind = kind
        loss.n_groups = len(group_sizes)
        loss.n_outputs = sum(group_sizes)
        for i, size in enumerate(group_sizes):
            loss.group_sizes[i] = size
        loss.option = option if np.ndim(option) == 0 else 0
        loss.quantiles = <double*>calloc(loss.n_outputs + 1, sizeof(double))
        if loss.quantiles == NULL:
            raise MemoryError("the network has too many outputs")
        for i, quantile in enumerate(np.broadcast_to(option, loss.n_outputs)):
            loss.quantiles[i] = quantile
        loss.value_scale = value_scale
        loss.gradient_scale = gradient_scale

    def __dealloc__(self):
        cdef int i
        for i in range(self.plan.n_ops if self.plan.ops != NULL else 0):
            aligned_free(self.plan.ops[i].bins)
        free(self.plan.ops)
        free(self.plan.buffers)
        free(self.plan.parameters)
        free(self.plan.gradient_strides)
        free(self.plan.gradient_segments)
        free(self.plan.segments)
        free(self.plan.loss.group_sizes)
        free(self.plan.loss.quantiles)

    @property
    def winograd(self):
        """Ops that are Winograd convolutions: index -> least rows at once for such a weight gradient."""
        return {i: -(-FEW_TILES // tiles_of_image(&self.plan.ops[i].geometry))
                for i in range(self.plan.n_ops)
                if has_weights(self.plan.ops + i)
                and self.plan.parameters[self.plan.ops[i].parameter].winograd >= 0}

    @property
    def in_place(self):
        """Ops that write their output over their input."""
        return [i for i in range(self.plan.n_ops) if self.plan.ops[i].source == self.plan.ops[i].target]

    cdef int pack(self, real* packed, coefs, intercepts) except -1:
        """Copy arrays (…, n_out), (n_out,) into the packed layout; padding is left as it is (zero)."""
        cdef real* w
        cdef real* b
        cdef int k
        check_layers(&self.plan, coefs, intercepts)
        for k in range(self.plan.n_parameters):
            point_to(&self.plan, k, coefs, intercepts, False, &w, &b)
            copy_layer(self.plan.parameters + k, packed, w, b, True)
        return 0

    cdef int unpack(self, const real* packed, coefs, intercepts) except -1:
        """Copy the packed layout back into C-contiguous arrays."""
        cdef real* w
        cdef real* b
        cdef int k
        check_layers(&self.plan, coefs, intercepts)
        for k in range(self.plan.n_parameters):
            point_to(&self.plan, k, coefs, intercepts, True, &w, &b)
            copy_layer(self.plan.parameters + k, <real*>packed, w, b, False)
        return 0


# Copies the weights and biases of a layer from or to the packed layout.
cdef void copy_layer(const Parameter* p, real* packed, real* w, real* b, bint pack) noexcept nogil:
    copy_packed(p, packed + p.weight, w, pack)
    memcpy(packed + p.bias if pack else b, b if pack else packed + p.bias, p.n_out * sizeof(real))


# Copies between packed panels and rows of n_out values.
cdef void copy_packed(const Parameter* p, real* packed, real* rows, bint pack) noexcept nogil:
    cdef Py_ssize_t i, k, size
    cdef Panel panel
    for k in range(panel_count(p.vectors)):
        panel = get_panel(p.n_in, p.vectors, k)
        size = min(panel.width, p.n_out - panel.begin) * sizeof(real)
        for i in range(p.n_in):
            if pack:
                memcpy(packed + panel.offset + i * panel.width, rows + i * p.n_out + panel.begin, size)
            else:
                memcpy(rows + i * p.n_out + panel.begin, packed + panel.offset + i * panel.width, size)


# Updates the derived weights from rows first..last of a panel.
cdef void derive(const Plan* plan, const Op* op, Panel panel, const real* packed, real* derived,
                 Py_ssize_t first, Py_ssize_t last, bint backward) noexcept nogil:
    if KINDS[op.kind].derive != NULL:
        KINDS[op.kind].derive(plan.parameters + op.parameter, op, panel, packed, derived, first, last,
                              backward)


# Updates all derived weights, or only those of the forward pass.
cdef void derive_all(const Plan* plan, const real* packed, real* derived, bint backward) noexcept nogil:
    cdef const Parameter* p
    cdef const Kind* kind
    cdef int i, k
    for i in range(plan.n_ops):
        p, kind = plan.parameters + plan.ops[i].parameter, KINDS + plan.ops[i].kind
        if kind.derive_bias != NULL:
            kind.derive_bias(p, packed, derived)
        if kind.derive_share != NULL:
            kind.derive_share(p, plan.ops + i, packed, derived, 0, 1, backward)
        for k in range(panel_count(p.vectors) if kind.derive != NULL else 0):
            derive(plan, plan.ops + i, get_panel(p.n_in, p.vectors, k), packed, derived, 0, p.n_in, backward)


def has_pairs():
    """Whether this module multiplies rounded factors in pairs on this processor, which is fast."""
    return bool(c_has_pairs())
