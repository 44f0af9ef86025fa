"""Estimators with random parameters on random, often broken, data: no crash, no unclear error, nothing half fitted.

``python -m tests.fuzz 2000`` runs so many cases, best with the engine built with sanitizers (``SKNN_SANITIZE=1``, see
.ci/run); ``--interrupt`` presses Ctrl-C at a random moment of each fit. A case that fails is told by its seed:
``python -m tests.fuzz --seed 17``.
"""

import argparse
import contextlib
import pickle
import signal
import traceback
import warnings

import numpy as np
import scipy.sparse as sp
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError

import sknn
from tests.engine.drawn_layers import Draw, draw

CLEAR = ValueError, TypeError, NotFittedError


def estimator(d):
    """A public estimator with a few small parameters."""
    common = {"max_iter": d.whole(1, 3), "random_state": 0, "n_threads": d.whole(1, 3)}
    common |= {
        "dtype": d.one_of("float32", "float64", None),
        "batch_size": d.one_of("auto", 1, 3, 500),
    }
    common |= {
        "solver": d.one_of("adam", "sgd", "lbfgs", "muon", "nadam"),
        "clip_norm": d.one_of(None, 0.1),
    }
    kind = d.whole(0, 3)
    if kind == 0:
        sizes = [d.whole(1, 20) for _ in range(d.whole(0, 3))]
        options = {"hidden_layer_sizes": sizes, "dropout": d.one_of(0.0, 0.3)}
        return d.one_of(sknn.MLPClassifier, sknn.MLPRegressor)(**options, **common)
    if kind == 1:
        case = draw(d.whole(0, 10**6))
        options = {
            "layers": case.layers,
            "image_shape": case.shape if len(case.shape) == 3 else None,
        }
        options |= {
            "standardize": d.chance(0.5),
            "test_time_augmentation": d.chance(0.3),
            "channels_first": d.chance(0.2),
        }
        return d.one_of(sknn.CNNClassifier, sknn.CNNRegressor)(**options, **common)
    if kind == 2:
        common.pop("solver"), common.pop("clip_norm")
        options = {"patch_size": d.one_of(1, 2, (1, 2)), "hidden_dim": 4, "n_blocks": 1}
        return d.one_of(sknn.MLPMixerClassifier, sknn.MLPMixerRegressor)(**options, **common)
    options = {"effort": "fast", "n_members": d.whole(1, 2), "hidden_layer_sizes": d.whole(1, 9)}
    options |= {name: common[name] for name in ("max_iter", "random_state", "n_threads")}
    return d.one_of(sknn.TabularClassifier, sknn.TabularRegressor)(**options)


def samples(d, model, n):
    """X of some kind, mostly of the shape that the model wants."""
    shape = getattr(model, "image_shape", None) or (d.whole(1, 12),)
    if getattr(model, "layers", None) and len(shape) == 1 and d.chance(0.5):
        shape = (d.whole(1, 6), d.whole(1, 6), d.whole(1, 3))
    X = d.rng.standard_normal((n, *shape))
    if d.chance(0.5) and X.ndim > 2:
        X = X.reshape(n, -1)
    if d.chance(0.15):
        X.flat[d.whole(0, X.size - 1)] = d.one_of(np.nan, np.inf, -np.inf, 1e300, 1e-300)
    kind = d.whole(0, 8)
    if kind == 0 and X.ndim == 2:
        return broken_csr(d, sp.csr_matrix(X * (d.rng.random(X.shape) < 0.5)))
    forms = {
        1: lambda: X.astype("f"),
        2: lambda: np.asfortranarray(X),
        3: lambda: (100 * np.nan_to_num(X, posinf=0, neginf=0)).clip(0, 255).astype(np.uint8),
        4: lambda: X.tolist(),
        5: lambda: X[::2] if n > 1 else X,
        6: lambda: X.astype(object),
    }
    return forms.get(kind, lambda: X)()


def broken_csr(d, X):
    """A CSR matrix, one of two with an index that points outside of it."""
    if X.nnz and d.chance(0.5):
        part = d.one_of(X.indices, X.indptr)
        part[d.whole(0, len(part) - 1)] = d.one_of(-1, X.shape[1], 10**6, -(10**9), 0)
    return X


