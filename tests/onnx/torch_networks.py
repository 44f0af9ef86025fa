"""Networks of PyTorch as ONNX files: ``python torch_networks.py FOLDER``. Needs torch, onnx and onnxscript, not sknn.

FOLDER/name.exporter.onnx is a network, by both exporters of PyTorch; FOLDER/name.npz holds X and its outputs y.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn


class Residual(nn.Module):
    """x + f(x)"""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x)


torch.manual_seed(0)
NETWORKS = {
    "convolutions": (
        (3, 9, 9),
        [
            *(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()),
            nn.MaxPool2d(2, ceil_mode=True),
            *(nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False), nn.SiLU()),
            *(nn.AvgPool2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5)),
            nn.Linear(4, 5),
        ],
    ),
    "flattened": (
        (2, 6, 5),
        [
            nn.ZeroPad2d((1, 0, 2, 1)),
            *(nn.Conv2d(2, 3, (3, 2), stride=(1, 2), dilation=(2, 1)), nn.Tanh(), nn.Flatten()),
            *(nn.BatchNorm1d(45), nn.LayerNorm(45), nn.Linear(45, 2), nn.Softmax(1)),
        ],
    ),
    "norms": (
        (3, 5, 5),
        [
            nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1),
            *(nn.GroupNorm(2, 4), nn.GELU(), nn.InstanceNorm2d(4, affine=True), nn.LeakyReLU(0.1)),
            *(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.LayerNorm(4), nn.Mish()),
            *(nn.Linear(4, 4), nn.LogSoftmax(1)),
        ],
    ),
    "dense": (
        (6,),
        [
            *(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ELU(), nn.Linear(8, 8)),
            *(nn.GELU(approximate="tanh"), nn.Softplus(), nn.SELU()),
            *(nn.Linear(8, 8, bias=False), nn.Sigmoid(), nn.Linear(8, 1), nn.Sigmoid()),
        ],
    ),
    "residual": (
        (2, 8, 8),
        [
            *(nn.Conv2d(2, 4, 3, padding="same"), nn.ReLU()),
            Residual(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 1)),
            *(Residual(nn.BatchNorm2d(4), nn.SiLU()), nn.MaxPool2d(2), nn.Flatten()),
            nn.Linear(64, 3),
        ],
    ),
    "unknown": ((2, 6, 6), [nn.Conv2d(2, 3, 3), nn.Hardswish(), nn.Flatten(), nn.Linear(48, 3)]),
}


def randomize(model):
    """Running moments that are not 0 and 1."""
    for module in model.modules():
        if getattr(module, "running_mean", None) is not None:
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)


def without_traces(path):
    """Take out where in its sources each node comes from: paths of this machine."""
    model = onnx.load(path)
    for part in (
        model.graph,
        *model.graph.node,
        *model.graph.value_info,
        *model.graph.input,
        *model.graph.output,
    ):
        del part.metadata_props[:]
    onnx.save(model, path)


def main(folder):
    for name, (shape, layers) in NETWORKS.items():
        model, X = nn.Sequential(*layers), torch.randn(5, *shape)
        randomize(model)
        model.eval()
        torch.onnx.export(
            *(model, (X,), folder / f"{name}.script.onnx"),
            dynamo=False,
            input_names=["x"],
            dynamic_axes={"x": {0: "n"}},
        )
        torch.onnx.export(
            *(model, (X,), folder / f"{name}.dynamo.onnx"),
            dynamo=True,
            external_data=False,
            dynamic_shapes=({0: torch.export.Dim("n")},),
        )
        without_traces(folder / f"{name}.dynamo.onnx")
        np.savez(folder / f"{name}.npz", X=X.numpy(), y=model(X).detach().numpy())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
