"""The layers of a multilayer perceptron."""

from sknn.layers import Dense, Dropout


def multilayer_perceptron(hidden_layer_sizes, n_outputs, activations, dropout):
    """Layers of an MLP: dropout, then for each hidden layer dense and dropout; then dense.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int
    n_outputs : int
    activations : sequence of str, one for each hidden layer
    dropout : sequence of float, one for the input and one for each hidden layer
    """
    layers = [Dropout(dropout[0])]
    for units, activation, rate in zip(hidden_layer_sizes, activations, dropout[1:], strict=True):
        layers += [Dense(units, activation), Dropout(rate)]
    return [*layers, Dense(n_outputs, "identity")]
