"""Whatever is given for a parameter: it fits, or an error names the parameter."""

import re
import subprocess
import sys
import zlib

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, clone

import sknn
from sknn import (
    CNNClassifier,
    MLPClassifier,
    PerceptronClassifier,
    TabularClassifier,
    engine,
    layers,
    optimizers,
)
from sknn import schedules as schedules_
from sknn.augmentation import Augmentation
from sknn.layers import Activation, BatchNorm, Conv2D, Flatten, PiecewiseLinearEmbedding, Residual
from sknn.presets import ConvNet

X = np.random.default_rng(0).normal(size=(24, 3))
IMAGES = np.random.default_rng(0).random((24, 6, 6))
Y = np.arange(24) % 2
VALUES = (
    *(None, "q", -1, 0, 0.5, 3.0, np.nan, np.inf, 10**9, 10**30, 1e308, np.bool_(True), np.int8(3)),
    *([], [3], [1, "a"], [[1, 2], [3]], {"a": 1}, {1, 2}, int, object(), np.array([1, 2]), 1 + 2j),
)
#: to be trained for so long is what they ask for
LONG = {("PerceptronClassifier", "max_iter", n) for n in (10**9, 10**30)}


def estimators():
    """name -> (a fast estimator of each class, its X)"""
    small = {"max_iter": 1, "hidden_layer_sizes": 2}
    members = {
        "effort": "fast",
        "n_members": 1,
        "n_thresholds": 0,
        "n_threads": 1,
        "max_time": 0.2,
    }
    mixer = {"n_blocks": 1, "hidden_dim": 2, "tokens_mlp_dim": 2, "channels_mlp_dim": 2}
    for name in sknn.__all__:
        cls = getattr(sknn, name)
        if not (isinstance(cls, type) and issubclass(cls, BaseEstimator)):
            continue
        if name.startswith("Tabular"):
            yield name, cls(**small, **members), X
        elif name.startswith("MLPMixer"):
            yield name, cls(max_iter=1, **mixer), IMAGES
        elif name.startswith("CNN"):
            yield name, cls(ConvNet(2, hidden_layer_sizes=2), max_iter=1), IMAGES
        elif name.startswith("MLP"):
            yield name, cls(**small), X
        elif name == "PerceptronClassifier":
            yield name, cls(max_iter=1), X
        else:
            yield name, cls(), (X > 0).astype(int)


def parts():
    """name -> (an estimator with a layer, an optimizer, a schedule..., its X, where in the parameters)"""
    edges = PiecewiseLinearEmbedding.from_quantiles(X, n_bins=3).edges
    options = {
        "Activation": {"name": "relu"},
        "CategoryEmbedding": {"cardinalities": [3, 3, 3], "dim": 2},
        "Columns": {"layers": [None, BatchNorm()], "widths": [1, 2]},
        "Conv2D": {"filters": 2, "kernel_size": 3},
        "ConvTranspose2D": {"filters": 2, "kernel_size": 2},
        "Dense": {"units": 2},
        "Dropout": {"rate": 0.1},
        "GroupNorm": {"groups": 1},
        "ParametricActivation": {"name": "relu"},
        "PiecewiseLinearEmbedding": {"edges": edges},
        "Residual": {"layers": [BatchNorm()]},
        "SpatialDropout": {"rate": 0.1},
        "Transposed": {"layers": [BatchNorm()]},
    }
    for name in layers.__all__:
        layer = getattr(layers, name)(**options.get(name, {}))
        if name == "Columns" or name.endswith("Embedding"):
            network = CNNClassifier([Flatten(), layer], image_shape=(1, 3), standardize=False)
            yield name, network.set_params(max_iter=1), X, "layers__1"
        else:
            yield name, CNNClassifier([layer], max_iter=1), IMAGES, "layers__0"
    for name in set(optimizers.__all__) - {"Optimizer", "SOLVERS"}:
        yield name, MLPClassifier(2, solver=getattr(optimizers, name)(), max_iter=1), X, "solver"
    for schedule in schedules_.SCHEDULES.values():
        network = MLPClassifier(2, learning_rate=schedule(), max_iter=2)
        yield schedule.__name__, network, X, "learning_rate"
    network = CNNClassifier(
        ConvNet(2, hidden_layer_sizes=2), max_iter=1, augmentation=Augmentation()
    )
    yield "Augmentation", network, IMAGES, "augmentation"
    network = CNNClassifier(ConvNet(2, hidden_layer_sizes=2), max_iter=1)
    yield "ConvNet", network, IMAGES, "layers"


CASES = {name: (network, data, "") for name, network, data in estimators()}
CASES |= {name: (network, data, at) for name, network, data, at in sorted(parts(), key=str)}


