"""The layers of tables as PyTorch's modules. Runs where PyTorch is, without sknn."""

import torch
from torch import nn
from torch.nn import functional


def no_bias(n):
    """Zeros that are not trained, as sknn keeps them beside all weights."""
    return nn.Parameter(torch.zeros(n), requires_grad=False)


class Channels(nn.Module):
    """One weight for each channel: a factor, or the share of an activation."""

    def __init__(self, channels, activation=None):
        super().__init__()
        self.weight, self.activation = nn.Parameter(torch.ones(1, channels)), activation
        self.bias = no_bias(channels)

    def forward(self, x):
        weight = self.weight.view(1, -1, *[1] * (x.ndim - 2))
        if self.activation is None:
            return weight * x
        return x + weight * (self.activation(x) - x)


class Periodic(nn.Module):
    """[x, c_j + sum_k m_kj cos(2 pi f_k x + b_k)], plane after plane."""

    def __init__(self, n_in, n_frequencies, n_outputs):
        super().__init__()
        self.sizes = [n_frequencies, n_frequencies, n_frequencies * n_outputs, n_outputs]
        self.weight, self.bias = nn.Parameter(torch.ones(sum(self.sizes), n_in)), no_bias(n_in)

    def forward(self, x):
        frequency, phase, mixture, c = torch.split(self.weight, self.sizes)
        waves = torch.cos(2 * torch.pi * frequency * x[:, None] + phase)
        mixture = mixture.reshape(len(phase), len(c), -1)
        v = c + (waves[:, :, None] * mixture).sum(dim=1)
        return torch.cat([x, v.flatten(1)], dim=1)


class Piecewise(nn.Module):
    """[x, c_j + sum_t m_tj e_t], plane after plane."""

    def __init__(self, edges, n_outputs):
        super().__init__()
        edges = torch.as_tensor(edges)
        self.register_buffer("edges", edges[:-1])
        self.register_buffer("widths", torch.diff(edges, dim=0))
        n_bins, n_in = self.widths.shape
        self.n_outputs = n_outputs
        self.weight = nn.Parameter(torch.ones(n_bins * n_outputs + n_outputs, n_in))
        self.bias = no_bias(n_in)

    def forward(self, x):
        low, high = torch.zeros_like(self.edges), torch.ones_like(self.edges)
        low[0], high[-1] = -torch.inf, torch.inf
        e = ((x[:, None] - self.edges) / self.widths).clamp(low, high)
        J = self.n_outputs
        mixture = self.weight[:-J].reshape(len(low), J, -1)
        v = self.weight[-J:] + (e[:, :, None] * mixture).sum(dim=1)
        return torch.cat([x, v.flatten(1)], dim=1)


class Category(nn.Module):
    """A table for one column of codes; a further row of zeros is that of unknown codes."""

    def __init__(self, n, dim):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(n, dim)), no_bias(dim)

    def forward(self, x):
        n, code = len(self.weight), x[:, 0].long()
        code = torch.where((x[:, 0] >= 0) & (code < n), code, n)
        return functional.pad(self.weight, (0, 0, 0, 1))[code]


class Columns(nn.Module):
    """Modules side by side, each on columns of its own."""

    def __init__(self, modules, widths):
        super().__init__()
        self.parts, self.widths = nn.ModuleList(modules), widths

    def forward(self, x):
        parts = zip(self.parts, torch.split(x, self.widths, dim=1), strict=True)
        return torch.cat([module(part) for module, part in parts], dim=1)
