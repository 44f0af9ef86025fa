"""The picture that other sites show beside a link to a page: the logo, the name and what it is."""

import tomllib
from itertools import pairwise
from pathlib import Path
from textwrap import wrap

from matplotlib.figure import Figure

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
LAYERS = [(120, (215, 415)), (270, (115, 315, 515)), (420, (315,))]  # x and the ys of units
BLUE, ORANGE, GRAY = "#3d8fd1", "#f28e2b", "#8a93a0"


def draw(path):
    """1200 by 630 pixels, which all sites take."""
    description = tomllib.loads(PYPROJECT.read_text())["project"]["description"]
    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="#14181e")
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, 1200), ylim=(630, 0))
    ax.set_axis_off()
    for (x, ys), (next_x, next_ys) in pairwise(LAYERS):
        for y in ys:
            for next_y in next_ys:
                ax.plot((x, next_x), (y, next_y), color=GRAY, lw=6, zorder=1)
    for (x, ys), color in zip(LAYERS, (BLUE, ORANGE, BLUE), strict=True):
        ax.scatter([x] * len(ys), ys, s=3200, color=color, zorder=2)
    ax.text(540, 290, "sknn", color="white", fontsize=90, weight="bold")
    for line, text in enumerate(wrap(description, 26, break_on_hyphens=False)):
        ax.text(545, 375 + 55 * line, text, color="#d0d6de", fontsize=24)
    figure.savefig(path)


def finish(app, exception):
    if exception is None and app.builder.format == "html":
        draw(Path(app.outdir, "_static", "card.png"))


def setup(app):
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True}
