# A loss takes the logits z and the target of a row. It returns the loss of the row and dz, scaled by weight
# / (sum of weights of the batch). Its link function maps logits to predictions.
#
# loss                 link                    value of a row                         dz
# softmax cross-ent.   softmax in each group   sum over groups -sum_k t_k log p_k     p - t
# binary cross-ent.    logistic                sum_k softplus(z_k) - t_k z_k          p - t
# squared error        identity                (z - y)^2 / 2                          z - y
# absolute error       identity                |z - y|                                sign(z - y)
# huber                identity                r^2 / 2 up to delta, then linear       clip(r, -delta, delta)
# poisson              exp                     e^z - y z + y log y - y                e^z - y
# gamma                exp                     y e^-z + z - log y - 1                 1 - y e^-z
# quantile             identity                (y - z) (q - [y < z])                  [y < z] - q
#
# The quantile loss has one q per output.
# Targets t are smoothed: t = (1 - s) onehot + s / K (Szegedy et al. 2016), K = 2 for the binary loss.

cdef enum LossKind:
    SOFTMAX, BINARY, SQUARED, ABSOLUTE, HUBER, POISSON, GAMMA, QUANTILE

LOSSES = {
    "softmax": SOFTMAX, "binary": BINARY, "squared_error": SQUARED, "absolute_error": ABSOLUTE,
    "huber": HUBER, "poisson": POISSON, "gamma": GAMMA, "quantile": QUANTILE,
}

cdef struct Loss:
    int kind
    Py_ssize_t n_outputs
    Py_ssize_t n_groups         # softmax: columns of y, each with its own classes
    Py_ssize_t* group_sizes
    double option               # label smoothing, or delta of the Huber loss
    double* quantiles           # one per output
    double value_scale          # factor of the reported loss: 1 or 1 / n_outputs
    double gradient_scale       # factor of the gradient


# The softmax loss of a block of rows. With few classes, rows are shorter than a vector; some loops run over
# the rows of the block instead.
cdef void softmax_rows(const Loss* loss, Matrix z, const int* y, const Py_ssize_t* samples,
                       Matrix dz, Py_ssize_t rows, const real* scales, double* values) noexcept nogil:
    cdef Py_ssize_t group, i, k, n, start = 0
    cdef real share
    cdef real tops[SUB_BLOCK]
    cdef real totals[SUB_BLOCK]
    cdef real logs[SUB_BLOCK]
    cdef const real* row
    for i in range(rows):
        values[i] = 0
    for group in range(loss.n_groups):
        n = loss.group_sizes[group]
        share = <real>loss.option / n
        block_maxima(z, start, n, rows, tops)
        for i in range(rows):       # to the end of the row: the next group overwrites its part
            exponentials(z.at + i * z.stride + start, tops[i], dz.at + i * dz.stride + start,
                         dz.stride - start)
        block_sums(dz, start, n, rows, totals)
        for i in range(rows):
            logs[i] = real_log(totals[i])
        for i in range(rows):
            row = z.at + i * z.stride + start
            k = y[samples[i] * loss.n_groups + group]
            values[i] += logs[i] + (1 - loss.option) * (tops[i] - row[k])
            softmax_gradient(dz.at + i * dz.stride + start, n, scales[i] / totals[i], scales[i] * share)
            dz.at[i * dz.stride + start + k] -= scales[i] * (<real>1 - <real>loss.option)
            if share > 0:
                for k in range(n):
                    values[i] += share * (tops[i] - row[k])
        start += n


