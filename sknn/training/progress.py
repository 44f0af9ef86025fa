"""What a fit tells while it lasts, where `verbose` asks for it: a bar, or a line for each epoch."""

import threading
from importlib import import_module

#: seconds that a fit lasts before its bar appears
DELAY = 2


class Progress:
    """What is told of one network in training, or of several side by side; here nothing."""

    def of_network(self, number, n_networks):
        """The Progress of one of several networks, numbered from 1."""
        return self

    def epoch(self, number, loss, score):
        """An epoch has ended; `score` is that of validation data, or None."""

    def say(self, text):
        """A sentence about the training."""

    def end_network(self, n_left):
        """A network is trained, so many epochs earlier than planned."""

    def close(self):
        """The fit has ended."""


class Lines(Progress):
    """A line for each epoch, as scikit-learn's MLP prints them."""

    def __init__(self, name=""):
        self.name = name

    def of_network(self, number, n_networks):
        return Lines(f"Member {number} of {n_networks}: ")

    def epoch(self, number, loss, score):
        validated = "" if score is None else f", validation score = {score:f}"
        self.say(f"Iteration {number}, loss = {loss:.8f}{validated}")

    def say(self, text):
        print(f"{self.name}{text}\n", end="")  # in one piece: other threads print, too


class Bar(Progress):
    """A bar of tqdm over the epochs of all networks together, beside the latest loss and score."""

    def __init__(self, tqdm, n_epochs):
        self.bar, self.lock = tqdm(total=n_epochs, unit="epoch", delay=DELAY), threading.Lock()

    def epoch(self, number, loss, score):
        values = {"loss": loss} if score is None else {"loss": loss, "score": score}
        with self.lock:
            self.bar.set_postfix(values, refresh=False)
            self.bar.update()

    def end_network(self, n_left):
        with self.lock:
            self.bar.total -= n_left

    def close(self):
        # a fit that stopped early is no failure, as which notebooks would color it
        self.bar.total = self.bar.n
        self.bar.close()


def progress_of(verbose, n_epochs):
    """What `verbose` means.

    Parameters
    ----------
    verbose : bool or int
        0 for nothing, 1 for a bar where tqdm is installed, else lines.
    n_epochs : int
        Of all networks together, at most; a single one has no bar.
    """
    if not verbose:
        return Progress()
    tqdm = _tqdm() if verbose == 1 and n_epochs > 1 else None
    return Lines() if tqdm is None else Bar(tqdm, n_epochs)


def _tqdm():
    """tqdm's bar for where this runs, terminal or notebook; None where it is not installed."""
    try:
        return import_module("tqdm.auto").tqdm
    except ImportError:
        return None