def thirds():
    """Name of a case, and which third of the values: of layers and other parts all, of estimators the first.

    (The other two are marked as ``full``.) The estimators share most of their parameters, so each
    value of a parameter is tried on some of them.
    """
    for name, (_, _, at) in CASES.items():
        for third in range(1 if at else 3):
            marks = [pytest.mark.full] if third else []
            yield pytest.param(name, None if at else third, marks=marks)


def values(name, parameter, third):
    """All values, or a third of them, which begins elsewhere for each estimator and parameter."""
    if third is None:
        return VALUES
    return VALUES[(third + zlib.crc32(f"{name}-{parameter}".encode())) % 3 :: 3]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "third"), list(thirds()))
def test_every_value_fits_or_its_parameter_is_named(name, third):
    network, data, at = CASES[name]
    described = network.get_params()[at] if at else network
    unclear = []
    for parameter in described.get_params(deep=False):
        for value in values(name, parameter, third):
            if (name, parameter, value if np.isscalar(value) else None) in LONG:
                continue
            path = f"{at}__{parameter}" if at else parameter
            try:
                clone(network).set_params(**{path: value}).fit(data, Y).predict(data[:2])
            except (ValueError, TypeError) as error:
                # a scorer that is callable has errors of its own
                scorer = parameter == "scoring" and callable(value)
                if not scorer and not re.search(rf"\b{parameter}\b", str(error)):
                    unclear.append(f"{parameter}={value!r}: {error}")
            except Exception as error:
                unclear.append(f"{parameter}={value!r}: {error!r}")
    assert not unclear


@pytest.mark.filterwarnings("ignore:Training stopped after max_time", "ignore:.*lbfgs failed")
def test_what_only_bounds_something_may_be_huge():
    huge = dict.fromkeys(("max_iter", "n_iter_no_change", "max_fun", "n_threads"), 10**30)
    network = MLPClassifier(2, batch_size=10**10, max_time=0.05, learning_rate="cosine", **huge)
    with pytest.warns(UserWarning, match="going to be clipped to 24"):
        network.fit(X, Y)
    network.set_params(solver="lbfgs").fit(X, Y)
    TabularClassifier("fast", n_members=2, max_time=0.2, max_iter=10**30, batch_size=10**30).fit(
        X, Y
    )
    del huge["max_fun"]
    CNNClassifier(ConvNet(2), max_time=0.05, **huge).fit(IMAGES, Y)
    PerceptronClassifier(max_iter=2**31).fit(X, X[:, 0] > 0)


@pytest.mark.parametrize(
    "layer", [Conv2D, "relu", None, [Conv2D(2, 3)], Residual([BatchNorm]), Residual([None])]
)
def test_what_is_no_layer_is_named(layer):
    with pytest.raises(ValueError, match=r"layers\[0\]=.* is no layer"):
        CNNClassifier([layer]).fit(IMAGES, Y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"hidden_layer_sizes": (10**6, 10**6)},
            "units=1000000: weights of shape .* 2,147,483,647",
        ),
        (
            {"hidden_layer_sizes": "8x100000000"},
            "hidden_layer_sizes='8x100000000' is 100000000 layers",
        ),
        ({"hidden_layer_sizes": 2**24 + 1}, "hidden_layer_sizes must be <= 16777216"),
        ({"learning_rate": 0.01}, "a schedule; the number is learning_rate_init=0.01"),
    ],
)
def test_words_of_errors(parameters, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(**parameters).fit(X, Y)


def test_a_large_padded_image_is_refused():
    conv = Conv2D(2, 3, padding="same", dilation=10**5)
    with pytest.raises(ValueError, match="dilation=100000: padded image of shape"):
        conv.output_shape((6, 6, 1))


@pytest.mark.parametrize("flag", [-1, 2, 0.5, "no"])
@pytest.mark.parametrize("name", ["bias", "trainable"])
def test_flags_are_booleans(name, flag):
    """A number among the engine's flags would be written where it does not belong."""
    with pytest.raises(ValueError, match=f"'{name}' parameter of Conv2D"):
        Conv2D(2, 3, **{name: flag}).output_shape((6, 6, 1))
    Conv2D(2, 3, **{name: np.bool_(False)}).output_shape((6, 6, 1))


@pytest.mark.parametrize(
    "parameters",
    [
        {"dtype": "int"},
        {"learning_rate": "q"},
        {"max_iter": -1},
        {"batch_size": 0.5},
        {"n_threads": 0},
    ],
)
def test_partial_fit_validates_what_has_changed(parameters):
    network = MLPClassifier(2).partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(ValueError, match=f"The '{next(iter(parameters))}' parameter"):
        network.set_params(**parameters).partial_fit(X, Y)
    coefs = [coef.copy() for coef in network.coefs_]
    network.set_params(dtype="float32", learning_rate="constant", max_iter=5, n_threads=None)
    network.set_params(batch_size="auto").partial_fit(X, Y)
    assert any((a != b).any() for a, b in zip(coefs, network.coefs_, strict=True))


def test_validation_that_is_skipped():
    """As for scikit-learn's estimators; `beta_1` is a parameter of another solver."""
    network = MLPClassifier(2, solver="sgd", beta_1=-1, max_iter=1)
    with config_context(skip_parameter_validation=True):
        network.fit(X, Y).partial_fit(X, Y).predict(X)
        network.set_params(n_threads=1.0).predict(X)
    with pytest.raises(ValueError, match="The 'n_threads' parameter"):
        network.predict(X)
    with pytest.raises(ValueError, match="The 'beta_1' parameter"):
        network.set_params(n_threads=1).partial_fit(X, Y)


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_threads": "x"},
        {"test_time_augmentation": "q"},
        {"channels_first": 2},
        {"augmentation": 3},
    ],
)
def test_predict_validates_what_it_reads(parameters):
    network = CNNClassifier(ConvNet(2, hidden_layer_sizes=2), max_iter=1).fit(IMAGES, Y)
    with pytest.raises(ValueError, match=f"The '{next(iter(parameters))}' parameter"):
        network.set_params(**parameters).predict(IMAGES)


