"""Presets: the networks they say they are."""

import ast
import re
from pathlib import Path

import pytest

from sknn import CNNClassifier
from sknn.augmentation import Augmentation
from sknn.layers import Dense
from sknn.network import Network
from sknn.optimizers import Muon
from sknn.presets import LeNet5, SimpleCNN, StrongCNN
from sknn.schedules import OneCycle

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "images_accuracy.py"


def network_of(layers, input_shape):
    return Network([*layers, Dense(10, activation="identity")], input_shape, "float32")


def n_parameters(network):
    return sum(a.size for arrays in network.empty_weights() for a in arrays)


def test_lenet5():
    network = network_of(LeNet5(), (28, 28, 1))
    shapes = [shape for _, shape in network.ends]
    assert shapes[:5] == [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (400,)]
    assert n_parameters(network) == 61_706


def test_simple_cnn():
    network = network_of(SimpleCNN(), (32, 32, 3))
    assert [shape for _, shape in network.ends][4:6] == [(4, 4, 64), (1024,)]
    assert n_parameters(network) == 122_570


@pytest.mark.parametrize("width", [0.25, 1.0])
def test_strong_cnn(width):
    network = network_of(StrongCNN(width), (32, 32, 3))
    assert network.coef_shapes[0] == (2, 2, 3, 24)
    assert network.coef_shapes[-1] == (256 * width, 10)
    assert len(network.statistics_shapes) == 6


def test_strong_cnn_does_the_work_that_it_should():
    # recipes of this network: 236.3 MFLOP forward for each image
    network = network_of(StrongCNN(), (32, 32, 3))
    assert 2 * network.multiply_adds == pytest.approx(236.3e6, rel=0.01)


def test_strong_cnn_is_measured_with_the_recipe_it_recommends():
    names = {one.__name__: one for one in (CNNClassifier, StrongCNN, Muon, OneCycle, Augmentation)}
    recommended = eval(
        re.search(r"CNNClassifier\(.*?(?=``)", StrongCNN.__doc__, re.DOTALL)[0], names
    )
    assignments = [
        node
        for node in ast.parse(BENCHMARK.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and node.targets[0].id in ("MIRRORED", "STRONG")
    ]
    exec(compile(ast.Module(assignments, []), BENCHMARK.name, "exec"), names)
    measured = CNNClassifier(layers=StrongCNN(0.75), **names["STRONG"])
    assert str(measured.get_params()) == str(recommended.get_params())


def test_every_call_makes_new_layers():
    assert LeNet5()[0] is not LeNet5()[0]
