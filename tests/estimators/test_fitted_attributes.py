"""Every fitted attribute is documented, and every documented one is there."""

import inspect
import re

import pandas as pd
import pytest
from sklearn.base import is_regressor

import sknn
from sknn.presets import ConvNet
from tests.estimators.samples import X, Y

#: parameters that make fits short, and those without which an attribute is not there
PARAMETERS = {
    "early_stopping": True,
    "validation_fraction": 0.3,
    "store_oof_predictions": True,
    "effort": "fast",
    "max_iter": 2,
    "hidden_layer_sizes": 4,
    "layers": ConvNet(filters=4, batch_norm=True, hidden_layer_sizes=4),
    "hidden_dim": 4,
    "random_state": 0,
}
ESTIMATORS = [getattr(sknn, name) for name in sknn.__all__ if hasattr(getattr(sknn, name), "fit")]


def documented(estimator):
    """Names in the section of attributes of a docstring."""
    section = inspect.getdoc(estimator).split("\nAttributes\n----------\n")[1].split("\n---")[0]
    heads = re.findall(r"^(\w+_(?:, \w+_)*) : ", section, re.MULTILINE)
    return {name for head in heads for name in head.split(", ")}


@pytest.mark.parametrize("make", ESTIMATORS, ids=lambda make: make.__name__)
def test_documented_attributes_are_those_of_a_fit(make):
    names = inspect.signature(make).parameters
    estimator = make(**{name: value for name, value in PARAMETERS.items() if name in names})
    frame = pd.DataFrame(X, columns=list("abcd"))
    if make is sknn.McCullochPittsNeuron:
        frame = (frame > 0).astype(int)
    estimator.fit(frame, Y * 1.0 if is_regressor(estimator) else Y % 2)
    public = {name for name in dir(estimator) if re.fullmatch(r"[a-z]\w*_", name)}
    assert public == documented(make)
    lists = [name for name in public if isinstance(getattr(estimator, name), list)]
    assert [name for name in lists if not getattr(estimator, name)] == []