def test_members_predict_in_the_precision_of_fit():
    network = TabularClassifier("fast", max_iter=1, hidden_layer_sizes=2, random_state=0).fit(X, Y)
    wanted = network.predict_proba(X)
    np.testing.assert_array_equal(network.set_params(dtype="float64").predict_proba(X), wanted)
    with pytest.raises(ValueError, match="The 'n_threads' parameter"):
        network.set_params(n_threads="x").predict(X)


def test_narrow_integers():
    """Products of these would not fit into eight bits."""
    narrow = {"batch_size": np.int8(50), "max_iter": np.int8(3), "n_threads": np.int8(2)}
    network = MLPClassifier(np.int8(100), tol=0, **narrow).fit(np.tile(X, (9, 1)), np.tile(Y, 9))
    assert network.n_iter_ == 3
    filters = [Conv2D(np.int8(100), np.int8(3)), Conv2D(np.int8(100), 1, groups=np.int8(100))]
    images = [*filters, Activation("relu")]
    assert CNNClassifier(images, max_iter=np.int16(1)).fit(IMAGES, Y).coefs_[1].shape[-1] == 100


def test_nan_names_the_estimators_that_take_it():
    holes = np.where(np.arange(3) == 1, np.nan, X)
    network = MLPClassifier(2, max_iter=1)
    with pytest.raises(ValueError, match=r"NaN[^$]*sknn\.TabularClassifier"):
        network.fit(holes, Y)
    with pytest.raises(ValueError, match=r"NaN[^$]*sknn\.TabularClassifier"):
        network.fit(X, Y).predict(holes)


# ---- threads -------------------------------------------------------------------------------------

LIMITED = """
import resource, sys
import numpy as np
from sknn import MLPClassifier, TabularClassifier
X = np.random.default_rng(0).normal(size=(200, 10))
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[1]),) * 2)
try:
    MLPClassifier(200, n_threads=100000, max_iter=1).fit(X, X[:, 0] > 0)
    TabularClassifier("fast", n_threads=100000, max_iter=1, n_members=2).fit(X, X[:, 0] > 0)
except (MemoryError, ValueError) as error:
    print(repr(error))
else:
    print("fitted")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_limit_of_memory_does_not_end_the_process():
    """OpenMP's runtime exits where a thread cannot start. Where there is room enough for some, they fit."""
    command, pipes = [sys.executable, "-W", "ignore", "-c", LIMITED], {"text": True}
    pipes |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    limited, roomy = (subprocess.Popen([*command, str(n)], **pipes) for n in (2**27, 2**29))
    for process in (limited, roomy):
        printed, errors = process.communicate()
        assert process.returncode == 0, errors
        assert printed == "fitted\n" or (process is limited and "Error" in printed)


def test_threads_that_cannot_start_are_not_asked_for(monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(engine, "_started", 1)
    monkeypatch.setattr("threading.Thread.start", start)
    assert engine.effective_threads(3) == engine.effective_threads(-1) == 1


def test_many_threads_are_as_many_as_the_machine_can_use():
    assert 1 <= engine.effective_threads(100_000) < 100_000
    assert type(engine.effective_threads(np.int8(3))) is int
