# Activations y = f(x), elementwise. The backward pass replaces dy by dx = f'(x) dy. f' is computed from y,
# except for gelu, silu and mish, which need x. `alpha` belongs to leaky_relu and elu. The padding of rows
# is computed, too (f and f' are finite at 0), but never read.

cdef enum ActivationCode:
    IDENTITY, LOGISTIC, TANH, RELU, LEAKY_RELU, ELU, SELU, SOFTPLUS, GELU, GELU_TANH, SILU, MISH

ACTIVATIONS = {
    "identity": IDENTITY, "logistic": LOGISTIC, "tanh": TANH, "relu": RELU,
    "leaky_relu": LEAKY_RELU, "elu": ELU, "selu": SELU, "softplus": SOFTPLUS,
    "gelu": GELU, "gelu_tanh": GELU_TANH, "silu": SILU, "mish": MISH,
}


cdef inline bint needs_input(int code) noexcept nogil:
    """Whether the backward pass reads the input instead of the output."""
    return code == GELU or code == GELU_TANH or code == SILU or code == MISH


cdef real SELU_SCALE = 1.0507009873554805        # Klambauer et al. 2017
cdef real SELU_SCALE_ALPHA = 1.7580993408473766  # scale * alpha, alpha = 1.6732632423543772


# x and y may alias.
cdef void activation_forward(int code, real alpha, const real* x, real* y, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef real half = 0.5, one = 1
    if x == y:
        activation_forward_inplace(code, alpha, y, n)
    elif code == GELU:       # x P(Z <= x), Z standard normal: Hendrycks & Gimpel 2016
        for i in range(n):
            y[i] = x[i] * real_normal_cdf(x[i])
    elif code == GELU_TANH:  # its approximation, ibid.
        for i in range(n):
            y[i] = half * x[i] * (one + real_tanh(gelu_argument(x[i])))
    elif code == SILU:       # x logistic(x)
        for i in range(n):
            y[i] = x[i] * real_logistic(x[i])
    elif code == MISH:       # x tanh(softplus(x)): Misra 2019
        for i in range(n):
            y[i] = x[i] * mish_gate(x[i])
    else:
        for i in range(n):
            y[i] = x[i]
        activation_forward_inplace(code, alpha, y, n)


cdef void activation_forward_inplace(int code, real alpha, real* y, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef real zero = 0
    cdef real scale = SELU_SCALE, scale_alpha = SELU_SCALE_ALPHA
    if code == RELU:         # NaN passes
        for i in range(n):
            y[i] = zero if y[i] < zero else y[i]
    elif code == LOGISTIC:
        for i in range(n):
            y[i] = real_logistic(y[i])
    elif code == TANH:
        for i in range(n):
            y[i] = real_tanh(y[i])
    elif code == LEAKY_RELU:
        for i in range(n):
            y[i] = alpha * y[i] if y[i] < zero else y[i]
    elif code == ELU:        # alpha (e^x - 1) below zero
        for i in range(n):
            y[i] = elu(y[i], alpha)
    elif code == SELU:
        for i in range(n):
            y[i] = selu(y[i], scale, scale_alpha)
    elif code == SOFTPLUS:
        for i in range(n):
            y[i] = real_softplus(y[i])


# d holds dy and becomes dx. At breakpoints it is the left derivative, as in PyTorch. x and y are input and
# output of the forward pass; they may alias.
cdef void activation_backward(int code, real alpha, const real* x, const real* y, real* d,
                              Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef real zero = 0, one = 1
    cdef real scale = SELU_SCALE, scale_alpha = SELU_SCALE_ALPHA
    if code == RELU:
        for i in range(n):
            d[i] = zero if y[i] <= zero else d[i]
    elif code == LOGISTIC:   # y (1 - y)
        for i in range(n):
            d[i] = d[i] * y[i] * (one - y[i])
    elif code == TANH:       # 1 - y^2
        for i in range(n):
            d[i] = d[i] * (one - y[i] * y[i])
    elif code == LEAKY_RELU:
        for i in range(n):
            d[i] = alpha * d[i] if y[i] <= zero else d[i]
    elif code == ELU:        # alpha e^x = y + alpha below zero
        for i in range(n):
            d[i] = d[i] * (y[i] + alpha if y[i] <= zero else one)
    elif code == SELU:
        for i in range(n):
            d[i] = d[i] * (y[i] + scale_alpha if y[i] <= zero else scale)
    elif code == SOFTPLUS:   # logistic(x) = 1 - e^-y
        for i in range(n):
            d[i] = -d[i] * real_expm1(-y[i])
    elif code == GELU:       # P(Z <= x) + x density(x)
        for i in range(n):
            d[i] = d[i] * real_gelu_derivative(x[i])
    elif code == GELU_TANH:  # (1 + t) / 2 + x (1 - t^2) u' / 2, t = tanh(u)
        for i in range(n):
            d[i] = d[i] * gelu_tanh_derivative(x[i])
    elif code == SILU:       # s + x s (1 - s)
        for i in range(n):
            d[i] = d[i] * silu_derivative(x[i])
    elif code == MISH:       # g + x (1 - g^2) logistic(x), g = tanh(softplus(x))
        for i in range(n):
            d[i] = d[i] * mish_derivative(x[i])


# y becomes f(x), and d is multiplied with f'(x): both with one exponential where that is what they cost.
cdef void activation_both(int code, real alpha, const real* x, real* y, real* d, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef real near, e, m, r
    if code == MISH:         # see mish_derivative
        for i in range(n):
            near = <real>20 if x[i] > 20 else x[i]
            e = real_exp(x[i] if x[i] < 20 else <real>20)
            m = e * (e + <real>2)
            r = <real>1 / (m + <real>2)
            y[i] = x[i] * (m * r)
            d[i] = d[i] * (m * r + near * (<real>4 * e * (<real>1 + e) * r * r))
    else:
        activation_forward(code, alpha, x, y, n)
        activation_backward(code, alpha, x, y, d, n)


cdef inline real elu(real x, real alpha) noexcept nogil:
    cdef real below = alpha * real_expm1(x if x < 0 else <real>0)
    return below if x < 0 else x


cdef inline real selu(real x, real scale, real scale_alpha) noexcept nogil:
    cdef real below = scale_alpha * real_expm1(x if x < 0 else <real>0)
    return below if x < 0 else scale * x


cdef inline real gelu_argument(real x) noexcept nogil:
    # sqrt(2 / pi) (x + 0.044715 x^3)
    return <real>0.7978845608028654 * x * (<real>1 + <real>0.044715 * x * x)


cdef inline real gelu_tanh_derivative(real x) noexcept nogil:
    # 1 - t^2 rounds to zero beyond 10, where x^2 may overflow
    cdef real near = x if x < 10 else <real>10
    cdef real t = real_tanh(gelu_argument(x)), rise
    near = near if near > -10 else <real>-10
    rise = <real>0.7978845608028654 * (<real>1 + <real>0.134145 * near * near)
    return <real>0.5 * (<real>1 + t) + <real>0.5 * near * (<real>1 - t * t) * rise


cdef inline real silu_derivative(real x) noexcept nogil:
    cdef real s = real_logistic(x)
    return s + x * s * (<real>1 - s)


cdef inline real mish_gate(real x) noexcept nogil:
    # tanh(log(1 + e)) = (e^2 + 2e) / (e^2 + 2e + 2); rounds to 1 above 20
    cdef real e = real_exp(x if x < 20 else <real>20)
    cdef real m = e * (e + <real>2)
    return m / (m + <real>2)


cdef inline real mish_derivative(real x) noexcept nogil:
    # with m as above: g = m / (m + 2), and (1 - g^2) logistic(x) = 4 e (1 + e) / (m + 2)^2, nothing above 20
    cdef real near = <real>20 if x > 20 else x
    cdef real e = real_exp(x if x < 20 else <real>20)
    cdef real m = e * (e + <real>2), r = <real>1 / (m + <real>2)
    return m * r + near * (<real>4 * e * (<real>1 + e) * r * r)
