"""Docstrings are literal: what several share says the same, and constants are those of the code."""

import re
from itertools import combinations

import pytest
from numpydoc.docscrape import NumpyDocString

import sknn
from sknn.ensemble.effort import BATCH_SIZES, LARGEST_BATCH, PIECEWISE_LINEAR_FROM
from sknn.estimators import __all__ as NAMES
from sknn.estimators.families import AUTO_EPOCHS, AUTO_ITERATIONS
from sknn.estimators.tabular_design import MOST_THRESHOLDS

ESTIMATORS = {name: getattr(sknn, name) for name in NAMES}
#: what a family of networks says in its own words
OWN = {
    *("activation", "hidden_layer_sizes", "solver", "batch_size", "learning_rate"),
    *("max_iter", "dropout", "coefs_"),
}
#: what depends on the targets
OF_TARGETS = {"scoring"}
TABULAR = {
    "dropout",
    *("effort", "activation", "numeric_embedding", "n_thresholds", "learning_rate_init"),
    "learning_rate",
    *("quantile", "oof_predictions_"),
}


def words(name):
    """name of a parameter or attribute -> its description in one line"""
    doc = NumpyDocString(ESTIMATORS[name].__doc__)
    entries = doc["Parameters"] + doc["Attributes"]
    return {entry.name: " ".join(" ".join(entry.desc).split()) for entry in entries}


def test_shared_parameters_are_described_alike():
    for one, other in combinations(NAMES, 2):
        tabular = {name.startswith("Tabular") for name in (one, other)}
        if tabular == {True, False}:
            continue  # ensembles train in another way
        families = {re.sub("Classifier|Regressor", "", name) for name in (one, other)}
        differ = OF_TARGETS | (
            TABULAR if tabular == {True} else OWN if len(families) > 1 else set()
        )
        first, second = words(one), words(other)
        for name in (first.keys() & second.keys()) - differ:
            assert first[name] == second[name], (one, other, name)


def flat(estimator):
    return " ".join(estimator.__doc__.split())


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("Tabular")])
def test_what_auto_means_for_networks(name):
    estimator = ESTIMATORS[name]
    family, doc = estimator._family, flat(estimator)
    assert f'"auto" is ``min({family.auto_batch_size}, n)``' in doc
    if family.takes_images:
        (first, epochs), *middle, (_, last) = AUTO_EPOCHS
        text = f'"auto" is {epochs} epochs for up to {first:,} samples, '
        text += ", ".join(f"{epochs} for up to {most:,}" for most, epochs in middle)
        assert f"{text} and {last} for more, and {AUTO_ITERATIONS} iterations" in doc


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("Tabular")])
def test_what_auto_means_for_ensembles(name):
    estimator = ESTIMATORS[name]
    doc = flat(estimator)
    for name, effort in estimator._efforts.items():
        line = doc[doc.index(f'"{name}": ') :]
        line = line[: line.index(";" if name != "best" else ". ")]
        low, high = effort.members
        assert (f"{low} to {high} networks" if low < high else f"{low} network ") in line
        for kind in effort.kinds:
            epochs = "{} to {} epochs".format(*kind.epochs)
            assert f"{kind.n_layers} × {kind.units} units ({epochs})" in line
    kinds = estimator._efforts["balanced"].kinds
    dropouts = [f"{rate:g}" for rate in dict.fromkeys(kind.dropout for kind in kinds)]
    assert f'"auto" is {dropouts[0]}' in doc
    assert all(rate in doc for rate in dropouts)
    sizes = [f"{size} up to {most:,}" for most, size in BATCH_SIZES]
    sizes[0] += " samples"
    assert f'"auto" is {", ".join(sizes)}, then {LARGEST_BATCH}.' in doc
    assert f'"auto" is "{estimator._auto_activation}".' in doc
    assert f'"auto" is {estimator._auto_learning_rate}.' in doc
    assert f'0 is none, "auto" is {estimator._auto_thresholds}' in doc
    if estimator._auto_thresholds:
        assert f"{estimator._auto_thresholds}, and {MOST_THRESHOLDS} together at most" in doc
    if any(kind.embedding == "piecewise_linear" for kind in kinds):
        assert f'"piecewise_linear" from {PIECEWISE_LINEAR_FROM} samples on' in doc
    sigmas = [kind.sigma for kind in kinds]
    assert (max(sigmas) == 10 * min(sigmas)) == ("ten times as high" in doc)
    assert (
        '"auto" is five cycles'
        if estimator._efforts["balanced"].cycles == 5
        else '"auto" is four cycles'
    ) in doc
