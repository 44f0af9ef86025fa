"""The README's figures: dot plots on a log axis, one PNG for each mode of a page, on a transparent background."""

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from _records import ROOT
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from PIL import Image

IMAGES = ROOT / "docs" / "images"
TEXT = {"light": "#1f2328", "dark": "#e6edf3"}


@dataclass
class Series:
    """What one kind of marker stands for, and how it looks on a light and on a dark page."""

    label: str
    marker: str
    light: str
    dark: str
    is_large: bool = False

    def look(self, mode):
        return {"marker": self.marker, "color": getattr(self, mode), "linestyle": ""}


@dataclass
class Plot:
    """A figure: ``{panel: {row: {series: (mean, lowest, highest)}}}``, and what stands around it.

    A mean beyond the limits is drawn at the edge and written as a number. `lanes` are the heights of the series in
    a row, whose own height is 1; a single one stands in the middle.
    """

    panels: dict
    series: dict
    lanes: list
    limits: tuple
    ticks: tuple
    label: str
    row_height: float  # inches

    def digest(self):
        """A fingerprint of the numbers, which the PNG carries: `--check` asks whether they are those of the records."""
        numbers = [
            [panel, row, series, [f"{figure:.4g}" for figure in figures]]
            for panel, rows in self.panels.items()
            for row, of_series in rows.items()
            for series, figures in of_series.items()
        ]
        return hashlib.sha256(json.dumps(numbers).encode()).hexdigest()

    def write(self, path, mode):
        """Draw one PNG; `mode` is "light" or "dark", as the page is."""
        text = TEXT[mode]
        n_rows = [len(rows) for rows in self.panels.values()]
        figure = Figure(figsize=(8.3, self.row_height * sum(n_rows) + 1.3), layout="constrained")
        axes = figure.subplots(len(n_rows), sharex=True, height_ratios=n_rows, squeeze=False)[:, 0]
        for panel, (title, rows) in zip(axes, self.panels.items(), strict=True):
            self._fill(panel, rows, mode)
            panel.set_title(title, loc="left", fontsize=9.5, color=text, fontweight="bold")
        axes[-1].set_xscale("log")
        axes[-1].set_xticks(self.ticks, [f"{tick:g}" for tick in self.ticks])
        axes[-1].set_xlim(*self.limits)  # the ticks would widen them
        axes[-1].xaxis.set_minor_locator(NullLocator())
        axes[-1].set_xlabel(self.label, color=text, fontsize=9.5)
        handles = [
            axes[0].plot([], [], ms=7 if one.is_large else 5, **one.look(mode))[0]
            for one in self.series.values()
        ]
        figure.legend(
            handles,
            [one.label for one in self.series.values()],
            loc="outside upper center",
            ncols=len(handles),
            frameon=False,
            labelcolor=text,
            fontsize=9,
            handletextpad=0.1,
            columnspacing=1.3,
        )
        metadata = {"Software": None, "Description": self.digest()}
        figure.savefig(path, dpi=200, transparent=True, metadata=metadata)

    def _fill(self, panel, rows, mode):
        text = TEXT[mode]
        for y, row in enumerate(rows.values()):
            if y % 2 == 0:
                panel.axhspan(y - 0.5, y + 0.5, color=text, alpha=0.05, linewidth=0)
            for (name, series), lane in zip(self.series.items(), self.lanes, strict=True):
                if name in row:
                    self._mark(panel, y + (lane if len(row) > 1 else 0), row[name], series, mode)
        panel.axvline(1, color=text, linewidth=1.2, zorder=1)
        panel.set_yticks(range(len(rows)), list(rows))
        panel.set_ylim(len(rows) - 0.5, -0.5)
        panel.tick_params(colors=text, labelsize=9, length=0)
        panel.grid(axis="x", color=text, alpha=0.15, linewidth=0.6)
        panel.set_axisbelow(True)
        panel.spines[:].set_visible(False)

    def _mark(self, panel, y, figures, series, mode):
        """One series in one row: the marker and its bar."""
        mean, lowest, highest = figures
        edge, is_large = self.limits[1], series.is_large
        if mean > edge:
            highest = 0.9 * edge  # leaves room for the number
        look = series.look(mode)
        panel.plot(
            [lowest, highest],
            [y, y],
            color=look["color"],
            linewidth=2 if is_large else 1,
            alpha=0.9 if is_large else 0.6,
            zorder=3 if is_large else 2,
            solid_capstyle="butt",
        )
        if mean <= edge:
            size = {"markersize": 6.5 if is_large else 3.6, "zorder": 4 if is_large else 3}
            panel.plot(mean, y, **look, **size)
        else:
            note = f"{mean:.1f} → "
            panel.text(
                edge, y, note, color=look["color"], fontsize=7.5, ha="right", va="center_baseline"
            )


def main(doc, plot, name):
    """The command: both modes of `plot`, as NAME_light.png and NAME_dark.png."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=IMAGES, metavar="FOLDER")
    parser.add_argument("--check", action="store_true", help="compare, and draw nothing")
    options = parser.parse_args()
    differing = []
    for mode in TEXT:
        path = options.output / f"{name}_{mode}.png"
        if not options.check:
            plot.write(path, mode)
        elif Image.open(path).info.get("Description") != plot.digest():
            differing.append(path.name)
    if differing:
        sys.exit(f"{', '.join(differing)} not as in the records: run python {sys.argv[0]}")
