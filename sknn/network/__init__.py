"""Networks: layers with shapes, lowered to the engine's plan; with weights, fitted networks."""

from sknn.network.mlp import multilayer_perceptron
from sknn.network.network import LayerSummary, Network

__all__ = ["LayerSummary", "Network", "multilayer_perceptron"]
