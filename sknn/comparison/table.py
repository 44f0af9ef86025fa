"""Show the figures as text: the table, and the progress while they are taken."""

import os
import platform
import sys

import sklearn

import sknn
from sknn.comparison.measure import N_FOLDS, within_noise
from sknn.comparison.registry import MODELS, NET

_WIDTH = 2 + max(len(model.label) for model in MODELS.values())
_COLUMNS = f"{{:<{_WIDTH}}}  {{:>15}}  {{:>10}}  {{:>10}}  {{:>9}}"


def heading(seed):
    """Say what was run, and head the columns."""
    versions = (
        f"sknn {sknn.__version__}, scikit-learn {sklearn.__version__}, "
        f"Python {platform.python_version()}, {os.cpu_count()} CPUs, seed {seed}"
    )
    top = _COLUMNS.format("", "score", "fit", "predict", "size")
    units = _COLUMNS.format("", "mean ± std", "s", "µs/sample", "kB")
    return f"{versions}\n\n{top}\n{units}\n{'-' * len(top)}"


def group(data, results):
    """Format the lines of one data set."""
    lines = [f"{data.name}: {data.size}; score is {data.metric}"]
    level = within_noise(results)
    for name, result in results.items():
        scores = f"{result.scores.mean():.3f} ± {result.scores.std():.3f}" + (
            " ~" if name in level else "  "
        )
        fit = f"{result.fit_seconds:.4f}" + ("*" if result.is_unsettled else " ")
        lines.append(
            _COLUMNS.format(
                "  " + result.model.label,
                scores,
                fit,
                f"{result.predict_seconds * 1e6:.2f}",
                f"{result.n_bytes / 1000:.1f}",
            )
        )
    return "\n".join(lines) + "\n"


def footer(results, seconds):
    """Explain the columns; say how long the whole took."""
    lines = [
        f"score   on {N_FOLDS} validation folds",
        "~       level with the best score: worse by at most two standard errors, from all folds and models",
        "fit     one fit on the other folds, median",
        "predict a validation fold at once, per sample, median",
        "size    the fitted model, pickled",
        "Both MLPs: " + ", ".join(f"{key}={value}" for key, value in NET.items())
        + "; everything else is left at its default.",
    ]  # fmt: skip
    if any(result.is_unsettled for group in results.values() for result in group.values()):
        lines.append("* stopped at max_iter before the loss had settled, in one fold or more")
    lines.append(f"all of it took {seconds:.0f} s")
    return "\n".join(lines)


class Progress:
    """How far it has come, on stderr: one line updated in place, or plain lines if no terminal."""

    def __init__(self, n_steps, stream=None):
        self.n_steps = n_steps
        self.stream = sys.stderr if stream is None else stream
        self.in_place = self.stream.isatty()
        self.n_begun = 0
        self.text = None

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.clear()

    def step(self, text):
        """Begin the next step, which `text` names."""
        percent = 100 * self.n_begun // self.n_steps
        self.n_begun += 1
        if self.in_place:
            bar = "#" * (percent // 5)
            self.stream.write(f"\r\x1b[2K[{bar:<20}] {percent:3d} %  {text}")
        elif text != self.text:
            self.stream.write(f"{percent:3d} %  {text}\n")
        self.text = text
        self.stream.flush()

    def clear(self):
        """Wipe the line, so that something else can be printed."""
        if self.in_place:
            self.stream.write("\r\x1b[2K")
            self.stream.flush()
