"""Parameters: their forms, their errors, cloning and search."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sknn import MLPClassifier, MLPRegressor
from sknn.engine import load
from sknn.network.parsing import ACTIVATIONS
from sknn.optimizers import SGD, Adam
from sknn.schedules import Adaptive, Constant, Cosine, InverseScaling, OneCycle
from tests.estimators.samples import NUMBERS, X_NUMBERS, X, Y, classifier, regressor, same_bits


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        (7, [7]),
        ("7", [7]),
        ("7x3", [7, 7, 7]),
        ((7, 5), [7, 5]),
        ([7], [7]),
        (np.array([7, 5]), [7, 5]),
        (np.int64(7), [7]),
        ((), []),
    ],
)
def test_hidden_layer_sizes(sizes, hidden):
    fitted = classifier(hidden_layer_sizes=sizes).fit(X, Y)
    assert [c.shape for c in fitted.coefs_] == list(zip([4, *hidden], [*hidden, 3], strict=True))
    assert fitted.n_layers_ == len(hidden) + 2
    assert fitted.transform(X).shape == (len(X), [4, *hidden][-1])


WRONG = {
    "unknown string": ({"hidden_layer_sizes": "7y3"}, "256x3"),
    "empty string": ({"hidden_layer_sizes": ""}, "256x3"),
    "no units": ({"hidden_layer_sizes": "0x3"}, "must be > 0"),
    "zero": ({"hidden_layer_sizes": 0}, "hidden_layer_sizes"),
    "negative": ({"hidden_layer_sizes": (5, -1)}, "must be > 0"),
    "half a unit": ({"hidden_layer_sizes": (5.5,)}, "must be integers"),
    "bool": ({"hidden_layer_sizes": (True,)}, "must be integers"),
    "callable activation": ({"activation": np.tanh}, "'gelu'"),
    "unknown activation": ({"activation": "swish"}, "'gelu'"),
    "unknown in a list": ({"activation": ["swish"]}, "gelu, gelu_tanh, silu"),
    "callable in a list": ({"activation": [np.tanh]}, "gelu, gelu_tanh, silu"),
    "too many activations": ({"activation": ["relu", "tanh"]}, "names 2 functions for 1"),
    "dropout of 1": ({"dropout": 1.0}, "dropout"),
    "negative dropout": ({"dropout": (0.1, -0.1)}, r"\[0, 1\)"),
    "one rate too few": ({"dropout": (0.1,)}, "give one number"),
    "no threads": ({"n_threads": 0}, "n_threads"),
    "half a thread": ({"n_threads": 0.5}, "n_threads"),
    "no time": ({"max_time": 0}, "max_time"),
    "dtype": ({"dtype": "float16"}, "dtype"),
    "solver": ({"solver": "adamax"}, "solver"),
    "solver class": ({"solver": Adam}, "solver"),
    "wrong beta": ({"solver": Adam(beta_1=2)}, "beta_1"),
    "wrong momentum": ({"solver": SGD(momentum=-1)}, "momentum"),
    "wrong final": ({"learning_rate": Cosine(final=2)}, "final"),
    "wrong divisor": ({"learning_rate": Adaptive(divisor=1)}, "divisor"),
    "warmup": ({"warmup": 2}, "warmup"),
    "scoring": ({"scoring": "beauty"}, "scoring"),
    "clip_norm": ({"clip_norm": 0}, "clip_norm"),
    "early_stopping": ({"early_stopping": "yes"}, "early_stopping"),
    "label_smoothing": ({"label_smoothing": 1.0}, "label_smoothing"),
    "class_weight": ({"class_weight": "heavy"}, "class_weight"),
    "unknown class": ({"class_weight": {7: 2.0}}, "class_weight names"),
    "list for one column": ({"class_weight": [{0: 1.0}]}, "must be a dict"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_parameters_raise_and_leave_the_estimator_unfitted(case):
    parameters, message = WRONG[case]
    estimator = classifier(**parameters)
    before = dict(vars(estimator))
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, Y)
    assert vars(estimator) == before


@pytest.mark.parametrize(
    ("parameters", "name"), [({"quantile": 1.0}, "quantile"), ({"delta": 0.0}, "delta")]
)
def test_wrong_parameters_of_the_regressor_raise(parameters, name):
    with pytest.raises(ValueError, match=name):
        regressor(**parameters).fit(X, Y)


def test_every_activation_has_a_layer_of_its_own():
    names = ("tanh", "gelu")
    fitted = regressor(hidden_layer_sizes=(6, 5), activation=names, dtype="float64").fit(X, Y)
    hidden = np.tanh(X @ fitted.coefs_[0] + fitted.intercepts_[0])
    np.testing.assert_allclose(fitted.transform(X, layer=1), hidden, atol=1e-12)
    same = regressor(activation=("tanh",)).fit(X, Y)
    assert same_bits(same, regressor(activation="tanh").fit(X, Y))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_learns(name):
    fitted = regressor(activation=name, max_iter=300, tol=0).fit(X, Y)
    assert name == "identity" or name in load("float32").ACTIVATIONS
    assert fitted.score(X, Y) > 0.85


def test_dropout_forms():
    plain = classifier().fit(X, Y)
    assert same_bits(classifier(dropout=(0.0, 0.0)).fit(X, Y), plain)
    one = classifier(dropout=0.5).fit(X, Y)
    assert same_bits(classifier(dropout=(0.0, 0.5)).fit(X, Y), one)
    assert not same_bits(one, plain)
    assert not same_bits(classifier(dropout=(0.5, 0.0)).fit(X, Y), plain)
    no_masks_in_prediction = one.predict_proba(X)
    np.testing.assert_array_equal(one.predict_proba(X), no_masks_in_prediction)


def test_clip_norm_bounds_the_step():
    parameters = {"solver": SGD(momentum=0, nesterov=False), "learning_rate_init": 1.0}
    parameters |= {"alpha": 0, "batch_size": len(NUMBERS), "max_iter": 1, "dtype": "float64"}
    start = regressor(**parameters | {"learning_rate_init": 1e-300}).fit(X_NUMBERS, 100 * NUMBERS)
    for norm, expected in [(0.25, 0.25), (1e9, None)]:
        end = regressor(**parameters, clip_norm=norm).fit(X_NUMBERS, 100 * NUMBERS)
        step = np.sqrt(
            sum(
                ((a - b) ** 2).sum()
                for a, b in zip(
                    start.coefs_ + start.intercepts_, end.coefs_ + end.intercepts_, strict=True
                )
            )
        )
        assert step > 1 if expected is None else np.isclose(step, expected)


@pytest.mark.parametrize(
    ("name", "instance"),
    [
        ("constant", Constant()),
        ("invscaling", InverseScaling()),
        ("adaptive", Adaptive()),
        ("cosine", Cosine()),
        ("one_cycle", OneCycle()),
    ],
)
def test_names_of_schedules_are_instances_with_defaults(name, instance):
    a = classifier(learning_rate=name).fit(X, Y)
    assert same_bits(a, classifier(learning_rate=instance).fit(X, Y))
    assert same_bits(a, classifier().fit(X, Y)) == (name in {"constant", "adaptive"})


def test_warmup_starts_slowly():
    loss = [classifier(max_iter=4, warmup=w, tol=0).fit(X, Y).loss_curve_[1] for w in (0, 1)]
    assert loss[1] > loss[0]


def test_nested_parameters_are_searched():
    estimator = classifier(solver=Adam(), learning_rate=Cosine(final=0.5))
    grid = {"solver__beta_1": [0.5, 0.9], "learning_rate__final": [0.0, 1.0]}
    search = GridSearchCV(estimator, grid, cv=2).fit(X, Y)
    best = search.best_estimator_
    assert best.solver.beta_1 == search.best_params_["solver__beta_1"]
    assert best.solver is not estimator.solver
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    assert estimator.learning_rate.final == 0.5


@pytest.mark.parametrize("sizes", [["5x1", "6"], [5, 6], [(5,), (6,)]])
def test_sizes_are_searched(sizes):
    search = GridSearchCV(classifier(), {"hidden_layer_sizes": sizes}, cv=2).fit(X, Y)
    assert search.best_params_["hidden_layer_sizes"] in sizes


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_init_stores_what_it_gets(cls):
    defaults = cls().get_params(deep=False)
    marks = {name: object() for name in defaults}
    estimator = cls(**marks)
    assert all(getattr(estimator, name) is mark for name, mark in marks.items())
    assert set(vars(estimator)) == set(marks)


def test_clone_and_representations():
    estimator = classifier(solver=Adam(beta_1=0.8), dropout=(0.1, 0.2))
    cloned = clone(estimator.fit(X, Y))
    assert not hasattr(cloned, "coefs_")
    assert cloned.solver is not estimator.solver
    assert same_bits(cloned.fit(X, Y), estimator)
    assert repr(cloned).replace("\n", "").startswith("MLPClassifier(dropout=(0.1, 0.2), ")
    assert "Adam(beta_1=0.8)" in repr(cloned)
    assert "MLPClassifier" in cloned._repr_html_()
    assert same_bits(pickle.loads(pickle.dumps(cloned)), cloned)


def test_parameters_set_after_fit_do_not_change_predictions():
    fitted = classifier(activation="tanh").fit(X, Y)
    wanted = fitted.predict_proba(X)
    fitted.set_params(activation="relu", label_smoothing=0.5, dtype="float64", dropout=0.5)
    fitted.set_params(hidden_layer_sizes=(3, 3))
    np.testing.assert_array_equal(fitted.predict_proba(X), wanted)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(X), wanted)
    for loss, other in [("poisson", "squared_error"), ("squared_error", "poisson")]:
        fitted = regressor(loss=loss).fit(X, Y)
        wanted = fitted.predict(X)
        restored = pickle.loads(pickle.dumps(fitted.set_params(loss=other)))
        np.testing.assert_array_equal(restored.predict(X), wanted)
