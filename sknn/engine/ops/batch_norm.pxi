# Batch normalization (Ioffe & Szegedy 2015): xhat = (x - mean) / sqrt(var + epsilon), y = gamma xhat + beta,
# with mean and variance of one channel over all rows and pixels of the batch. Gradients as in layer_norm.pxi.
#
# A sample of weight w counts as w samples: means are weighted. In dx the sums over the batch are weighted by
# w_r / sum(w) for sample r. (The loss has already weighted dy.)
#
# Max pooling of y may go ahead of the norm ("max_pool_ahead", see Plan.in_training), which has to map only
# what is left then: maxima of x are maxima of y, or minima where gamma < 0. The statistics are those of all
# of x.
#
# The statistics need all rows of the batch, so batch norms split the network into segments. The moments of
# the lanes are complete at the end of a segment and merged, in the order of the lanes, before the next
# (step.pxi).

cdef extern from "batch_norm.h" nogil:
    void add_values(const real* x, Py_ssize_t pixels, Py_ssize_t c, double weight, double* total) noexcept
    void add_squares(const real* x, Py_ssize_t pixels, Py_ssize_t c, double weight, const double* mean,
                     double* total) noexcept
    void batch_norm_forward(const real* x, Py_ssize_t pixels, Py_ssize_t c, const real* mean,
                            const real* scale, const real* gamma, const real* beta, real* y) noexcept
    void batch_norm_sums(const real* x, Py_ssize_t pixels, Py_ssize_t c, const real* mean, const real* scale,
                         const real* dy, real* dgamma, real* dbeta) noexcept
    void batch_norm_backward(const real* x, Py_ssize_t pixels, Py_ssize_t c, const real* mean,
                             const real* scale, const real* gamma, const real* dgamma, const real* dbeta,
                             real weight, real* dy) noexcept
    ctypedef struct Windows:
        Py_ssize_t h, w, oh, ow, kh, kw
    void pooled_norm_backward(const real* x, const Windows* at, Py_ssize_t c, const real* mean,
                              const real* scale, const real* gamma, const real* dgamma, const real* dbeta,
                              real weight, const real* winners, const real* dy, real* dx) noexcept


cdef inline Py_ssize_t pixels_of(const Geometry* geom) noexcept nogil:
    return geom.h * geom.w


cdef int MAX_POOL_AHEAD                 # the number of this kind


# The op before a norm, if that is max pooling that goes ahead of it; else NULL.
cdef inline const Op* pool_ahead(const Plan* plan, const Op* norm) noexcept nogil:
    return norm - 1 if norm > plan.ops and (norm - 1).kind == MAX_POOL_AHEAD else NULL


# The buffer whose moments normalize.
cdef inline int measured_buffer(const Plan* plan, const Op* norm) noexcept nogil:
    cdef const Op* pool = pool_ahead(plan, norm)
    return norm.source if pool == NULL else pool.source


# Weight of a sample; NULL: all weights are 1.
cdef inline double weight_of(const real* weights, Py_ssize_t sample) noexcept nogil:
    return 1 if weights == NULL else weights[sample]


# Weight, means (c) and sums of squared deviations (c) of a lane. Later rows are merged by the method of Chan,
# Golub & LeVeque (1979), which avoids cancellation.
cdef void add_moments(const Geometry* geom, Matrix x, const real* weights, const Py_ssize_t* samples,
                      Py_ssize_t rows, double* lane, double* fresh) noexcept nogil:
    cdef Py_ssize_t k, r, c = geom.c, pixels = pixels_of(geom)
    cdef double* mean = fresh + 1
    cdef double* deviation = mean + c
    cdef double weight
    memset(fresh, 0, (1 + 2 * c) * sizeof(double))
    for r in range(rows):
        weight = weight_of(weights, samples[r])
        fresh[0] += weight * pixels
        add_values(x.at + r * x.stride, pixels, c, weight, mean)
    if fresh[0] == 0:           # all samples have weight zero
        return
    for k in range(c):
        mean[k] /= fresh[0]
    for r in range(rows):
        add_squares(x.at + r * x.stride, pixels, c, weight_of(weights, samples[r]), mean, deviation)
    merge_moments(lane, fresh, c)


