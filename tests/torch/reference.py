"""PyTorch's answers to the jobs of a folder: ``python reference.py FOLDER``.

FOLDER/jobs.json is a list of ``{"name", "layers", "shape", "steps"}``; FOLDER/name.npz holds X (n, h,
w, c) or (n, d), y (n,), weights, running moments and, where there are steps, the batches. The answers go to
FOLDER/name.out.npz. It needs torch and numpy, nothing of sknn.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from networks import build, from_torch, to_torch, weighted
from torch.nn.functional import cross_entropy


def several(given, name):
    """The arrays name_0, name_1, … as tensors."""
    n = sum(key.startswith(f"{name}_") for key in given)
    return [torch.from_numpy(given[f"{name}_{i}"]) for i in range(n)]


def numbered(name, tensors):
    """And back."""
    return {f"{name}_{i}": tensor.detach().numpy() for i, tensor in enumerate(tensors)}


def norms(model):
    """Modules with running moments."""
    return [module for module in weighted(model) if hasattr(module, "running_mean")]


def load(job, given):
    """The described network with the given weights and moments."""
    model = build(job["layers"], job["shape"]).to(torch.from_numpy(given["X"]).dtype)
    with torch.no_grad():
        for module, coef, intercept in zip(
            weighted(model), several(given, "coef"), several(given, "intercept"), strict=True
        ):
            module.weight.copy_(to_torch(module, coef))
            if module.bias is not None:
                module.bias.copy_(intercept)
        moments = zip(several(given, "mean"), several(given, "variance"), strict=True)
        for module, (mean, variance) in zip(norms(model), moments, strict=True):
            module.running_mean.copy_(mean)
            module.running_var.copy_(variance)
    return model


def slopes(parameter):
    """Its gradient; zeros where it is not trained, or where nothing flows back to it."""
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def gradient(model, X, y):
    """Logits in prediction, then loss, gradients and running moments of one batch in training."""
    logits = model.eval()(X)
    loss = cross_entropy(model.train()(X), y)
    loss.backward()
    modules = weighted(model)
    dcoefs = [slopes(module.weight) for module in modules]
    dintercepts = [
        torch.zeros(len(module.weight)) if module.bias is None else slopes(module.bias)
        for module in modules
    ]
    return {
        "logits": logits.detach().numpy(),
        "loss": loss.item(),
        **numbered("coef", map(from_torch, modules, dcoefs)),
        **numbered("intercept", dintercepts),
        **numbered("mean", [module.running_mean for module in norms(model)]),
        **numbered("variance", [module.running_var for module in norms(model)]),
    }


def training(model, X, y, batches, kind, parameters):
    """The loss of every step on the given batches."""
    optimizer = getattr(torch.optim, kind)(model.parameters(), **parameters)
    losses = []
    for batch in batches:
        loss = cross_entropy(model.train()(X[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"losses": losses}


def main(folder):
    """All jobs of a folder."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)  # NAdam keeps its product of momenta in it
    for job in json.loads((folder / "jobs.json").read_text()):
        with np.load(folder / f"{job['name']}.npz") as file:
            given = dict(file)
        model = load(job, given)
        X, y = torch.from_numpy(given["X"]), torch.from_numpy(given["y"])
        X = X.permute(0, 3, 1, 2) if X.ndim == 4 else X
        if job["steps"]:
            answer = training(model, X, y, torch.from_numpy(given["batches"]), *job["steps"])
        else:
            answer = gradient(model, X, y)
        np.savez(folder / f"{job['name']}.out.npz", **answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
