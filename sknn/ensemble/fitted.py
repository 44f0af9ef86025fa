"""An ensemble of networks with weights: outputs, predictions, gradients."""

import numpy as np

from sknn.network.fitted import FittedNetwork
from sknn.network.weights import Weights


class FittedEnsemble:
    """The members of an ensemble, asked together.

    Parameters
    ----------
    members : list of Member
    programs : list of (Network, Program)
        Of each kind of members.
    targets : CalibratedLabels or StandardizedRegression
    n_threads : int or None
    """

    def __init__(self, members, programs, targets, n_threads):
        self.members, self.programs, self.targets = members, programs, targets
        self.n_threads = n_threads
        self.weights = [member.weight for member in members]

    def outputs(self, rows):
        """Outputs of every member (n_members, n, n_outputs) for encoded samples."""
        of_kinds = self._rows_of_kinds(rows)
        networks = self._networks()
        shape = networks[0].network.output_shape
        out = np.empty((len(networks), len(rows), *shape), rows.dtype)
        for member, network, values in zip(self.members, networks, out, strict=True):
            values[...] = network.forward(of_kinds[member.kind], shape)[0]
        return out

    def predicted(self, rows):
        """Predictions of the ensemble, (n, n_outputs)."""
        return self.targets.predicted(self.outputs(rows), self.weights)

    def combined(self, rows):
        """Outputs of the ensemble in float64, (n, n_outputs): logits, or predictions that are not clipped."""
        return self.targets.combined(self.outputs(rows), self.weights)

    def gradients(self, rows, which):
        """Gradients of one output of the ensemble with respect to encoded samples."""
        outputs, total = self.outputs(rows), np.zeros(rows.shape)
        of_members = self.targets.output_gradients(outputs, which, self.weights)
        of_kinds = self._rows_of_kinds(rows)
        for member, network, gradients in zip(
            self.members, self._networks(), of_members, strict=True
        ):
            n_features = network.network.n_features
            total[:, :n_features] += network.input_gradients(of_kinds[member.kind], gradients)
        return total

    def _networks(self):
        """The members as networks with weights."""
        networks = []
        for member in self.members:
            network, program = self.programs[member.kind]
            weights = Weights(member.coefs, member.intercepts)
            networks.append(FittedNetwork(network, program, weights, n_threads=self.n_threads))
        return networks

    def _rows_of_kinds(self, rows):
        """The engine's Rows of encoded samples for each kind of members."""
        return [network.engine.Rows(rows[:, : network.n_features]) for network, _ in self.programs]
