# The ops of a network on some rows: forward from the first to the last, backward from the last to the first.

cdef inline Py_ssize_t padded(const Geometry* g) noexcept nogil:
    return whole_lines(g.c)


# An image in the middle of a larger one, whose border is and stays zero.
cdef void pad_image(const Geometry* g, const real* x, real* y) noexcept nogil:
    cdef Py_ssize_t r, size = g.w * g.c
    for r in range(g.h):
        memcpy(y + ((r + g.top) * g.ow + g.left) * g.c, x + r * size, size * sizeof(real))


# One mask for each channel, the same for all pixels.
cdef void dropout_image(const Op* op, const Buffer* buffer, const real* x, real* y, u32 key,
                        double rate) noexcept nogil:
    cdef Py_ssize_t i, c = buffer.width
    if op.kind == SPATIAL_DROPOUT:
        c = op.geometry.c
    for i in range(buffer.width // c):
        dropout_row(x + i * c, y + i * c, c, key, rate)


cdef void pool_op(const Plan* plan, const Workspace* w, const Op* op, Matrix x, Matrix y, Py_ssize_t begin,
                  Py_ssize_t rows) noexcept nogil:
    cdef Py_ssize_t r
    cdef Matrix winners
    if op.kind == MAX_POOL:
        winners = value_of(plan, w, op.other, begin)
        for r in range(rows):
            max_pool_forward(&op.geometry, x.at + r * x.stride, y.at + r * y.stride,
                             winners.at + r * winners.stride)
    else:
        for r in range(rows):
            avg_pool_forward(&op.geometry, x.at + r * x.stride, y.at + r * y.stride)


cdef void channel_op(const Plan* plan, const Workspace* w, const Weights* weights, const Op* op, Matrix x,
                     Matrix y, Py_ssize_t rows) noexcept nogil:
    cdef const Parameter* p = plan.parameters + op.parameter
    cdef const real* gamma = weights.packed + p.weight
    cdef const real* beta = weights.packed + p.bias
    cdef const real* mean = w.moments + op.moments
    cdef Py_ssize_t r
    for r in range(rows):
        if op.kind == SCALE:
            scale_forward(&op.geometry, x.at + r * x.stride, gamma, y.at + r * y.stride)
        elif op.kind == PARAMETRIC:
            parametric_forward(op.activation, &op.geometry, x.at + r * x.stride, gamma, y.at + r * y.stride)
        elif op.kind == LAYER_NORM:
            layer_norm_forward(&op.geometry, x.at + r * x.stride, gamma, beta, y.at + r * y.stride,
                               op.epsilon)
        else:
            batch_norm_forward(&op.geometry, x.at + r * x.stride, mean, mean + padded(&op.geometry), gamma,
                               beta, y.at + r * y.stride)


cdef void image_op(const Plan* plan, const Workspace* w, const Weights* weights, const Op* op, Matrix x,
                   Matrix y, Py_ssize_t begin, Py_ssize_t rows) noexcept nogil:
    cdef const Parameter* p = plan.parameters + op.parameter
    cdef const Geometry* g = &op.geometry
    cdef Matrix other
    cdef Py_ssize_t r, j, width = plan.buffers[op.target].width
    if op.kind == CONV:
        conv_forward(p, g, weights, x, y, rows, w.scratch)
    elif op.kind == DEPTHWISE:
        for r in range(rows):
            depthwise_image(p, g, weights.packed + p.weight, weights.packed + p.bias, x.at + r * x.stride,
                            y.at + r * y.stride, g.w, g.oh, g.ow, g.sh, g.sw, False)
    elif op.kind == PAD:
        for r in range(rows):
            pad_image(g, x.at + r * x.stride, y.at + r * y.stride)
    elif op.kind == MAX_POOL or op.kind == AVG_POOL:
        pool_op(plan, w, op, x, y, begin, rows)
    elif works_on_channels(op.kind):
        channel_op(plan, w, weights, op, x, y, rows)
    elif works_on_columns(op.kind):
        columns_forward(op, p, weights, x, y, rows, w.scratch)
    elif op.kind == FORK:
        for r in range(rows):
            memcpy(y.at + r * y.stride, x.at + r * x.stride, width * sizeof(real))
    elif op.kind == TRANSPOSE:
        for r in range(rows):
            transpose_image(g.h * g.w, g.c, x.at + r * x.stride, y.at + r * y.stride)
    else:                       # ADD
        other = value_of(plan, w, op.other, begin)
        for r in range(rows):
            for j in range(width):
                y.at[r * y.stride + j] = x.at[r * x.stride + j] + other.at[r * other.stride + j]


# All rows in one loop, their padding too, where they lie alike.
cdef void activate(int code, Matrix x, Matrix y, Py_ssize_t rows, Py_ssize_t width) noexcept nogil:
    cdef Py_ssize_t r
    if x.stride == y.stride:
        activation_forward(code, x.at, y.at, rows * y.stride)
        return
    for r in range(rows):
        activation_forward(code, x.at + r * x.stride, y.at + r * y.stride, width)


cdef void activate_backward(int code, Matrix x, Matrix y, Matrix d, Py_ssize_t rows,
                            Py_ssize_t width) noexcept nogil:
    cdef Py_ssize_t r
    if x.stride == y.stride and y.stride == d.stride:
        activation_backward(code, x.at, y.at, d.at, rows * d.stride)
        return
    for r in range(rows):
        activation_backward(code, x.at + r * x.stride, y.at + r * y.stride, d.at + r * d.stride, width)


# Ops first..last on rows [begin, begin + rows) of a workspace. `samples` are the numbers of these rows in x
# (for CSR rows and dropout masks); `next` is what to fetch during the first product.
cdef void forward_rows(const Plan* plan, const Workspace* w, const Weights* weights, const Input* x,
                       const Py_ssize_t* samples, bint training, int first, int last, Py_ssize_t begin,
                       Py_ssize_t rows, const Ahead* next) noexcept nogil:
    cdef int i
    cdef Py_ssize_t r
    cdef const Op* op
    cdef const Parameter* p
    cdef Matrix source, target
    for i in range(first, last):
        op = plan.ops + i
        source = value_of(plan, w, op.source, begin)
        target = value_of(plan, w, op.target, begin)
        p = plan.parameters + op.parameter
        if op.kind == DENSE:
            if weights.unpacked == NULL:
                dense_forward(p, weights.packed, weights.derived if training else NULL, source,
                              target, rows, next)
                next = NULL
            else:
                dense_forward_unpacked(weights.unpacked[2 * op.parameter],
                                       weights.unpacked[2 * op.parameter + 1], p.n_in, p.n_out,
                                       source, target, rows, weights.tail)
        elif op.kind == DENSE_CSR:
            csr_forward(op, p, weights.packed, x, samples, &w.masks, target, rows)
        elif op.kind == ACTIVATION:
            activate(op.activation, source, target, rows, plan.buffers[op.target].width)
        elif op.kind == DROPOUT or op.kind == SPATIAL_DROPOUT:
            for r in range(rows):
                if w.masks.factor > 0:
                    dropout_image(op, plan.buffers + op.source, source.at + r * source.stride,
                                  target.at + r * target.stride,
                                  mask_key(&w.masks, samples[r], op.mask), op.drop_rate * w.masks.factor)
                else:
                    memcpy(target.at + r * target.stride, source.at + r * source.stride,
                           plan.buffers[op.source].width * sizeof(real))
        else:
            image_op(plan, w, weights, op, source, target, begin, rows)


# Where a lane's gradients of weights go.
cdef struct Lane:
    real* gradient
    bint accumulate             # to what earlier rows gave
    bint begun                  # some of these rows belong to the same pass


# The weight gradients of an op with a lane, but for what `channels_backward` does.
cdef void lane_gradient(const Plan* plan, const Workspace* w, const Op* op, Matrix x, Matrix d,
                        Py_ssize_t rows, const Lane* lane) noexcept nogil:
    cdef const Parameter* p = plan.parameters + op.parameter
    if not p.trained and not p.biased:
        return
    if op.kind == CONV:
        if p.trained and p.winograd_gradient:
            winograd_weight_gradient(p, &op.geometry, x, d, rows, w.halos + op.halo, lane.begun, w.scratch)
        elif p.trained:
            conv_weight_gradient(p, x, d, rows, lane.gradient + p.lane, lane.accumulate)
    else:
        if not lane.accumulate:
            memset(lane.gradient + p.lane, 0, p.n_in * p.vectors * SKNN_V * sizeof(real))
        depthwise_weight_gradient(p, &op.geometry, x, d, rows, lane.gradient + p.lane)
    if p.biased:
        image_bias_gradient(&op.geometry, d, rows, lane.gradient + p.lane_bias, lane.accumulate, w.scratch)


# What the convolutions among ops first..last keep until a lane's pass ends; `accumulate` is of its beginning.
cdef void end_lane(const Plan* plan, const Workspace* w, int first, int last, real* lane,
                   bint accumulate) noexcept nogil:
    cdef int i
    cdef const Op* op
    cdef const Parameter* p
    for i in range(first, last):
        op = plan.ops + i
        p = plan.parameters + op.parameter
        if op.kind == CONV and p.winograd_gradient and p.trained:
            winograd_lane(p, &op.geometry, w.halos + op.halo, lane + p.lane, accumulate)


# d holds dy and becomes dx, or for batch norm stays: its dx waits for the sums of all lanes.
cdef void channels_backward(const Plan* plan, const Workspace* w, const real* packed, const Op* op, Matrix x,
                            Matrix d, Py_ssize_t rows, const Lane* lane) noexcept nogil:
    cdef const Parameter* p = plan.parameters + op.parameter
    cdef const Geometry* g = &op.geometry
    cdef real* dgamma = lane.gradient + p.lane
    cdef real* dbeta = lane.gradient + p.lane_bias
    cdef const real* mean = w.moments + op.moments
    cdef Py_ssize_t r
    if not lane.accumulate:
        memset(dgamma, 0, p.vectors * SKNN_V * sizeof(real))
        memset(dbeta, 0, p.vectors * SKNN_V * sizeof(real))
    for r in range(rows):
        if op.kind == SCALE:
            scale_backward(g, x.at + r * x.stride, packed + p.weight, d.at + r * d.stride, dgamma)
        elif op.kind == PARAMETRIC:
            parametric_backward(op.activation, g, x.at + r * x.stride, packed + p.weight, d.at + r * d.stride,
                                dgamma, w.scratch, w.scratch + whole_lines(plan.buffers[op.source].width))
        elif op.kind == LAYER_NORM:
            layer_norm_backward(g, x.at + r * x.stride, packed + p.weight, d.at + r * d.stride, dgamma, dbeta,
                                op.epsilon)
        else:
            batch_norm_sums(g, x.at + r * x.stride, mean, mean + padded(g), d.at + r * d.stride, dgamma,
                            dbeta)


cdef void depthwise_input_gradient(const Op* op, const Parameter* p, const real* packed, Matrix d, Matrix dx,
                                   Py_ssize_t rows, real* halo) noexcept nogil:
    cdef const Geometry* g = &op.geometry
    cdef Py_ssize_t r
    for r in range(rows):
        depthwise_image(p, g, packed + p.weight, NULL, surround(g, d.at + r * d.stride, halo),
                        dx.at + r * dx.stride, g.iw + (g.kw - 1) * g.dw, g.ih, g.iw, 1, 1, True)


# The gradient of an image op's source from that of its target.
cdef void image_backward(const Plan* plan, const Workspace* w, const Weights* weights, const Op* op, Matrix d,
                         Matrix dx, Py_ssize_t begin, Py_ssize_t rows) noexcept nogil:
    cdef const Parameter* p = plan.parameters + op.parameter
    cdef real* halo = NULL if op.halo < 0 else w.halos + op.halo
    cdef Matrix other
    cdef Py_ssize_t r, j, width = plan.buffers[op.source].width
    if op.kind == CONV:
        conv_input_gradient(op, p, weights.derived, d, dx, rows, halo, w.scratch)
    elif op.kind == DEPTHWISE:
        depthwise_input_gradient(op, p, weights.packed, d, dx, rows, halo)
    elif op.kind == MAX_POOL:
        other = value_of(plan, w, op.other, begin)
        for r in range(rows):
            max_pool_backward(&op.geometry, d.at + r * d.stride, other.at + r * other.stride,
                              dx.at + r * dx.stride)
    elif op.kind == AVG_POOL:
        for r in range(rows):
            avg_pool_backward(&op.geometry, d.at + r * d.stride, dx.at + r * dx.stride)
    elif op.kind == TRANSPOSE:
        for r in range(rows):
            transpose_image(op.geometry.c, op.geometry.h * op.geometry.w, d.at + r * d.stride,
                            dx.at + r * dx.stride)
    elif op.kind == ADD:
        for r in range(rows):
            memcpy(dx.at + r * dx.stride, d.at + r * d.stride, width * sizeof(real))
    elif op.kind == FORK:       # the branch's gradient and that of the sum
        other = gradient_of(plan, w, op.other, begin)
        for r in range(rows):
            for j in range(width):
                dx.at[r * dx.stride + j] = d.at[r * d.stride + j] + other.at[r * other.stride + j]
    elif works_on_columns(op.kind):
        columns_backward(op, p, weights, value_of(plan, w, op.source, begin), d, dx, rows, w.scratch)


# The gradients of ops first..last, from that of the last one's target (already in place).
cdef void backward_rows(const Plan* plan, const Workspace* w, const Weights* weights,
                        const Py_ssize_t* samples, int first, int last, Py_ssize_t begin, Py_ssize_t rows,
                        const Lane* lane) noexcept nogil:
    cdef int i
    cdef Py_ssize_t r
    cdef const Op* op
    cdef Matrix source, target, d, dx
    for i in range(last - 1, first - 1, -1):
        op = plan.ops + i
        if plan.buffers[op.target].gradient < 0:
            continue
        d = gradient_of(plan, w, op.target, begin)
        source = value_of(plan, w, op.source, begin)
        if op.kind == CONV or op.kind == DEPTHWISE:
            lane_gradient(plan, w, op, source, d, rows, lane)
        elif works_on_channels(op.kind):
            channels_backward(plan, w, weights.packed, op, source, d, rows, lane)
            continue
        if plan.buffers[op.source].gradient < 0:
            continue
        dx = gradient_of(plan, w, op.source, begin)
        if op.kind == DENSE:
            dense_input_gradient(plan.parameters + op.parameter, weights.derived, d, dx, rows)
        elif op.kind == ACTIVATION:
            target = value_of(plan, w, op.target, begin)
            activate_backward(op.activation, source, target, d, rows, plan.buffers[op.target].width)
        elif op.kind == DROPOUT or op.kind == SPATIAL_DROPOUT:
            for r in range(rows):
                dropout_image(op, plan.buffers + op.source, d.at + r * d.stride, d.at + r * d.stride,
                              mask_key(&w.masks, samples[r], op.mask), op.drop_rate * w.masks.factor)
        else:
            image_backward(plan, w, weights, op, d, dx, begin, rows)
