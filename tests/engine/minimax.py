"""Makes the constants of the normal distribution in real_math.h: ``python -m tests.engine.minimax`` prints them.

``f(x) ≈ x A(x²) / B(x²)`` for ``|x| <= most``, with B(0) = 1 and the least largest error. For a given error E that is
a linear program: ``|x A − f B| <= E B`` at many x. Bisection finds the least E for which it has a solution.
"""

import numpy as np
from scipy.optimize import linprog
from scipy.special import ndtr

DEGREE = 5
POINTS = 800


def density(x):
    """Of the standard normal distribution."""
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


#: name in real_math.h -> f, and where the fit ends
FITS = {
    "real_normal_cdf": (lambda x: ndtr(x) - 0.5, 5.5),
    "real_gelu_derivative": (lambda x: ndtr(x) - 0.5 + x * density(x), 5.7),
}


def solve(x, y, most, error):
    """Coefficients of A, then those of B but the first, in powers of (x / most)²; None: the error is too small."""
    q = (x / most) ** 2
    above = x[:, None] * q[:, None] ** np.arange(DEGREE + 1)
    below = q[:, None] ** np.arange(1, DEGREE + 1)
    rows = [
        [above, -(y + error)[:, None] * below],
        [-above, (y - error)[:, None] * below],
        [np.zeros_like(above), -below],  # B stays away from zero
    ]
    limits = np.concatenate([y + error, error - y, np.full(len(x), 0.98)])
    n = 2 * DEGREE + 1
    found = linprog(np.zeros(n), np.block(rows), limits, bounds=(None, None), method="highs")
    return found.x if found.status == 0 else None


def fit(f, most):
    """(error, coefficients of A, coefficients of B), in powers of x²."""
    x = most * np.sin(np.linspace(0.0005, 1, POINTS) * np.pi / 2)
    low, high, best = 0.0, 1e-3, None
    while not low or high / low >= 1.05:
        error = np.sqrt(max(low, 1e-12) * high) if low else 0.3 * high
        solution = solve(x, f(x), most, error)
        if solution is None:
            low = error
        else:
            high, best = error, solution
    a = best[: DEGREE + 1] / most ** (2 * np.arange(DEGREE + 1))
    b = np.array([1, *best[DEGREE + 1 :]]) / most ** (2 * np.arange(DEGREE + 1))
    return high, a, b


if __name__ == "__main__":
    for name, (f, most) in FITS.items():
        error, *parts = fit(f, most)
        print(f"{name}, |x| <= {most}: error {error:.1e}")
        for letter, coefficients in zip("ab", parts, strict=True):
            print(f"  {letter}:", *[float(np.float32(value)) for value in coefficients])
