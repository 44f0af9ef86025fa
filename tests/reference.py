"""The reference implementation: what the engine computes, a few lines of numpy each, in float64."""

import numpy as np
from scipy.special import expit, ndtr

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772

# ---- activations: (f, f') -----------------------------------------------------------------------


def density(x):
    return np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)


def softplus(x):
    return np.logaddexp(0, x)


def elu(x):
    return np.where(x < 0, np.expm1(np.minimum(x, 0)), x)


def elu_slope(x):
    return np.exp(np.minimum(x, 0))


def mish_slope(x):
    gate = np.tanh(softplus(x))
    return gate + x * (1 - gate**2) * expit(x)


def gelu_argument(x):
    x = np.clip(x, -100, 100)  # where the tanh is 1 long since
    return np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)


def gelu_tanh_slope(x):
    t, x = np.tanh(gelu_argument(x)), np.clip(x, -100, 100)
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)


ACTIVATIONS = {
    "identity": (lambda x: x, np.ones_like),
    "logistic": (expit, lambda x: expit(x) * expit(-x)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (lambda x: np.where(x < 0, 0, x), lambda x: (x > 0) * 1.0),
    "leaky_relu": (lambda x: np.where(x < 0, 0.01 * x, x), lambda x: np.where(x <= 0, 0.01, 1.0)),
    "elu": (elu, elu_slope),
    "selu": (
        lambda x: SELU_SCALE * np.where(x < 0, SELU_ALPHA * elu(x), x),
        lambda x: SELU_SCALE * np.where(x <= 0, SELU_ALPHA * elu_slope(x), 1.0),
    ),
    "softplus": (softplus, expit),
    "gelu": (lambda x: x * ndtr(x), lambda x: ndtr(x) + x * density(x)),
    "gelu_tanh": (lambda x: 0.5 * x * (1 + np.tanh(gelu_argument(x))), gelu_tanh_slope),
    "silu": (lambda x: x * expit(x), lambda x: expit(x) * (1 + x * expit(-x))),
    "mish": (lambda x: x * np.tanh(softplus(x)), mish_slope),
}

# ---- losses of each row, and their gradients by the logits --------------------------------------


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_loss(z, y, group_sizes, smoothing):
    value, dz, start = 0, np.empty_like(z), 0
    for column, n in enumerate(group_sizes):
        part = z[:, start : start + n]
        target = (1 - smoothing) * np.eye(n)[y[:, column]] + smoothing / n
        shifted = part - part.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        value = value - (target * log_p).sum(axis=1)
        dz[:, start : start + n] = np.exp(log_p) - target
        start += n
    return value, dz


def binary_loss(z, y, smoothing):
    target = (1 - smoothing) * y + smoothing / 2
    return (softplus(z) - target * z).sum(axis=1), expit(z) - target


def poisson_loss(z, y):
    entropy = np.where(y > 0, y * np.log(np.where(y > 0, y, 1)), 0)
    return np.exp(z) - y * z + entropy - y, np.exp(z) - y


def gamma_loss(z, y):
    return y * np.exp(-z) + z - np.log(y) - 1, 1 - y * np.exp(-z)


def huber_loss(z, y, delta):
    r = z - y
    inside = abs(r) <= delta
    value = np.where(inside, r * r / 2, delta * (abs(r) - delta / 2))
    return value, np.clip(r, -delta, delta)


def regression_loss(kind, z, y, option):
    if kind == "squared_error":
        return (z - y) ** 2 / 2, z - y
    if kind == "absolute_error":
        return abs(z - y), np.sign(z - y)
    if kind == "huber":
        return huber_loss(z, y, option)
    if kind == "poisson":
        return poisson_loss(z, y)
    if kind == "gamma":
        return gamma_loss(z, y)
    option = np.asarray(option)  # one quantile, or one for each output
    return np.where(z > y, (1 - option) * (z - y), option * (y - z)), (z > y) - option


def loss_rows(loss, z, y):
    """(value of each row, gradient by z); regression but Poisson's and gamma's is a mean over the outputs."""
    if loss.kind == "softmax":
        return softmax_loss(z, y, loss.group_sizes, loss.option)
    if loss.kind == "binary":
        return binary_loss(z, y, loss.option)
    value, dz = regression_loss(loss.kind, z, y, loss.option)
    scale = 1 if loss.kind in {"poisson", "gamma"} else 1 / z.shape[1]
    return scale * value.sum(axis=1), scale * dz


def link(loss, z):
    """Predictions from logits; a binary logit counts as at most 30 in size."""
    if loss.kind == "softmax":
        groups = np.split(z, np.cumsum(loss.group_sizes)[:-1], axis=1)
        return np.hstack([softmax(part) for part in groups])
    if loss.kind == "binary":
        return expit(np.clip(z, -30, 30))
    return np.exp(z) if loss.kind in {"poisson", "gamma"} else z


# ---- bfloat16 -----------------------------------------------------------------------------------


def nearest_bfloat16(x):
    """Upper 16 bits of a float32, to the nearest, ties to even."""
    bits = np.asarray(x, np.float32).view(np.uint32).astype(np.uint64)
    rounded = ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32)
    return rounded.view(np.float32).astype(np.float64)