def labels(d, model, n):
    if d.chance(0.1):
        return d.one_of(np.zeros(n), np.full(n, np.nan), [], np.zeros((n, 2)), ["a"] * n, None)
    if "Regressor" in type(model).__name__:
        return d.rng.standard_normal(n if d.chance(0.7) else (n, d.whole(1, 3)))
    return d.one_of(d.rng.integers(0, 3, n), d.rng.integers(0, 2, (n, 3)), d.rng.integers(0, 2, n))


def break_fitted(d, model):
    """Assigns a fitted attribute that does not fit."""
    names = [name for name in vars(model) if name.endswith("_") and not name.startswith("_")]
    name = d.one_of(*names)
    value = getattr(model, name)
    wrong = [None, -1, 10**6, "x", np.arange(90), [], np.zeros((2, 2))]
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
        wrong += [
            value[1:],
            value + value[:1],
            [v[:1] for v in value],
            [v.astype("c16") for v in value],
        ]
        wrong += [[v.T for v in value], [np.full_like(v, np.nan) for v in value]]
    if isinstance(value, np.ndarray) and value.ndim:
        wrong += [value[:1], np.concatenate([value, value]), value.astype(str)]
    setattr(model, name, d.one_of(*wrong))


def use(d, model, X):
    """One method of a fitted model; with a fitted attribute broken, any exception of Python's will do."""
    methods = (
        "predict",
        "predict_proba",
        "decision_function",
        "transform",
        "forward_steps",
        "feature_maps",
    )
    for name in methods:
        if d.chance(0.4) and hasattr(model, name):
            getattr(model, name)(X)


def fitted_state(model):
    """What a failed fit must leave as it was."""
    return {k: v for k, v in vars(model).items() if k.endswith("_") and not k.startswith("_")}


def run(seed, interrupt=False):
    """One case; raises where something is wrong."""
    d = Draw(np.random.default_rng(seed))
    model = estimator(d)
    fitted = False
    for _ in range(d.whole(1, 3)):
        X = samples(d, model, d.one_of(1, 2, 7, 30, 70))
        n = X.shape[0] if hasattr(X, "shape") else len(X)
        y, weight = labels(d, model, n), d.one_of(None, None, d.rng.integers(0, 3, n), -np.ones(n))
        fit = d.one_of(model.fit, getattr(model, "partial_fit", model.fit))
        before = fitted_state(model)
        if interrupt:
            signal.setitimer(signal.ITIMER_REAL, d.rng.uniform(0, 0.02))
        try:
            options = (
                {"classes": np.unique(y)}
                if fit.__name__ == "partial_fit" and is_classifier(model)
                else {}
            )
            fit(X, y, sample_weight=weight, **options)
            fitted = True
        except (*CLEAR, KeyboardInterrupt):
            after = fitted_state(model)
            assert after.keys() == before.keys(), "a failed fit left something behind"
            assert all(after[name] is before[name] for name in before), (
                "a failed fit changed something"
            )
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        with contextlib.suppress(*CLEAR, AttributeError):
            use(d, model, X if d.chance(0.7) else samples(d, model, 5))
        pickle.loads(pickle.dumps(model))
    if fitted and not interrupt:
        break_fitted(d, model)
        with contextlib.suppress(Exception):  # any error of Python's will do, a crash will not
            use(d, model, X)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("n", nargs="?", type=int, default=100, help="how many cases")
    parser.add_argument("--seed", type=int, help="this case alone")
    parser.add_argument("--interrupt", action="store_true", help="Ctrl-C in every fit")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.interrupt:
        signal.signal(signal.SIGALRM, signal.default_int_handler)
    seeds = range(arguments.n) if arguments.seed is None else [arguments.seed]
    failed = 0
    for seed in seeds:
        try:
            run(seed, arguments.interrupt)
        except Exception:
            failed += 1
            print(f"seed {seed}:\n{traceback.format_exc()}", flush=True)
        if seed % 500 == 499:
            print(f"{seed + 1} cases", flush=True)
    print(f"{len(seeds) - failed} passed, {failed} failed")
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
