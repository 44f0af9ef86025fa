# One update of n consecutive parameters from their gradient g. The state has the layout of the parameters.
# A new optimizer needs one function here, one line in `update`, one class and one row in sknn/optimizers.

cdef enum OptimizerKind:
    SGD, ADAGRAD, ADADELTA, RMSPROP, ADAM, ADAMW, NADAM, MUON

OPTIMIZERS = {
    "sgd": SGD, "adagrad": ADAGRAD, "adadelta": ADADELTA, "rmsprop": RMSPROP, "adam": ADAM,
    "adamw": ADAMW, "nadam": NADAM, "muon": MUON,
}

cdef enum:
    MAX_SLOTS = 2
    MAX_COEFFICIENTS = 5

cdef struct Optimizer:
    int kind
    int n_slots
    double coefficients[MAX_COEFFICIENTS]
    double weight_decay
    # of the current step, see `prepare`
    double learning_rate
    double rate                         # learning rate with bias correction
    double decay                        # fraction that weight decay takes from w first
    double epsilon
    double of_moment, of_gradient       # factors of moment and gradient in NADAM
    double momentum_product             # over all steps so far


# v <- momentum v - rate g;  w <- w + v, or with Nesterov's momentum w + momentum v - rate g
# (coefficients: momentum, nesterov)
cdef void sgd_update(const Optimizer* o, real* w, const real* g, real* v, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef real momentum = <real>o.coefficients[0], rate = <real>o.rate
    if o.coefficients[1] != 0:
        for i in range(n):
            v[i] = momentum * v[i] - rate * g[i]
            w[i] += momentum * v[i] - rate * g[i]
    else:
        for i in range(n):
            v[i] = momentum * v[i] - rate * g[i]
            w[i] += v[i]


# s <- s + g^2;  w <- w - rate g / (sqrt(first + s) + eps)            (coefficients: eps, first)
cdef void adagrad_update(const Optimizer* o, real* w, const real* g, real* s, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef real epsilon = <real>o.coefficients[0], first = <real>o.coefficients[1], rate = <real>o.rate
    for i in range(n):
        s[i] += g[i] * g[i]
        w[i] -= rate * g[i] / (real_sqrt(first + s[i]) + epsilon)


# s <- rho s + (1 - rho) g^2;  step = sqrt((d + eps) / (s + eps)) g;  d <- rho d + (1 - rho) step^2
# w <- w - rate step                                                  (coefficients: rho, eps)
cdef void adadelta_update(const Optimizer* o, real* w, const real* g, real* s, real* d,
                          Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef real rho = <real>o.coefficients[0], rest = <real>(1 - o.coefficients[0])
    cdef real epsilon = <real>o.coefficients[1], rate = <real>o.rate, step
    for i in range(n):
        s[i] = rho * s[i] + rest * g[i] * g[i]
        step = real_sqrt((d[i] + epsilon) / (s[i] + epsilon)) * g[i]
        d[i] = rho * d[i] + rest * step * step
        w[i] -= rate * step


# s <- rho s + (1 - rho) g^2;  step = g / (sqrt(s) + eps);  w <- w - rate step
# or with momentum v <- momentum v + step;  w <- w - rate v           (coefficients: rho, eps, momentum)
cdef void rmsprop_update(const Optimizer* o, real* w, const real* g, real* s, real* v,
                         Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef real rho = <real>o.coefficients[0], rest = <real>(1 - o.coefficients[0])
    cdef real epsilon = <real>o.coefficients[1], momentum = <real>o.coefficients[2], rate = <real>o.rate
    if o.n_slots == 1:
        for i in range(n):
            s[i] = rho * s[i] + rest * g[i] * g[i]
            w[i] -= rate * g[i] / (real_sqrt(s[i]) + epsilon)
    else:
        for i in range(n):
            s[i] = rho * s[i] + rest * g[i] * g[i]
            v[i] = momentum * v[i] + g[i] / (real_sqrt(s[i]) + epsilon)
            w[i] -= rate * v[i]


# m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2 w <- w - rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) +
# eps)       (coefficients: b1, b2, eps) All but ADAM correct v before they add eps; here that is eps sqrt(1
# - b2^t). MUON updates matrices in muon.pxi and everything else as ADAMW does.
cdef void prepare_adam(Optimizer* o, double rate, long long t) noexcept nogil:
    cdef double correction = sqrt(1 - o.coefficients[1] ** t)
    o.epsilon = o.coefficients[2] if o.kind == ADAM else o.coefficients[2] * correction
    o.rate = rate * correction / (1 if o.kind == NADAM else 1 - o.coefficients[0] ** t)


cdef void adam_update(const Optimizer* o, real* w, const real* g, real* m, real* v,
                      Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef real b1 = <real>o.coefficients[0], c1 = <real>(1 - o.coefficients[0])
    cdef real b2 = <real>o.coefficients[1], c2 = <real>(1 - o.coefficients[1])
    cdef real epsilon = <real>o.epsilon, rate = <real>o.rate
    for i in range(n):
        m[i] = b1 * m[i] + c1 * g[i]
        v[i] = b2 * v[i] + c2 * g[i] * g[i]
        w[i] -= rate * m[i] / (real_sqrt(v[i]) + epsilon)


# m and v as above;  mu(t) = b1 (1 - 0.96^(t psi) / 2), p(t) = mu(1) ... mu(t)
# w <- w - rate sqrt(1 - b2^t) (mu(t + 1) / (1 - p(t + 1)) m + (1 - mu(t)) / (1 - p(t)) g) / (sqrt(v) + eps)
# (coefficients: b1, b2, eps, psi)
cdef double nadam_momentum(const Optimizer* o, long long t) noexcept nogil:
    return o.coefficients[0] * (1 - 0.5 * 0.96 ** (t * o.coefficients[3]))


cdef void prepare_nadam(Optimizer* o, long long t) noexcept nogil:
    cdef double now = nadam_momentum(o, t), next = nadam_momentum(o, t + 1)
    o.momentum_product *= now
    o.of_moment = next / (1 - o.momentum_product * next)
    o.of_gradient = (1 - now) / (1 - o.momentum_product)


cdef void nadam_update(const Optimizer* o, real* w, const real* g, real* m, real* v,
                       Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef real b1 = <real>o.coefficients[0], c1 = <real>(1 - o.coefficients[0])
    cdef real b2 = <real>o.coefficients[1], c2 = <real>(1 - o.coefficients[1])
    cdef real epsilon = <real>o.epsilon
    cdef real of_m = <real>(o.rate * o.of_moment), of_g = <real>(o.rate * o.of_gradient)
    for i in range(n):
        m[i] = b1 * m[i] + c1 * g[i]
        v[i] = b2 * v[i] + c2 * g[i] * g[i]
        w[i] -= (of_m * m[i] + of_g * g[i]) / (real_sqrt(v[i]) + epsilon)


# After t steps. Products this small no longer matter.
cdef void resume(Optimizer* o, long long t) noexcept nogil:
    cdef long long i = 1
    o.momentum_product = 1
    while o.kind == NADAM and i <= t and o.momentum_product > 1e-20:
        o.momentum_product *= nadam_momentum(o, i)
        i += 1


# Before step t (from 1 on).
cdef void prepare(Optimizer* o, double rate, double decay_factor, long long t) noexcept nogil:
    o.learning_rate = o.rate = rate
    o.decay = rate * o.weight_decay * decay_factor
    if o.kind == ADAM or o.kind == ADAMW or o.kind == NADAM or o.kind == MUON:
        prepare_adam(o, rate, t)
    if o.kind == NADAM:
        prepare_nadam(o, t)


# w <- w - fraction w
cdef void decay_by(real* w, real share, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        w[i] -= share * w[i]


cdef void update(const Optimizer* o, real* w, const real* g, real** slots, Py_ssize_t offset,
                 Py_ssize_t n) noexcept nogil:
    cdef real* first = slots[0] + offset
    cdef real* second = slots[1] + offset if o.n_slots > 1 else NULL
    w += offset
    if o.decay != 0:
        decay_by(w, <real>o.decay, n)
    if o.kind == SGD:
        sgd_update(o, w, g, first, n)
    elif o.kind == ADAGRAD:
        adagrad_update(o, w, g, first, n)
    elif o.kind == ADADELTA:
        adadelta_update(o, w, g, first, second, n)
    elif o.kind == RMSPROP:
        rmsprop_update(o, w, g, first, second, n)
    elif o.kind == NADAM:
        nadam_update(o, w, g, first, second, n)
    else:
        adam_update(o, w, g, first, second, n)


# w <- min(max(w, lower), upper), after a step
cdef void keep_within(real* w, const real* lower, const real* upper, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        w[i] = min(max(w[i], lower[i]), upper[i])


# Sum of squares with 32 partial sums, for vectorization.
cdef double sum_of_squares(const real* x, Py_ssize_t n) noexcept nogil:
    cdef real partial[32]
    cdef Py_ssize_t i, j
    cdef double total = 0
    for j in range(32):
        partial[j] = 0
    for i in range(0, n - n % 32, 32):
        for j in range(32):
            partial[j] += x[i + j] * x[i + j]
    for i in range(n - n % 32, n):
        partial[i % 32] += x[i] * x[i]
    for j in range(32):
        total += partial[j]
    return total


# g <- g + decay w
cdef void add_decay(real* g, const real* w, real decay, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        g[i] += decay * w[i]


cdef void scale_by(real* g, real factor, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        g[i] *= factor
