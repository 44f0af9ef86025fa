# Losses take the logits z of one row and its target; they give the loss of the row and dz, scaled by
# weight / (sum of weights of the batch). Each owns its link, which turns logits into predictions.
#
# loss                 link                    value of a row                         dz
# softmax cross-ent.   softmax in each group   sum over groups -sum_k t_k log p_k     p - t
# binary cross-ent.    logistic                sum_k softplus(z_k) - t_k z_k          p - t
# squared error        identity                (z - y)^2 / 2                          z - y
# absolute error       identity                |z - y|                                sign(z - y)
# huber                identity                r^2 / 2 up to delta, then linear       clip(r, -delta, delta)
# poisson              exp                     e^z - y z + y log y - y                e^z - y
# quantile             identity                (y - z) (q - [y < z])                  [y < z] - q
#
# Targets t are smoothed: t = (1 - s) onehot + s / K (Szegedy et al. 2016), K = 2 for the binary loss.

cdef enum LossKind:
    SOFTMAX, BINARY, SQUARED, ABSOLUTE, HUBER, POISSON, QUANTILE

LOSSES = {
    "softmax": SOFTMAX, "binary": BINARY, "squared_error": SQUARED, "absolute_error": ABSOLUTE,
    "huber": HUBER, "poisson": POISSON, "quantile": QUANTILE,
}

cdef struct Loss:
    int kind
    Py_ssize_t n_outputs
    Py_ssize_t n_groups         # softmax: columns of y, each with its own classes
    Py_ssize_t* group_sizes
    double option               # smoothing, huber's delta, or the quantile
    double value_scale          # of the reported loss: 1 or 1 / n_outputs
    double gradient_scale       # of its gradient


# z becomes exp(z - max); returns max, and the sum of the exponentials in `total`.
cdef inline real softmax_terms(real* z, Py_ssize_t n, real* total) noexcept nogil:
    cdef Py_ssize_t k
    cdef real top = z[0]
    for k in range(1, n):
        if z[k] > top:
            top = z[k]
    for k in range(n):
        z[k] = real_exp(z[k] - top)
    total[0] = 0
    for k in range(n):
        total[0] += z[k]
    return top


cdef double softmax_row(const Loss* loss, const real* z, const int* y, real* dz,
                        real scale) noexcept nogil:
    cdef Py_ssize_t group, k, n, start = 0
    cdef double value = 0
    cdef real total, top, share, inverse, log_total
    cdef real smoothing = <real>loss.option
    for group in range(loss.n_groups):
        n = loss.group_sizes[group]
        for k in range(n):
            dz[start + k] = z[start + k]
        top = softmax_terms(dz + start, n, &total)
        log_total = <real>log(total)
        value += (1 - loss.option) * (log_total + (top - z[start + y[group]]))
        share = smoothing / n
        if share > 0:
            for k in range(n):
                value += share * (log_total + (top - z[start + k]))
        inverse = scale / total
        for k in range(n):
            dz[start + k] = dz[start + k] * inverse - scale * share
        dz[start + y[group]] -= scale * (<real>1 - smoothing)
        start += n
    return value


cdef double binary_row(const Loss* loss, const real* z, const real* y, real* dz,
                       real scale) noexcept nogil:
    cdef Py_ssize_t k
    cdef double value = 0
    cdef real target, smoothing = <real>loss.option
    for k in range(loss.n_outputs):
        target = y[k] * (<real>1 - smoothing) + smoothing / 2
        value += real_softplus(z[k]) - target * z[k]
        dz[k] = scale * (real_logistic(z[k]) - target)
    return value


cdef double regression_row(const Loss* loss, const real* z, const real* y, real* dz,
                           real scale) noexcept nogil:
    cdef Py_ssize_t k
    cdef double value = 0
    cdef real r, slope, option = <real>loss.option
    for k in range(loss.n_outputs):
        r = z[k] - y[k]
        if loss.kind == SQUARED:
            value += 0.5 * r * r
            slope = r
        elif loss.kind == ABSOLUTE:
            value += real_fabs(r)
            slope = <real>((r > 0) - (r < 0)) if r == r else r
        elif loss.kind == HUBER:
            if real_fabs(r) <= option:
                value += 0.5 * r * r
                slope = r
            else:
                value += option * (real_fabs(r) - 0.5 * option)
                slope = (option if r > 0 else -option) if r == r else r
        elif loss.kind == POISSON:
            slope = real_exp(z[k]) - y[k]
            value += slope - <double>y[k] * z[k]
            if y[k] > 0:
                value += <double>y[k] * log(<double>y[k])
        else:
            value += r * ((r > 0) - option)
            slope = <real>(r > 0) - option if r == r else r
        dz[k] = scale * slope
    return value


# The loss of one row; dz is padded with zeros up to `stride`.
cdef double loss_row(const Loss* loss, const real* z, const void* y, Py_ssize_t sample, real* dz,
                     Py_ssize_t stride, real scale) noexcept nogil:
    cdef Py_ssize_t k
    cdef double value
    if loss.kind == SOFTMAX:
        value = softmax_row(loss, z, <const int*>y + sample * loss.n_groups, dz, scale)
    elif loss.kind == BINARY:
        value = binary_row(loss, z, <const real*>y + sample * loss.n_outputs, dz, scale)
    else:
        value = regression_row(loss, z, <const real*>y + sample * loss.n_outputs, dz, scale)
    for k in range(loss.n_outputs, stride):
        dz[k] = 0
    return value * loss.value_scale


# Predictions from the logits of one row. Probabilities are formed in double precision: near 1 a float has
# only steps of 6e-8. Those of the binary loss stay strictly inside (0, 1), and so do their complements:
# `bounded_logit` caps logits before 1 - p has no digits left.
cdef void probabilities(const Loss* loss, const real* z, double* p) noexcept nogil:
    cdef Py_ssize_t group, k, n, start = 0
    cdef real top
    cdef double total
    if loss.kind == BINARY:
        for k in range(loss.n_outputs):
            p[k] = 1.0 / (1.0 + exp(-<double>bounded_logit(z[k])))
        return
    for group in range(loss.n_groups):
        n = loss.group_sizes[group]
        top = z[start]
        for k in range(start + 1, start + n):
            if z[k] > top:
                top = z[k]
        total = 0
        for k in range(start, start + n):
            p[k] = real_exp(z[k] - top)
            total += p[k]
        for k in range(start, start + n):
            p[k] /= total
        start += n


cdef inline real bounded_logit(real z) noexcept nogil:
    z = <real>30 if z > 30 else z
    return <real>-30 if z < -30 else z


# In place: the exponential of the Poisson loss, the bounds of the binary one.
cdef void finish_outputs(const Loss* loss, real* z, bint link) noexcept nogil:
    cdef Py_ssize_t k
    if loss.kind == BINARY:
        for k in range(loss.n_outputs):
            z[k] = bounded_logit(z[k])
    elif loss.kind == POISSON and link:
        for k in range(loss.n_outputs):
            z[k] = real_exp(z[k])
