"""What mixed precision costs in accuracy: ``dtype="mixed_bfloat16"`` beside float32, the same seeds.

Perceptrons and a convolutional network on MNIST and CIFAR-10, and perceptrons on the classification sets of the
tables. A seed starts both from the same weights, with the same batches; the error is the share of wrong answers on
the test set. A difference of mean errors counts as noise where it is less than the standard deviation of float32's
over the seeds. The results do not depend on the processor: one without AVX512_BF16 multiplies the same factors.

MNIST and CIFAR-10 are read by ``load.py`` from the folder that SKNN_DATA names, where CIFAR-10 is a copy in JPEG
quality 75, and without it fetched from OpenML; so are the tables.
"""

import statistics
import warnings

from _common import Goals, finish, parse_arguments, print_table
from _tables import SETS, split
from images_accuracy import flattened, load, unit_interval
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from sknn import CNNClassifier, MLPClassifier
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


CASES = [("mnist", pixels), ("mnist", convolutional), ("cifar10", convolutional)] + [
    (name, table) for name, (_, _, is_regression) in SETS.items() if not is_regression
]


def data_of(name, quick):
    """(X, X_test, y, y_test)."""
    if name in SETS:
        return split(name, 0)
    X, y, X_test, y_test = load(name, quick)
    return X, X_test, y, y_test


def errors(make, data, n_seeds):
    """Errors of every seed, ``{precision: […]}``."""
    X, X_test, y, y_test = data
    found = {precision: [] for precision in PRECISIONS}
    for seed in range(n_seeds):
        for precision, own in found.items():
            model = make(seed)
            net = model[-1] if isinstance(model, Pipeline) else model
            net.set_params(dtype=precision)
            own.append(1 - model.fit(X, y).score(X_test, y_test))
    return found


def summary(name, make, found):
    """Mean errors, their difference, and the standard deviation of float32's over the seeds."""
    means = {precision: statistics.fmean(found[precision]) for precision in PRECISIONS}
    return {
        "data": name,
        "model": make.__name__,
        "errors": found,
        **means,
        "difference": means["mixed_bfloat16"] - means["float32"],
        "deviation": statistics.stdev(found["float32"]),
    }


def main():
    """Measure all cases."""
    options = parse_arguments(__doc__)
    # networks that are trained for few epochs
    warnings.simplefilter("ignore", ConvergenceWarning)
    rows = []
    for name, make in CASES[:1] if options.quick else CASES:
        found = errors(make, data_of(name, options.quick), 2 if options.quick else N_SEEDS)
        rows.append(summary(name, make, found))
        print(f"{name}, {make.__name__}: {rows[-1]['difference']:+.4f}", flush=True)
    print_table(
        ["error", "model", *PRECISIONS, "difference", "deviation"],
        [
            [row["data"], row["model"]]
            + [f"{row[key]:.4f}" for key in (*PRECISIONS, "difference", "deviation")]
            for row in rows
        ],
    )
    goals = Goals()
    ratios = [abs(row["difference"]) / row["deviation"] for row in rows]
    goals.at_most("largest difference / standard deviation over the seeds", max(ratios), 1)
    finish(options, __file__, goals, rows)


if __name__ == "__main__":
    main()
