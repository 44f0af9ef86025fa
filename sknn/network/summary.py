"""The layers of a network as a table."""

from dataclasses import astuple, dataclass
from html import escape
from typing import Any

import numpy as np


@dataclass(frozen=True, repr=False)
class Summary:
    """Layers of a network, one row each; shown as a table, in a notebook too.

    Parameters
    ----------
    rows : list
        For each layer its name, output shape, number of parameters and FLOPs for one row of input.
        ``pandas.DataFrame(summary.rows)`` makes a table of them.
    input_shape : tuple
        Shape of the input.
    """

    rows: list[Any]
    input_shape: tuple[int, ...]

    @property
    def n_parameters(self) -> int:
        """Number of parameters of all layers."""
        return sum(astuple(row)[2] for row in self.rows)

    @property
    def flops(self) -> int:
        """Floating-point operations of all layers for one row of input, forward."""
        return sum(astuple(row)[3] for row in self.rows)

    def _table(self):
        """The texts of the table: its head, the input and the layers, the total."""
        head = ("", "layer", "output shape", "parameters", "FLOPs per row")
        body = [("0", "input", _shape(self.input_shape), "0", "0")]
        for i, row in enumerate(self.rows, start=1):
            name, shape, n_parameters, flops = astuple(row)
            body.append((str(i), name, _shape(shape), f"{n_parameters:,}", f"{flops:,}"))
        total = ("", "total", "", f"{self.n_parameters:,}", f"{self.flops:,}")
        return [head, *body, total]

    def __str__(self) -> str:
        table = self._table()
        widths = [max(len(line[k]) for line in table) for k in range(5)]
        lines = [
            "  ".join(
                text.ljust(width) if k in (1, 2) else text.rjust(width)
                for k, (text, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in table
        ]
        rule = "-" * (sum(widths) + 8)
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The table of a notebook."""
        head, *body = self._table()
        rows = "".join(_html_row(line, "td") for line in body)
        return f"<table><thead>{_html_row(head, 'th')}</thead><tbody>{rows}</tbody></table>"


def _shape(shape):
    return " x ".join(str(n) for n in np.atleast_1d(shape))


def _html_row(texts, tag):
    """A row of the table; the names and shapes stand left, numbers right."""
    cells = (
        f'<{tag} style="text-align: {"left" if k in (1, 2) else "right"}">{escape(text)}</{tag}>'
        for k, text in enumerate(texts)
    )
    return f"<tr>{''.join(cells)}</tr>"
