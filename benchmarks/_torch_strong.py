"""PyTorch's side of ``images_strong.py``: trains once, with what lies in a folder.

    python _torch_strong.py FOLDER

It needs torch and numpy, and of this project only the builder of networks that stands beside the tests
against PyTorch. FOLDER holds job.json, the images (n, h, w, c) as bytes and their classes, means and
scales of the channels, the learning rate of every step (epochs, steps), and the weights to begin with.
Progress goes to stderr, the answer, one line of JSON, to stdout.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

sys.path.append(str(Path(__file__).parents[1] / "tests" / "torch"))
from networks import build, to_torch, weighted

TEST_CHUNK = 1000
WITH_WEIGHTS = {"Conv2D", "BatchNorm", "Scale", "Dense"}


class Folder:
    """What was handed over."""

    def __init__(self, path):
        self.path = path
        self.job = json.loads((path / "job.json").read_text())

    def __getitem__(self, name):
        return torch.from_numpy(np.load(self.path / f"{name}.npy"))


class Images:
    """Images as bytes, and views of them as standardised floats; channels-last is their memory."""

    def __init__(self, folder, name, border):
        X = folder[name].numpy()
        self.height, self.width = X.shape[1:3]
        edges = ((0, 0), (border, border), (border, border), (0, 0))
        self.padded = torch.from_numpy(np.pad(X, edges, mode="reflect"))
        self.border, self.flipped = border, torch.rand(len(X)) < 0.5
        self.means, self.scales = folder["means"].float(), folder["scales"].float()

    def standardised(self, X):
        """As they enter the network, (n, c, h, w)."""
        return ((X.float() - self.means) / self.scales).permute(0, 3, 1, 2)

    def training_views(self, rows, epoch):
        """Shifted by chance, mirrored in turn from epoch to epoch."""
        top, left = torch.randint(0, 2 * self.border + 1, (2, len(rows), 1))
        i, j = torch.arange(self.height), torch.arange(self.width)
        mirrored = self.flipped[rows, None] ^ bool(epoch % 2)
        i, j = top + i, left + torch.where(mirrored, self.width - 1 - j, j)
        return self.standardised(self.padded[rows[:, None, None], i[:, :, None], j[:, None]])

    def test_views(self, rows):
        """(weight, images): as they are, and shifted by a pixel both ways along a diagonal; each mirrored, too."""
        for weight, at in ((0.5, self.border), (0.25, 0), (0.25, 2 * self.border)):
            view = self.padded[rows, at : at + self.height, at : at + self.width]
            yield weight / 2, self.standardised(view)
            yield weight / 2, self.standardised(view.flip(2))


def start(folder):
    """The network with the weights to begin with."""
    job = folder.job
    model = build(job["layers"], job["shape"])
    with torch.no_grad():
        for i, module in enumerate(weighted(model)):
            module.weight.copy_(to_torch(module, folder[f"coef_{i}"]))
            if module.bias is not None:
                module.bias.copy_(folder[f"intercept_{i}"])
    return model.to(memory_format=torch.channels_last)


def orthogonal(direction, n_iterations):
    """U Vᵀ of U S Vᵀ, about: Newton and Schulz's iteration with Jordan's coefficients."""
    x = direction / direction.norm().clamp(min=1e-7)
    x = x.T if len(x) > len(x.T) else x
    for _ in range(n_iterations):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.T if len(direction) > len(direction.T) else x


class Muon:
    """sknn's: steps along orthogonal matrices for kernels, of Adam for biases and the output layer.

    PyTorch's own takes no kernels, and iterates in bfloat16.
    """

    def __init__(self, model, layers, parameters):
        self.parameters, self.moving, self.t = parameters, [], 0
        described = [options for name, options in layers if name in WITH_WEIGHTS]
        for module, options in zip(weighted(model), described, strict=True):
            decays = isinstance(module, nn.Conv2d | nn.Linear)
            self._add(module.weight, 1.0, decays)
            self._add(module.bias, options.get("bias_lr_multiplier", 1.0), False)

    def _add(self, w, rate_factor, decays):
        if w is not None and w.requires_grad:
            moments = torch.zeros_like(w), torch.zeros_like(w)
            self.moving.append((w, *moments, rate_factor, decays))

    @torch.no_grad()
    def step(self, rate):
        """After a gradient."""
        self.t += 1
        for w, m, v, rate_factor, decays in self.moving:
            g, w.grad = w.grad, None
            if decays:
                w.mul_(1 - rate * self.parameters["weight_decay"])
            if w.ndim == 4:
                self._step_along(w, g, m, rate)
            else:
                self._step_of_adam(w, g, m, v, rate * rate_factor)

    def _step_along(self, w, g, m, rate):
        momentum = self.parameters["momentum"]
        m.lerp_(g, 1 - momentum)
        direction = g.lerp(m, momentum).reshape(len(w), -1)
        step = orthogonal(direction, self.parameters["n_iterations"])
        w.sub_(step.view_as(w), alpha=rate * 0.2 * max(direction.shape) ** 0.5)

    def _step_of_adam(self, w, g, m, v, rate):
        beta_1, beta_2 = self.parameters["beta_1"], self.parameters["beta_2"]
        m.lerp_(g, 1 - beta_1)
        v.mul_(beta_2).addcmul_(g, g, value=1 - beta_2)
        root = (v / (1 - beta_2**self.t)).sqrt_().add_(self.parameters["epsilon"])
        w.sub_(m / (1 - beta_1**self.t) / root, alpha=rate)


def train(model, folder):
    """All epochs; (seconds, CPU seconds) of each."""
    job, y, rates = folder.job, folder["y_train"], folder["rates"].tolist()
    images = Images(folder, "X_train", job["shift"])
    optimizer = Muon(model.train(), job["layers"], job["solver"])
    seconds = []
    for epoch, rates_of_epoch in enumerate(rates):
        begin, cpu_begin, total = time.perf_counter(), time.process_time(), 0.0
        batches = torch.randperm(len(y)).split(job["batch"])
        for rows, rate in zip(batches, rates_of_epoch, strict=True):
            logits = model(images.training_views(rows, epoch))
            loss = cross_entropy(logits, y[rows], label_smoothing=job["label_smoothing"])
            loss.backward()
            optimizer.step(rate)
            total += loss.item() * len(rows)
        seconds.append((time.perf_counter() - begin, time.process_time() - cpu_begin))
        wall, cpu = seconds[-1]
        progress = f"torch, epoch {epoch + 1} of {len(rates)}: loss {total / len(y):.4f}"
        print(f"{progress}, {wall:.1f} s, {cpu:.1f} s CPU", file=sys.stderr, flush=True)
    return seconds


@torch.inference_mode()
def accuracies(model, folder):
    """Share of right answers on the test set: plain, and with the logits averaged over views."""
    y, images = folder["y_test"], Images(folder, "X_test", border=1)
    model.eval()
    right = [0, 0]
    for rows in torch.arange(len(y)).split(TEST_CHUNK):
        values = [(weight, model(view)) for weight, view in images.test_views(rows)]
        averaged = sum(weight * logits for weight, logits in values)
        for k, logits in enumerate((values[0][1], averaged)):
            right[k] += (logits.argmax(dim=1) == y[rows]).sum().item()
    return [n / len(y) for n in right]


def main(path):
    """Train, test, answer."""
    folder = Folder(path)
    torch.manual_seed(0)
    torch.set_num_threads(folder.job["threads"])
    model = start(folder)
    seconds, cpu_seconds = zip(*train(model, folder), strict=True)
    plain, with_views = accuracies(model, folder)
    answer = {
        "accuracy": plain,
        "accuracy with views": with_views,
        "epochs": seconds,
        "epochs, CPU": cpu_seconds,
    }
    print(json.dumps({"torch": torch.__version__, "figures": answer}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
