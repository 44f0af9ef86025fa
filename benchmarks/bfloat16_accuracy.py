"""What mixed precision costs in accuracy: ``dtype="mixed_bfloat16"`` beside float32, the same seeds.

Perceptrons and a convolutional network on MNIST and CIFAR-10; perceptrons on the classification sets of the tables,
and the ensembles for tabular data, with default parameters, on all of them. A seed starts both from the same weights,
with the same batches; the error is the share of wrong answers on the test set, of a regressor 1 − R². A difference of
mean errors counts as noise where it is less than the standard deviation of float32's over the seeds. The errors do not
depend on the processor: one without AVX512_BF16 multiplies the same factors. With it, the median fit is to be 1.3 times
faster, that of an ensemble 1.5 times.

MNIST and CIFAR-10 are read by ``load.py`` from the folder that SKNN_DATA names, where CIFAR-10 is a copy in JPEG
quality 75, and without it fetched from OpenML; so are the tables.
"""

import statistics
import warnings
from collections.abc import Callable
from typing import NamedTuple

from _common import Goals, finish, parse_arguments, print_table, timed
from _tables import SETS, split
from images_accuracy import flattened, load, unit_interval
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from sknn import CNNClassifier, MLPClassifier, TabularClassifier, TabularRegressor, engine
from sknn.presets import SimpleCNN

N_SEEDS = 5
PRECISIONS = ("float32", "mixed_bfloat16")


def pixels(seed):
    """The largest perceptron of the speed benchmarks, on scaled pixels."""
    net = MLPClassifier((512, 512), max_iter=10, learning_rate="one_cycle", random_state=seed)
    return make_pipeline(FunctionTransformer(unit_interval), FunctionTransformer(flattened), net)


def convolutional(seed):
    """The 32-64-64 network."""
    return CNNClassifier(layers=SimpleCNN(), max_iter=5, random_state=seed)


def table(seed):
    """A perceptron on numbers and one-hot categories."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    prepare = make_column_transformer(
        (categories, make_column_selector(dtype_include="category")), remainder=numbers
    )
    net = MLPClassifier((256, 256), max_iter=30, learning_rate="one_cycle", random_state=seed)
    return make_pipeline(prepare, net)


def classifier(seed):
    """The ensemble for tabular data."""
    return TabularClassifier(random_state=seed, n_threads=2)


def regressor(seed):
    """The same for continuous targets."""
    return TabularRegressor(random_state=seed, n_threads=2)


class Case(NamedTuple):
    """A model on a data set."""

    data: str
    model: str
    #: seed -> the unfitted model
    make: Callable


ENSEMBLE = "ensemble"
CASES = [
    Case("mnist", "784-512-512-10", pixels),
    Case("mnist", "32-64-64", convolutional),
    Case("cifar10", "32-64-64", convolutional),
    *[
        Case(name, "256-256", table)
        for name, (_, _, is_regression) in SETS.items()
        if not is_regression
    ],
    *[
        Case(name, ENSEMBLE, regressor if is_regression else classifier)
        for name, (_, _, is_regression) in SETS.items()
    ],
]
MODELS = list(dict.fromkeys(case.model for case in CASES))


def data_of(name, quick):
    """(X, X_test, y, y_test)."""
    if name in SETS:
        return split(name, 0)
    X, y, X_test, y_test = load(name, quick)
    return X, X_test, y, y_test


def measure(make, data, n_seeds):
    """Errors and seconds of the fits of every seed, ``{precision: [(error, seconds), …]}``."""
    X, X_test, y, y_test = data
    found = {precision: [] for precision in PRECISIONS}
    for seed in range(n_seeds):
        for precision, own in found.items():
            model = make(seed)
            net = model[-1] if isinstance(model, Pipeline) else model
            net.set_params(dtype=precision)
            seconds = timed(lambda model=model: model.fit(X, y))()
            own.append((1 - model.score(X_test, y_test), seconds))
    return found


def summary(case, found):
    """Mean errors, their difference, the standard deviation of float32's over the seeds, and how much faster fits are."""
    errors = {precision: [error for error, _ in found[precision]] for precision in PRECISIONS}
    means = {precision: statistics.fmean(errors[precision]) for precision in PRECISIONS}
    pairs = zip(*(found[precision] for precision in PRECISIONS), strict=True)
    return {
        "data": case.data,
        "model": case.model,
        "errors": errors,
        **means,
        "difference": means["mixed_bfloat16"] - means["float32"],
        "deviation": statistics.stdev(errors["float32"]),
        "gain": statistics.median(plain / mixed for (_, plain), (_, mixed) in pairs),
    }


def main():
    """Measure all cases."""
    models = {"nargs": "+", "choices": MODELS, "default": MODELS, "metavar": "NAME"}
    options = parse_arguments(__doc__, more=[("--models", models)])
    # networks that are trained for few epochs
    warnings.simplefilter("ignore", ConvergenceWarning)
    cases = [case for case in CASES if case.model in options.models]
    rows = []
    for case in cases[:1] if options.quick else cases:
        data = data_of(case.data, options.quick)
        rows.append(summary(case, measure(case.make, data, 2 if options.quick else N_SEEDS)))
        print(f"{case.data}, {case.model}: {rows[-1]['difference']:+.4f}", flush=True)
    print_table(
        ["error", "model", *PRECISIONS, "difference", "deviation", "gain"],
        [
            [row["data"], row["model"]]
            + [f"{row[key]:.4f}" for key in (*PRECISIONS, "difference", "deviation")]
            + [f"{row['gain']:.2f}"]
            for row in rows
        ],
    )
    goals = Goals()
    for model in dict.fromkeys(row["model"] for row in rows):
        own = [row for row in rows if row["model"] == model]
        ratio = max(abs(row["difference"]) / row["deviation"] for row in own)
        goals.at_most(f"{model}: largest difference / deviation of a seed", ratio, 1)
        if engine.load("float32").has_pairs():
            gain = statistics.median(row["gain"] for row in own)
            goals.at_least(
                f"{model}: gain of a fit, median", gain, 1.5 if model == ENSEMBLE else 1.3
            )
    finish(options, __file__, goals, rows, key=("data", "model"))


if __name__ == "__main__":
    main()
