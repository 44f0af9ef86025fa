"""Draw the README's figure of speed: how many times as fast as PyTorch and scikit-learn's MLP sknn is.

The times are those of ``results/``: train, images_train, fit, predict and images_predict. A marker is the geometric
mean over the settings of a network, its bar their range: batches of 32, 128 and 256 samples with 1 and 2 threads
in training, 1 and 2 threads in prediction. PyTorch has the best of its variants in every setting.

There are two files, docs/images/speed_light.png and speed_dark.png, for the two modes of a page; their
background is transparent.
"""

from _dot_plot import Plot, Series, main
from _records import geometric_mean
from _speed import ratios

SERIES = {
    "torch": Series("PyTorch, its best layout", "s", "#0a58b8", "#58a6ff", is_large=True),
    "sklearn": Series("scikit-learn's MLP", "D", "#b35900", "#f0a33a", is_large=True),
}
TITLES = {
    "training": "training, samples per second",
    "fit": "whole fit of an MLP, 200 epochs",
    "predict": "prediction, 10,000 samples but for the first row",
}


def label(row):
    """Records call a CNN by the channels of its convolutions alone."""
    return (f"CNN {row}" if row[0].isdigit() else row).replace("_", " ")


def plot():
    """All that the figure shows."""
    panels = {
        TITLES[what]: {
            label(row): {
                peer: (geometric_mean(times), min(times), max(times))
                for peer, times in peers.items()
            }
            for row, peers in rows.items()
        }
        for what, rows in ratios().items()
    }
    lowest = min(
        figures[1] for rows in panels.values() for row in rows.values() for figures in row.values()
    )
    return Plot(
        panels=panels,
        series=SERIES,
        lanes=[-0.22, 0.22],
        limits=(min(0.9, 0.95 * lowest), 40),
        ticks=(0.5, 1, 1.5, 2, 3, 5, 10, 20, 30),
        label="sknn's speed / speed of the other library (right of the line is better)",
        row_height=0.25,
    )


if __name__ == "__main__":
    main(__doc__, plot(), "speed")
