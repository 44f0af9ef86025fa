"""The main job, ``python -m sknn``: its options, its table, its picture."""

import dataclasses
import io
import subprocess
import sys
import types
import warnings

import numpy as np
import pytest
from sklearn.base import is_classifier, is_regressor

from sknn.__main__ import main
from sknn.comparison.figure import _STYLES
from sknn.comparison.measure import N_FOLDS, measure, reference, within_noise
from sknn.comparison.registry import DATA, MODELS, NET
from sknn.comparison.table import Progress, group

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def iris():
    return DATA["iris"].load()


def test_prints_the_table_and_writes_the_picture(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "comparison.png"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        status = main(["--data", "iris", "--models", "sknn-mlp", "linear", "--output", str(path)])
    printed = capsys.readouterr()
    assert status == 0
    assert path.read_bytes().startswith(PNG_SIGNATURE)
    lines = printed.out.splitlines()
    (net,) = [line for line in lines if line.startswith("  sknn MLP")]
    (linear,) = [line for line in lines if line.startswith("  linear model")]
    (rule,) = [line for line in lines if line and set(line) == {"-"}]
    assert len(net) == len(linear) == len(rule)
    assert "iris: 150 samples, 4 features, 3 classes; score is accuracy" in lines
    assert not any("digits" in line or "random forest" in line for line in lines)
    assert float(net.split()[2]) > 0.9
    assert str(path) in printed.out
    # Not a terminal: whole lines, one for each model.
    assert [line.split("%")[1].strip() for line in printed.err.splitlines()] == [
        "iris: sknn MLP",
        "iris: linear model",
    ]


def test_without_matplotlib_the_table_remains(tmp_path, capsys, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    path = tmp_path / "comparison.png"
    assert main(["--data", "wine", "--models", "linear", "--output", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "  linear model" in printed
    assert 'pip install "sknn[plot]"' in printed
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "may_write", "complaint"),
    [("folder.png", True, "is a folder"), ("a.png", False, "no permission to write")],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    name, may_write, complaint, tmp_path, monkeypatch, capsys
):
    (tmp_path / "folder.png").mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: may_write)  # root may write anywhere
    with pytest.raises(SystemExit, match="2"):
        main(["--output", str(tmp_path / name)])
    printed = capsys.readouterr()
    assert "argument --output" in printed.err
    assert complaint in printed.err
    assert not printed.out


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--data", "titanic"], "'titanic'"),
        (["--models", "forest", "perceptron"], "'perceptron'"),
        (["--seed", "-1"], "--seed"),
        (["--seed", "some"], "--seed"),
        (["--output", "no/such/folder/a.png"], "no/such/folder"),
        (["--output", "a.jpeg"], ".png"),
        (["--data", "iris", "wine", "--models", "sknn-cnn"], "no data set"),
    ],
)
def test_bad_options_end_with_a_clear_error(options, complaint, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(options)
    error = capsys.readouterr().err
    assert complaint in error
    if len(options) < 4 and options[0] in ("--data", "--models"):
        choices = DATA if options[0] == "--data" else MODELS
        assert all(name in error for name in choices)


def test_help_names_every_choice():
    done = subprocess.run(
        [sys.executable, "-m", "sknn", "--help"], capture_output=True, text=True, check=True
    )
    assert all(name in done.stdout for name in [*DATA, *MODELS])
    assert all(option in done.stdout for option in ("--data", "--models", "--seed", "--output"))


@pytest.mark.parametrize(
    ("scores", "level"),
    [
        ({"a": [0.9, 0.8, 0.7], "b": [0.8, 0.9, 0.7]}, {"a", "b"}),  # no order in three folds
        ({"a": [0.9, 0.8, 0.7], "b": [0.8, 0.7, 0.6]}, {"a"}),  # worse by the same in each of them
        ({"a": [0.9, 0.8, 0.7], "b": [0.9, 0.8, 0.7]}, {"a", "b"}),
        ({"a": [0.9, 0.8, 0.7], "b": [0.8, 0.7, 0.6], "c": [0.7, 0.9, 0.8]}, {"a", "b", "c"}),
        ({"a": [0.9, 0.8, 0.7]}, set()),
    ],
)
def test_scores_within_the_noise_of_the_best_are_told(scores, level):
    results = {name: types.SimpleNamespace(scores=np.array(s)) for name, s in scores.items()}
    assert within_noise(results) == level


def test_the_reference_is_the_forest_or_the_first_model():
    assert reference({"linear": None, "forest": None}) == "forest"
    assert reference({"linear": None, "boosting": None}) == "linear"


def test_every_model_has_a_style_of_its_own():
    assert len(MODELS) <= len(set(_STYLES))


@pytest.mark.parametrize("source", DATA.values(), ids=list(DATA))
def test_every_source_loads_and_its_models_suit_it(source):
    data = source.load()
    assert data.X.shape[0] == len(data.y)
    suits = is_regressor if data.is_regression else is_classifier
    assert all(suits(model.make(data, 0)) for model in MODELS.values() if model.fits(data))


def test_the_network_for_images_takes_images_only(iris):
    digits = DATA["digits"].load()
    model = MODELS["sknn-cnn"]
    assert model.fits(digits)
    assert not model.fits(iris)
    net = model.make(digits, 5)
    assert (net.image_shape, net.random_state) == ((8, 8), 5)
    defaults = type(net)().get_params()
    changed = {name for name, value in net.get_params().items() if value != defaults[name]}
    assert changed == {"image_shape", "random_state"}


def test_both_perceptrons_get_the_same_parameters(iris):
    ours, theirs = (MODELS[name].make(iris, 3)[-1] for name in ("sknn-mlp", "sklearn-mlp"))
    for name, value in {**NET, "random_state": 3}.items():
        assert getattr(ours, name) == getattr(theirs, name) == value
    shared = theirs.get_params().items() & ours.get_params().items()
    assert {name for name, _ in shared} == set(theirs.get_params())


def test_the_seed_decides_the_scores(iris):
    first, again = (measure(MODELS["sknn-mlp"], iris, 7) for _ in range(2))
    np.testing.assert_array_equal(first.curve, again.curve)
    assert first.curve.shape == (len(first.train_sizes), N_FOLDS)
    assert first.train_sizes == sorted(first.train_sizes)


def test_a_frame_is_measured_like_its_array_and_by_any_clock(iris):
    pd = pytest.importorskip("pandas")
    ticks = iter(range(1000))
    framed = dataclasses.replace(iris, X=pd.DataFrame(iris.X))
    results = [
        measure(MODELS["linear"], data, 0, clock=lambda: next(ticks)) for data in (iris, framed)
    ]
    np.testing.assert_array_equal(results[0].curve, results[1].curve)
    assert results[0].fit_seconds == results[1].fit_seconds == 1  # from one tick to the next


def test_a_convergence_warning_becomes_a_mark_and_others_pass(iris):
    model = MODELS["sklearn-mlp"]

    class Restless:
        label = "restless"

        def make(self, data, seed):
            return _Warning(model.make(data, seed).set_params(mlpclassifier__max_iter=2))

    with pytest.warns(UserWarning, match="something real"):
        result = measure(Restless(), iris, 0)
    assert result.is_unsettled
    assert "*" in group(iris, {"restless": result})


class _Warning:
    """Delegates to an estimator, and warns when fitted."""

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y):
        warnings.warn("something real", UserWarning, stacklevel=2)
        self.estimator.fit(X, y)

    def score(self, X, y):
        return self.estimator.score(X, y)

    def predict(self, X):
        return self.estimator.predict(X)


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_on_a_terminal_stays_on_one_line():
    stream = _Terminal()
    with Progress(4, stream) as progress:
        for _ in range(4):
            progress.step("iris: forest")
    written = stream.getvalue()
    assert "\n" not in written
    assert [f"{percent:3d} %" in written for percent in (0, 25, 50, 75)] == [True] * 4
    assert written.endswith("\r\x1b[2K")
