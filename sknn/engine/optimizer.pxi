# One update of n consecutive parameters from their gradient g. Moments and velocities are flat arrays
# beside the parameters.
# A new optimizer is one function here, one line in `update` and one class in sknn/optimizers.py.

cdef enum OptimizerKind:
    SGD, ADAM

OPTIMIZERS = {"sgd": SGD, "adam": ADAM}

cdef enum:
    MAX_SLOTS = 2
    MAX_COEFFICIENTS = 4

cdef struct Optimizer:
    int kind
    int n_slots
    double coefficients[MAX_COEFFICIENTS]
    double rate                         # of this step, with what depends on its number worked in


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


# m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2
# w <- w - rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)       (coefficients: b1, b2, eps)
cdef double adam_rate(const Optimizer* o, double rate, long long t) noexcept nogil:
    return rate * sqrt(1 - o.coefficients[1] ** t) / (1 - o.coefficients[0] ** t)


cdef void adam_update(const Optimizer* o, real* w, const real* g, real* m, real* v,
                      Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef real b1 = <real>o.coefficients[0], c1 = <real>(1 - o.coefficients[0])
    cdef real b2 = <real>o.coefficients[1], c2 = <real>(1 - o.coefficients[1])
    cdef real epsilon = <real>o.coefficients[2], rate = <real>o.rate
    for i in range(n):
        m[i] = b1 * m[i] + c1 * g[i]
        v[i] = b2 * v[i] + c2 * g[i] * g[i]
        w[i] -= rate * m[i] / (real_sqrt(v[i]) + epsilon)


# Before step t (1 for the first) with this learning rate.
cdef void prepare(Optimizer* o, double rate, long long t) noexcept nogil:
    o.rate = adam_rate(o, rate, t) if o.kind == ADAM else rate


cdef void update(const Optimizer* o, real* w, const real* g, real** slots, Py_ssize_t offset,
                 Py_ssize_t n) noexcept nogil:
    if o.kind == ADAM:
        adam_update(o, w + offset, g, slots[0] + offset, slots[1] + offset, n)
    else:
        sgd_update(o, w + offset, g, slots[0] + offset, n)


# Sum of squares with 32 partial sums, which a compiler turns into vectors.
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
