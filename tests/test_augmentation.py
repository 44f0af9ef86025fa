"""Augmentation: its parameters, and what the engine is told."""

import math

import pytest
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from sknn.augmentation import Augmentation


def test_lowers_to_plain_numbers():
    assert Augmentation(padding_mode="reflect").lower((8, 9, 3)) is None
    assert Augmentation(shift=1).lower((8, 9, 3)) == (8, 9, 3, 0, 1, 0, 0, 0.0, 0.0)
    full = Augmentation("alternate", 2, "reflect", cutout=3, rotation=90, scaling=0.1)
    assert full.lower((8, 9, 3)) == (8, 9, 3, 2, 2, 1, 3, pytest.approx(math.pi / 2), 0.1)
    assert Augmentation(horizontal_flip=True).lower((8, 9, 3))[3] == 1
    assert {type(number) for number in full.lower((8, 9, 3))} == {int, float}


@pytest.mark.parametrize(
    "wrong",
    [
        {"horizontal_flip": "never"},
        {"shift": -1},
        {"shift": 1.5},
        {"padding_mode": "wrap"},
        {"cutout": -1},
        {"rotation": 181},
        {"scaling": 1.0},
    ],
)
def test_wrong_parameters_raise(wrong):
    with pytest.raises(InvalidParameterError, match=next(iter(wrong))):
        Augmentation(**wrong).validate((28, 28, 1))


@pytest.mark.parametrize("name", ["shift", "cutout"])
def test_what_leaves_nothing_of_the_image_raises(name):
    Augmentation(**{name: 7}).validate((8, 9, 3))
    with pytest.raises(ValueError, match=rf"{name}=8 .* 8 x 9"):
        Augmentation(**{name: 8}).validate((8, 9, 3))


def test_is_cloned_and_set_like_an_estimator():
    cloned = clone(Augmentation(shift=2)).set_params(cutout=1)
    assert (cloned.shift, cloned.cutout) == (2, 1)
