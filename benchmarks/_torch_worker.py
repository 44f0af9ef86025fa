"""PyTorch's side of the benchmarks: a process that answers JSON commands, one on each line.

It runs in an interpreter of its own (``--torch-python``), so that sknn and PyTorch need not share
an environment, yet can be timed in turn. It needs torch and numpy, and of this project only the
builder of networks that stands beside the tests against PyTorch.

    {"do": "versions"}
    {"do": "train", "key": k, "X": file.npy, "y": file.npy, "shape": [784], "layers": [["Dense",
     {"units": 100}], …], "batch": 32, "alpha": 1e-4, "threads": 2, "compiled": true,
     "channels_last": false, "autocast": false}                     prepares, and warms up
    {"do": "predict", "key": k, "X": file.npy, "shape": …, "layers": …, "chunk": 1000, "threads": 2,
     "compiled": false, "channels_last": true}                      that many rows at a time
    {"do": "run", "key": k, "times": 3}           answers the seconds of that many epochs or calls
    {"do": "forget", "key": k}

An answer is ``{"ok": value}`` or ``{"error": reason}``.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

sys.path.append(str(Path(__file__).parents[1] / "tests" / "torch"))
from networks import build, weighted

LEARNING_RATE = 1e-3
WARM_UP_BATCHES = 30


def prepare(command):
    """Return the rows or images as they lie best, how to look at a batch of them, and the network.

    Images are (n, h, w, c) in the file. Channels-last is that memory, seen as (n, c, h, w); the
    other layout is made here, before any timing. Each flattens in the order of its memory.
    """
    X = torch.from_numpy(np.load(command["X"])).reshape(-1, *command["shape"])
    channels_last = command.get("channels_last", False)
    model = build(command["layers"], command["shape"], nhwc=channels_last)
    if X.ndim == 2:
        return X, lambda batch: batch, model
    if not channels_last:
        return X.permute(0, 3, 1, 2).contiguous(), lambda batch: batch, model
    model = model.to(memory_format=torch.channels_last)
    return X, lambda batch: batch.permute(0, 3, 1, 2), model


class Train:
    """Epochs of Adam on shuffled mini-batches, as fast as PyTorch does it.

    No data loader: all rows are shuffled at once, and batches are views of that; it was measured
    to be no slower than a gather for each batch, and faster for small networks. Adam is the fused
    one, which beat a compiled one; weight decay is scikit-learn's L2 penalty, divided by the batch.
    """

    def __init__(self, command):
        self.X, self.look, self.model = prepare(command)
        self.y = torch.from_numpy(np.load(command["y"]))
        self.batch = command["batch"]
        self.weight_decay = command["alpha"] / self.batch
        self.precision = torch.autocast(
            "cpu", torch.bfloat16, enabled=command.get("autocast", False)
        )
        self.loss = self._loss
        if command["compiled"]:
            self.loss = torch.compile(self._loss, dynamic=False)
        self._restart()
        for rows in torch.arange(len(self.X)).split(self.batch)[:WARM_UP_BATCHES]:
            self._step(self.X[rows], self.y[rows])

    def _loss(self, X, y):
        with self.precision:
            return cross_entropy(self.model(X), y)

    def _restart(self):
        """Begin with new weights, as every ``fit`` does; the compiled code stays."""
        for module in weighted(self.model):
            module.reset_parameters()
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=LEARNING_RATE, weight_decay=self.weight_decay, fused=True
        )

    def _step(self, X, y):
        loss = self.loss(self.look(X), y)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def run(self, times):
        """Train for some epochs."""
        self._restart()
        start = time.perf_counter()
        for _ in range(times):
            order = torch.randperm(len(self.X))
            X, y = self.X.index_select(0, order), self.y.index_select(0, order)
            for X_batch, y_batch in zip(X.split(self.batch), y.split(self.batch), strict=True):
                self._step(X_batch, y_batch)
        return time.perf_counter() - start


class Predict:
    """Probabilities of all rows, in one call or in chunks."""

    def __init__(self, command):
        X, self.look, model = prepare(command)
        self.X, self.model = X.numpy(), model.eval()
        self.chunk = command.get("chunk", len(self.X))
        self.forward = self._forward
        if command["compiled"]:
            self.forward = torch.compile(self._forward, dynamic=False)
        self.run(3)

    def _forward(self, X):
        return self.model(X).softmax(dim=1)

    def run(self, times):
        """Predict some times, from a numpy array to a numpy array."""
        start = time.perf_counter()
        with torch.inference_mode():
            for _ in range(times):
                parts = torch.from_numpy(self.X).split(self.chunk)
                parts = [self.forward(self.look(part)).numpy() for part in parts]
                if len(parts) > 1:
                    np.concatenate(parts)
        return time.perf_counter() - start


class Worker:
    """The work that was prepared, by key, with the number of threads for each."""

    def __init__(self):
        self.prepared = {}

    def answer(self, command):
        """Do what a command says."""
        match command["do"]:
            case "versions":
                return {"torch": torch.__version__}
            case "train" | "predict" as kind:
                torch.manual_seed(0)
                torch.set_num_threads(command["threads"])
                work = (Train if kind == "train" else Predict)(command)
                self.prepared[command["key"]] = (work, command["threads"])
            case "run":
                work, threads = self.prepared[command["key"]]
                if torch.get_num_threads() != threads:
                    torch.set_num_threads(threads)
                return work.run(command["times"])
            case "forget":
                self.prepared.pop(command["key"], None)
                torch._dynamo.reset()
        return None


def main():
    """Answer until the input ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints must not be taken for an answer
    worker = Worker()
    for line in sys.stdin:
        try:
            answer = {"ok": worker.answer(json.loads(line))}
        except Exception as error:  # the reason belongs in the table, whatever it is
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