cdef void merge_moments(double* a, const double* b, Py_ssize_t c) noexcept nogil:
    cdef Py_ssize_t k
    cdef double n = a[0] + b[0], share = b[0] / n if n > 0 else 0, difference
    for k in range(1, c + 1):
        difference = b[k] - a[k]
        a[k] += share * difference
        a[c + k] += b[c + k] + a[0] * share * difference * difference
    a[0] = n


# ---- the op ----------------------------------------------------------------------------------------

cdef void batch_norm_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    cdef const real* packed = t.weights.packed
    cdef const real* mean = t.ws.moments + op.moments
    cdef Py_ssize_t r
    for r in range(t.rows):
        batch_norm_forward(x.at + r * x.stride, op.geometry.oh * op.geometry.ow, op.geometry.c, mean,
                           mean + padded(&op.geometry), packed + p.weight, packed + p.bias,
                           y.at + r * y.stride)


# dx is computed later, when the sums of all lanes are known.
cdef void batch_norm_lane(const Pass* t, const Op* op, Matrix x, Matrix d) noexcept nogil:
    cdef const Parameter* p = parameter_of(t, op)
    cdef const real* mean = t.ws.moments + op.moments
    cdef Py_ssize_t r
    begin_channels(p, t.lane)
    for r in range(t.rows):
        batch_norm_sums(x.at + r * x.stride, op.geometry.oh * op.geometry.ow, op.geometry.c, mean,
                        mean + padded(&op.geometry), d.at + r * d.stride, t.lane.gradient + p.lane,
                        t.lane.gradient + p.lane_bias)


cdef void max_pool_ahead(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef const real* gamma = t.weights.packed + parameter_of(t, op).weight
    cdef Matrix winners = value_of(t.plan, t.ws, op.other, t.begin)
    cdef Py_ssize_t r
    for r in range(t.rows):
        max_pool_forward(&op.geometry, x.at + r * x.stride, gamma, y.at + r * y.stride,
                         winners.at + r * winners.stride)


cdef problem_of_batch_norm(const Plan* plan, const Op* op, tables):
    if pool_ahead(plan, op) == NULL:
        return problem_of_norm(plan, op, tables)
    return problem_of_epsilon(op) or problem_of_kept_shape(plan, op, tables)


cdef problem_of_max_pool_ahead(const Plan* plan, const Op* op, tables):
    cdef const Op* norm = op + 1
    if norm == plan.ops + plan.n_ops or norm.kind != OPS["batch_norm"] or norm.source != op.target or (
            norm.parameter != op.parameter
            or memcmp(&norm.geometry, &op.geometry, sizeof(Geometry)) != 0):
        return "its batch norm does not follow"
    if not windows_are_apart(&op.geometry):
        return "its windows overlap, or there is padding"
    return (problem_of_max_pool(plan, op, tables)
            or problem_of_weights(plan.parameters + op.parameter, 1, op.geometry.c))


cdef int reserve_batch_norm(Plan* plan, Op* op) except -1:
    op.moments = plan.moments
    plan.moments += 4 * whole_lines(op.geometry.c) + SKNN_LINE
    return 0


kind = new_kind("batch_norm")
kind.weights = FROM_LANES
kind.cuts = kind.gradient_in_place = True
kind.reads = reads_its_source
kind.problem = problem_of_batch_norm
kind.forward = batch_norm_op
kind.lane_gradient = batch_norm_lane
kind.reserve = reserve_batch_norm

MAX_POOL_AHEAD = len(OPS)
kind = new_kind("max_pool_ahead")       # its gradient is that of the norm, see finish_batch_norm
kind.other = WRITES_OTHER
kind.reads = reads_its_source
kind.problem = problem_of_max_pool_ahead
kind.forward = max_pool_ahead
