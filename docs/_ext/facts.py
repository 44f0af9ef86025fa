"""Facts that the pages state, read where they are true.

    :default:`CNNClassifier.batch_size`     a default, from the signature
    :constant:`CACHE_BYTES`                 a constant of the engine, from its source
    :constant:`sknn.schedules.NAME`         a constant of a module
    .. parameter:: TabularClassifier effort     what the docstring says about a parameter
    .. measured:: tabular_classification    a table of a benchmark's record, with machine, date and versions
    .. measured-figure:: random_forest      a figure drawn from such a record

A name that does not exist is an error.
"""

import csv
import importlib
import inspect
import io
import re
from pathlib import Path

import records
from docutils import nodes
from docutils.parsers.rst import directives
from numpydoc.docscrape import NumpyDocString
from sphinx.util.docutils import SphinxDirective, SphinxRole

import sknn

DOCS = Path(__file__).parents[1]
CHECKOUT = DOCS.parent
FIGURES = Path("api", "generated", "measured")


def default(name):
    """The default of a parameter as Python code."""
    estimator, parameter = name.split(".")
    value = inspect.signature(getattr(sknn, estimator)).parameters[parameter].default
    return repr(value).replace("'", '"')


def constant(name):
    """A constant of the engine in readable units, or of a module."""
    module, _, attribute = name.rpartition(".")
    if module:
        return f"{getattr(importlib.import_module(module), attribute):,}"
    pattern = re.compile(rf"\b{name}\s*(?:=\s*|\s)([0-9][0-9_*<\s.e]*)(?:[#/;]|$)", re.M)
    sources = sorted((CHECKOUT / "sknn" / "engine").rglob("*.p*i")) + sorted(
        (CHECKOUT / "sknn" / "engine").rglob("*.h")
    )
    found = {match[1].strip() for path in sources for match in pattern.finditer(path.read_text())}
    if len(found) != 1:
        raise KeyError(f"{name} is defined {len(found)} times in the engine")
    value = 1
    for factor in found.pop().split("*"):
        value *= int(factor)
    if not name.endswith("BYTES"):
        return f"{value:,}"
    return f"{value // 2**20} MiB" if value % 2**20 == 0 else f"{value // 2**10:,} KiB"


class Fact(SphinxRole):
    """A role that writes what a function says about its text."""

    def __init__(self, function, node):
        super().__init__()
        self.function, self.node = function, node

    def run(self):
        try:
            return [self.node("", self.function(self.text))], []
        except (AttributeError, KeyError, ValueError) as error:
            message = self.inliner.reporter.error(f"{self.text}: {error}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]


class Parameter(SphinxDirective):
    """The description of a parameter in the docstring of an estimator."""

    required_arguments = 2

    def run(self):
        estimator, name = self.arguments
        described = NumpyDocString(inspect.cleandoc(getattr(sknn, estimator).__doc__))
        (found,) = (p for p in described["Parameters"] if name in p.name.split(", "))
        return self.parse_text_to_nodes(f"`{name}` : {found.type}\n   " + "\n   ".join(found.desc))


class Measured(SphinxDirective):
    """A table of what a benchmark has recorded."""

    required_arguments = 1

    def run(self):
        table = records.TABLES[self.arguments[0]](CHECKOUT)
        if table is None:
            return []
        cells = io.StringIO()
        csv.writer(cells, lineterminator="\n").writerows([table.head, *table.rows])
        lines = [".. csv-table::", "   :header-rows: 1", "   :class: measured", ""]
        lines += [f"   {line}" for line in cells.getvalue().splitlines()]
        # not a caption of the table, which would scroll with it where the page is narrow
        lines += ["", ".. rst-class:: measured", "", table.caption]
        return self.parse_text_to_nodes("\n".join(lines))


class MeasuredFigure(SphinxDirective):
    """A figure of what a benchmark has recorded."""

    required_arguments = 1
    option_spec = {"alt": directives.unchanged_required}

    def run(self):
        name = self.arguments[0]
        figure, caption = records.FIGURES[name](CHECKOUT)
        path = FIGURES / f"{name}.png"
        (DOCS / FIGURES).mkdir(parents=True, exist_ok=True)
        figure.savefig(Path(self.env.srcdir) / path, dpi=110)
        lines = [f".. figure:: /{path.as_posix()}", f"   :alt: {self.options['alt']}", ""]
        return self.parse_text_to_nodes("\n".join([*lines, f"   {caption}"]))


def setup(app):
    app.add_role("default", Fact(default, nodes.literal))
    app.add_role("constant", Fact(constant, nodes.inline))
    app.add_directive("parameter", Parameter)
    app.add_directive("measured", Measured)
    app.add_directive("measured-figure", MeasuredFigure)
    return {"parallel_read_safe": True}