# ---- randomness from counters -------------------------------------------------------------------


def u64(value):
    return np.array(value).astype(np.uint64).reshape(-1)


def mix(x):
    x = (x ^ (x >> u64(30))) * u64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> u64(27))) * u64(0x94D049BB133111EB)
    return x ^ (x >> u64(31))


def combine(key, value):
    return mix(u64(key) + u64(0x9E3779B97F4A7C15) * (u64(value) + u64(1)))


def row_keys(epoch_key, samples, salt):
    """32 bits for each sample."""
    return (combine(combine(epoch_key, samples), salt) >> u64(32)).astype(np.uint32)


def element_hashes(keys, width):
    """(len(keys), width): 32 bits for each element of each row."""
    h = keys[:, None] + np.arange(width, dtype=np.uint32) * np.uint32(0x9E3779B9)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x7FEB352D)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x846CA68B)
    return h ^ (h >> np.uint32(16))


def dropout_mask(seed, epoch, samples, salt, width, rate):
    """(len(samples), width): 0 where dropped, else 1 / (1 - rate)."""
    h = element_hashes(row_keys(combine(seed, epoch), samples, salt), width)
    return np.where(h < int(rate * 2**32), 0.0, 1 / (1 - rate))


def shuffled(samples, seed, epoch):
    """The order of an epoch: Fisher and Yates, from the last place to the first."""
    order, key = np.array(samples), mix(combine(seed, epoch))
    for i in range(len(order) - 1, 0, -1):
        j = ((int(combine(key, i)[0]) >> 32) * (i + 1)) >> 32
        order[[i, j]] = order[[j, i]]
    return order


# ---- a multilayer perceptron --------------------------------------------------------------------


def forward(weights, activations, X, masks=None):
    """Inputs of each dense layer, logits before each activation, and the logits at the end."""
    coefs, intercepts = weights
    masks = masks or [1.0] * len(coefs)
    inputs, before = [X * masks[0]], []
    for i, activation in enumerate(activations):
        before.append(inputs[-1] @ coefs[i] + intercepts[i])
        inputs.append(ACTIVATIONS[activation][0](before[-1]) * masks[i + 1])
    return inputs, before, inputs[-1] @ coefs[-1] + intercepts[-1]


def loss_and_gradient(
    weights, activations, X, y, loss, *, sample_weight=None, alpha=0.0, masks=None
):
    """Weighted mean loss + alpha |W|² / (2 Σ weights), and its gradient as (coefs, intercepts)."""
    coefs = weights[0]
    masks = masks or [1.0] * len(coefs)
    sample_weight = np.ones(len(X)) if sample_weight is None else sample_weight
    total = sample_weight.sum()
    inputs, before, z = forward(weights, activations, X, masks)
    values, d = loss_rows(loss, z, y)
    penalty = alpha * sum((W * W).sum() for W in coefs) / 2
    d = d * (sample_weight / total)[:, None]
    dcoefs, dintercepts = [], []
    for i in range(len(coefs) - 1, -1, -1):
        dcoefs.insert(0, inputs[i].T @ d + alpha / total * coefs[i])
        dintercepts.insert(0, d.sum(axis=0))
        if i > 0:
            slope = ACTIVATIONS[activations[i - 1]][1](before[i - 1])
            d = (d @ coefs[i].T) * masks[i] * slope
    return ((sample_weight * values).sum() + penalty) / total, (dcoefs, dintercepts)


