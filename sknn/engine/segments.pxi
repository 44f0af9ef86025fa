# Which buffers outlive a visit. Batch norms split the ops into segments. In a visit, a thread takes some
# rows through one segment: forward through segments 0, 1, ..., last, then backward; in the last one, forward
# and backward are one visit. The weight gradients of dense layers and embeddings follow after all visits of
# a block.
#
# What only one visit uses is stored for the rows in work and stays in the cache. All else holds a whole
# block.

# First and last visit that uses a buffer or a gradient; last < first: none.
cdef struct Uses:
    int first, last


cdef inline void note_use(Uses* uses, int number, int visit) noexcept nogil:
    if number >= 0:
        uses[number].first = min(uses[number].first, visit)
        uses[number].last = max(uses[number].last, visit)


# The visits of an op in `segment`; `back` is its backward visit and `after` follows all of them.
cdef void note_op(const Plan* plan, const Op* op, int segment, int back, int after, Uses* values,
                  Uses* gradients) noexcept nogil:
    cdef int dx = plan.buffers[op.source].gradient, dy = plan.buffers[op.target].gradient
    note_use(values, op.source, segment)
    note_use(values, op.target, segment)
    if KINDS[op.kind].other != NO_OTHER:
        note_use(values, op.other, segment)
    if dy < 0:
        return
    note_use(gradients, dy, back)
    note_use(gradients, dx, back)
    if adds_gradient_of_other(op):
        note_use(gradients, plan.buffers[op.other].gradient, back)
    if reads_backward(op) & READS_SOURCE or has_weights(op):
        note_use(values, op.source, back)
    if reads_backward(op) & READS_TARGET:
        note_use(values, op.target, back)
    if writes_other(op):
        note_use(values, op.other, back)
    if KINDS[op.kind].cuts:             # its gradient is completed in the visit of the segment before it
        note_use(gradients, dy, back + 1)
    if KINDS[op.kind].weights == FROM_BLOCK:
        note_use(values, op.source, after)
        note_use(gradients, dy, after)


# The only segment that uses a buffer; -1: several visits do.
cdef inline int segment_of(Uses uses, int last) noexcept nogil:
    return -1 if uses.first < uses.last else min(uses.first, 2 * last - uses.first)


# Sets the segments of all buffers and gradients, and how many rows pass through each segment at once.
cdef int find_segments(Plan* plan) noexcept nogil:
    cdef int i, segment = 0, last = plan.n_segments - 1, n = plan.n_buffers + plan.n_gradients
    cdef Uses* values = <Uses*>calloc(n, sizeof(Uses))
    cdef Uses* gradients = values + plan.n_buffers
    if values == NULL:
        return -1
    for i in range(n):
        values[i] = Uses(2 * last + 2, -1)
    note_use(values, 0, 0)              # the rows of the input are gathered in the first visit
    for i in range(plan.n_ops):
        while plan.segments[segment + 1].first <= i:
            segment += 1
        note_op(plan, plan.ops + i, segment, 2 * last - segment, 2 * last + 1, values, gradients)
    for i in range(plan.n_buffers):
        plan.buffers[i].segment = segment_of(values[i], last)
        plan.row_values += plan.buffers[i].stride
        note_size(plan, plan.buffers[i].segment, plan.buffers[i].stride)
    for i in range(plan.n_gradients):
        plan.gradient_segments[i] = segment_of(gradients[i], last)
        note_size(plan, plan.gradient_segments[i], plan.gradient_strides[i])
    for i in range(plan.n_segments):
        plan.segments[i].rows = rows_in_cache(plan.segments[i].rows)
    free(values)
    return 0


# Until all sizes are known, `rows` of a segment is the size of a row.
cdef inline void note_size(Plan* plan, int segment, Py_ssize_t stride) noexcept nogil:
    if segment < 0:
        plan.kept_values += stride
    else:
        plan.segments[segment].rows += stride
