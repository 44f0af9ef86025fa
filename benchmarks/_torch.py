"""The door to PyTorch in another interpreter (``_torch_worker.py``)."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

#: two ways to run a perceptron
VARIANTS = {"torch eager": {"compiled": False}, "torch compiled": {"compiled": True}}


def perceptron(sizes):
    """The description that the worker builds [784, 100, 10] from."""
    hidden = [["Dense", {"units": units}] for units in sizes[1:-1]]
    output = ["Dense", {"units": sizes[-1], "activation": "identity"}]
    return {"shape": sizes[:1], "layers": [*hidden, output]}


class TorchError(RuntimeError):
    """PyTorch could not do what it was asked; the message says why."""


class Torch:
    """A worker process; a context manager. Without an interpreter it is absent: false, and idle."""

    def __init__(self, python):
        self.python = python
        self.process = None
        self.keys = []

    def __enter__(self):
        if self.python:
            self.folder = tempfile.TemporaryDirectory()
            self.process = subprocess.Popen(
                [self.python, str(Path(__file__).with_name("_torch_worker.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # What torch.compile says while it works is no error and no answer.
                stderr=subprocess.DEVNULL,
                text=True,
                env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
            )
            try:
                self.versions = self._ask(do="versions")
            except TorchError as error:
                raise SystemExit(f"--torch-python: no torch and numpy there; {error}") from None
        return self

    def __exit__(self, *exc_info):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process.stdout.close()
            self.folder.cleanup()

    def __bool__(self):
        return self.process is not None

    def save(self, name, array):
        """Write an array where the worker can read it; returns the file."""
        path = Path(self.folder.name) / f"{name}.npy"
        np.save(path, array)
        return str(path)

    def prepare(self, kind, variants, threads, **details):
        """Prepare training or prediction in some variants, ``{name: details}``.

        Returns ``{name: runner(times) -> seconds}``, and why some are absent, ``{name: reason}``;
        nothing of either without PyTorch.
        """
        runners, reasons = {}, {}
        for name, own in variants.items() if self else ():
            key = f"{name} {threads}"
            try:
                self._ask(do=kind, key=key, threads=threads, **details, **own)
            except TorchError as error:
                reasons[name] = str(error)
                continue
            self.keys.append(key)
            runners[name] = lambda times, key=key: self._ask(do="run", key=key, times=times)
        return runners, reasons

    def forget(self):
        """Free what was prepared."""
        while self.keys:
            self._ask(do="forget", key=self.keys.pop())

    def _ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise TorchError(f"the PyTorch process ended ({self.process.wait()})")
        answer = json.loads(line)
        if "error" in answer:
            raise TorchError(answer["error"])
        return answer["ok"]