# ---- steps --------------------------------------------------------------------------------------


def clip(gradient, norm):
    """The gradient, an array, scaled down where its norm is larger."""
    size = np.sqrt((gradient**2).sum())
    return gradient * min(1.0, norm / size) if size > 0 else gradient


def sgd(w, g, slots, rate, t, momentum=0.9, nesterov=True):
    """One step; returns (w, slots)."""
    v = momentum * slots[0] - rate * g
    return (w + momentum * v - rate * g if nesterov else w + v), [v]


def adam(w, g, slots, rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Step number t, 1 for the first; returns (w, slots)."""
    m = beta_1 * slots[0] + (1 - beta_1) * g
    v = beta_2 * slots[1] + (1 - beta_2) * g * g
    rate = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return w - rate * m / (np.sqrt(v) + epsilon), [m, v]


def adagrad(w, g, slots, rate, t, epsilon=1e-10, initial_accumulator_value=0.0):
    s = slots[0] + g * g
    return w - rate * g / (np.sqrt(initial_accumulator_value + s) + epsilon), [s]


def adadelta(w, g, slots, rate, t, rho=0.9, epsilon=1e-6):
    s = rho * slots[0] + (1 - rho) * g * g
    step = np.sqrt(slots[1] + epsilon) / np.sqrt(s + epsilon) * g
    return w - rate * step, [s, rho * slots[1] + (1 - rho) * step * step]


def rmsprop(w, g, slots, rate, t, rho=0.99, epsilon=1e-8, momentum=0.0):
    """One step; without momentum there is no velocity among the slots."""
    s = rho * slots[0] + (1 - rho) * g * g
    v = g / (np.sqrt(s) + epsilon)
    if momentum == 0:
        return w - rate * v, [s]
    v = momentum * slots[1] + v
    return w - rate * v, [s, v]


def adamw(
    w, g, slots, rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-8, weight_decay=0.01, decays=1.0
):
    """Decays what `decays` is one for, then a step of Adam's first form."""
    w = w - rate * weight_decay * decays * w
    m = beta_1 * slots[0] + (1 - beta_1) * g
    v = beta_2 * slots[1] + (1 - beta_2) * g * g
    corrected_m, corrected_v = m / (1 - beta_1**t), v / (1 - beta_2**t)
    return w - rate * corrected_m / (np.sqrt(corrected_v) + epsilon), [m, v]


def orthogonal(m, n_iterations=5):
    """U Vᵀ of U S Vᵀ, about: Newton and Schulz's iteration with Jordan's coefficients."""
    x = m / max(np.linalg.norm(m), 1e-7)
    x = x.T if len(m) < len(m.T) else x
    for _ in range(n_iterations):
        gram = x.T @ x
        x = 3.4445 * x + x @ (-4.7750 * gram + 2.0315 * gram @ gram)
    return x.T if len(m) < len(m.T) else x


def muon(w, g, slots, rate, t, matrices=(), momentum=0.95, n_iterations=5, decays=1.0, **adam):
    """A step of AdamW, but of Muon for the matrices, (slice, shape) each."""
    rates = np.broadcast_to(rate, w.shape)
    after, new = adamw(w, g, slots, rate, t, decays=decays, **adam)
    for part, shape in matrices:
        m = momentum * slots[0][part] + (1 - momentum) * g[part]
        direction = (momentum * m + (1 - momentum) * g[part]).reshape(shape)
        step = 0.2 * np.sqrt(max(shape)) * orthogonal(direction, n_iterations).ravel()
        shrunk = (1 - rates * adam["weight_decay"] * np.broadcast_to(decays, w.shape)) * w
        after[part] = shrunk[part] - rates[part] * step
        new[0][part], new[1][part] = m, 0
    return after, new


def nadam(w, g, slots, rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-8, momentum_decay=4e-3):
    mu = beta_1 * (1 - 0.5 * 0.96 ** (momentum_decay * np.arange(1, t + 2)))
    m = beta_1 * slots[0] + (1 - beta_1) * g
    v = beta_2 * slots[1] + (1 - beta_2) * g * g
    ahead = mu[-1] * m / (1 - mu.prod()) + (1 - mu[-2]) * g / (1 - mu[:-1].prod())
    return w - rate * ahead / (np.sqrt(v / (1 - beta_2**t)) + epsilon), [m, v]