# d = exp(z - top), n values
cdef inline void exponentials(const real* z, real top, real* d, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t first = 0, k
    while first + SKNN_V <= n:
        for k in range(SKNN_V):
            d[first + k] = real_exp(z[first + k] - top)
        first += SKNN_V
    for k in range(first, n):
        d[k] = real_exp(z[k] - top)


cdef inline void softmax_gradient(real* d, Py_ssize_t n, real inverse, real share) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(n):
        d[k] = d[k] * inverse - share


# Maximum and sum of n columns of each row.
cdef void block_maxima(Matrix x, Py_ssize_t start, Py_ssize_t n, Py_ssize_t rows, real* tops) noexcept nogil:
    cdef Py_ssize_t i, k
    for i in range(rows):
        tops[i] = x.at[i * x.stride + start]
    for k in range(start + 1, start + n):
        for i in range(rows):
            tops[i] = real_max(x.at[i * x.stride + k], tops[i])


cdef void block_sums(Matrix x, Py_ssize_t start, Py_ssize_t n, Py_ssize_t rows, real* sums) noexcept nogil:
    cdef Py_ssize_t i, k
    for i in range(rows):
        sums[i] = x.at[i * x.stride + start]
    for k in range(start + 1, start + n):
        for i in range(rows):
            sums[i] += x.at[i * x.stride + k]


cdef void binary_rows(const Loss* loss, Matrix z, const real* y, const Py_ssize_t* samples,
                      Matrix dz, Py_ssize_t rows, const real* scales, double* values) noexcept nogil:
    cdef Py_ssize_t i
    cdef real logits[SUB_BLOCK]
    cdef real targets[SUB_BLOCK]
    cdef real terms[SUB_BLOCK]
    if loss.n_outputs > 1:
        for i in range(rows):
            values[i] = binary_row(loss, z.at + i * z.stride, y + samples[i] * loss.n_outputs,
                                   dz.at + i * dz.stride, scales[i])
        return
    for i in range(rows):       # one output: treat the block as one long row
        logits[i] = z.at[i * z.stride]
        targets[i] = smoothed(loss, y[samples[i]])
    for i in range(rows):
        terms[i] = real_softplus(logits[i]) - targets[i] * logits[i]
        logits[i] = scales[i] * (real_logistic(logits[i]) - targets[i])
    for i in range(rows):
        values[i] = terms[i]
        dz.at[i * dz.stride] = logits[i]


cdef inline real smoothed(const Loss* loss, real y) noexcept nogil:
    return y * (<real>1 - <real>loss.option) + <real>loss.option / 2


cdef double binary_row(const Loss* loss, const real* z, const real* y, real* dz,
                       real scale) noexcept nogil:
    cdef Py_ssize_t k
    cdef double value = 0
    for k in range(loss.n_outputs):
        dz[k] = real_softplus(z[k]) - smoothed(loss, y[k]) * z[k]
    for k in range(loss.n_outputs):     # separate loop: an ordered sum cannot be vectorized
        value += dz[k]
    for k in range(loss.n_outputs):
        dz[k] = scale * (real_logistic(z[k]) - smoothed(loss, y[k]))
    return value


cdef double regression_row(const Loss* loss, const real* z, const real* y, real* dz,
                           real scale) noexcept nogil:
    cdef Py_ssize_t k
    cdef double value = 0
    cdef real r, derivative, option = <real>loss.option
    for k in range(loss.n_outputs):
        r = z[k] - y[k]
        if loss.kind == SQUARED:
            value += 0.5 * r * r
            derivative = r
        elif loss.kind == ABSOLUTE:
            value += real_fabs(r)
            derivative = <real>((r > 0) - (r < 0)) if r == r else r
        elif loss.kind == HUBER:
            if real_fabs(r) <= option:
                value += 0.5 * r * r
                derivative = r
            else:
                value += option * (real_fabs(r) - 0.5 * option)
                derivative = (option if r > 0 else -option) if r == r else r
        elif loss.kind == POISSON:
            derivative = real_exp(z[k]) - y[k]
            value += derivative - <double>y[k] * z[k]
            if y[k] > 0:
                value += <double>y[k] * log(<double>y[k])
        elif loss.kind == GAMMA:
            derivative = 1 - y[k] * real_exp(-z[k])
            value += z[k] - derivative - log(<double>y[k])
        else:
            option = <real>loss.quantiles[k]
            value += r * ((r > 0) - option)
            derivative = <real>(r > 0) - option if r == r else r
        dz[k] = scale * derivative
    return value


# Losses of at most SUB_BLOCK rows, times their weights (NULL: 1), and dz. Rows of z and dz are padded to
# whole lines; the padding of dz is set to zero. `samples` are rows of y.
cdef void loss_rows(const Loss* loss, Matrix z, const void* y, const Py_ssize_t* samples, Matrix dz,
                    Py_ssize_t rows, const real* sample_weight, double weight_sum,
                    double* values) noexcept nogil:
    cdef Py_ssize_t i, k
    cdef double weight = 1
    cdef real scales[SUB_BLOCK]
    for i in range(rows):
        if sample_weight != NULL:
            weight = sample_weight[samples[i]]
        scales[i] = <real>(loss.gradient_scale * weight / weight_sum)
    if loss.kind == SOFTMAX:
        softmax_rows(loss, z, <const int*>y, samples, dz, rows, scales, values)
    elif loss.kind == BINARY:
        binary_rows(loss, z, <const real*>y, samples, dz, rows, scales, values)
    else:
        for i in range(rows):
            values[i] = regression_row(loss, z.at + i * z.stride,
                                       <const real*>y + samples[i] * loss.n_outputs,
                                       dz.at + i * dz.stride, scales[i])
    for i in range(rows):
        for k in range(loss.n_outputs, dz.stride):
            dz.at[i * dz.stride + k] = 0
        values[i] *= loss.value_scale
        if sample_weight != NULL:
            values[i] *= sample_weight[samples[i]]


# Predictions from the logits of one row, which are overwritten. Probabilities are computed in double
# precision, because floats near 1 are 6e-8 apart. For the binary loss p and 1 - p stay inside (0, 1):
# `bounded_logit` clips the logits.
cdef void probabilities(const Loss* loss, real* z, double* p) noexcept nogil:
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
        # with the padding of the row, unless other groups follow
        exponentials(z + start, top, z + start, whole_lines(n) if loss.n_groups == 1 else n)
        total = 0
        for k in range(start, start + n):
            p[k] = z[k]
            total += p[k]
        for k in range(start, start + n):
            p[k] /= total
        start += n


cdef inline real bounded_logit(real z) noexcept nogil:
    z = <real>30 if z > 30 else z
    return <real>-30 if z < -30 else z


# In place: the exponential link, or the clipping of the binary loss.
cdef void finish_outputs(const Loss* loss, real* z, bint link) noexcept nogil:
    cdef Py_ssize_t k
    if loss.kind == BINARY:
        for k in range(loss.n_outputs):
            z[k] = bounded_logit(z[k])
    elif (loss.kind == POISSON or loss.kind == GAMMA) and link:
        for k in range(loss.n_outputs):
            z[k] = real_exp(z[k])
