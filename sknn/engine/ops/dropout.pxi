# Inverted dropout (Srivastava et al. 2014): y = x mask / (1 - rate), dx = dy mask / (1 - rate).
# Spatial dropout (Tompson et al. 2015) of images has one mask value per channel, the same for all pixels.

# y[j] = x[j] mask[j] / (1 - rate) for one row; x and y may alias.
cdef void dropout_row(const real* x, real* y, Py_ssize_t width, u32 key,
                      double rate) noexcept nogil:
    cdef u32 threshold = drop_below(rate)
    cdef real scale = <real>(1.0 / (1.0 - rate)), zero = 0
    cdef Py_ssize_t j
    if x == y:
        for j in range(width):
            y[j] = y[j] * (zero if element_hash(key, <u32>j) < threshold else scale)
    else:
        for j in range(width):
            y[j] = x[j] * (zero if element_hash(key, <u32>j) < threshold else scale)


cdef void dropout_image(const Op* op, const Buffer* buffer, const real* x, real* y, u32 key,
                        double rate) noexcept nogil:
    cdef Py_ssize_t i, c = op.geometry.c if op.geometry.c > 0 else buffer.width
    for i in range(buffer.width // c):
        dropout_row(x + i * c, y + i * c, c, key, rate)


cdef void dropout_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const Buffer* buffer = t.plan.buffers + op.source
    cdef const Masks* masks = &t.ws.masks
    cdef Py_ssize_t r
    for r in range(t.rows):
        if masks.factor > 0:
            dropout_image(op, buffer, x.at + r * x.stride, y.at + r * y.stride,
                          mask_key(masks, t.samples[r], op.mask), op.drop_rate * masks.factor)
        else:
            memcpy(y.at + r * y.stride, x.at + r * x.stride, buffer.width * sizeof(real))


cdef void dropout_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d,
                           Matrix dx) noexcept nogil:
    cdef const Masks* masks = &t.ws.masks
    cdef Py_ssize_t r
    for r in range(t.rows):
        dropout_image(op, t.plan.buffers + op.source, d.at + r * d.stride, d.at + r * d.stride,
                      mask_key(masks, t.samples[r], op.mask), op.drop_rate * masks.factor)


cdef problem_of_dropout(const Plan* plan, const Op* op, tables):
    if not 0 <= op.drop_rate < 1:
        return f"drop_rate={op.drop_rate} is not in [0, 1)"
    if op.geometry.c > 0:
        return problem_of_images(plan, op) or problem_of_kept_shape(plan, op, tables)
    return problem_of_kept_shape(plan, op, tables)


kind = new_kind("dropout")
kind.gradient_in_place = True
kind.reads = reads_nothing
kind.problem = problem_of_dropout
kind.forward = dropout_op
kind.backward = dropout_backward
