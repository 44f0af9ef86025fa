"""The default role: names of classes and functions in the prose are links, everything else is code.

`CNNClassifier`, `Adam(beta_1=0.9)`, `CNNClassifier.predict_windows` and `GridSearchCV` need no module before
them; in a class's docstring its methods, `fit`, are links, too. :call:`Adam` is Adam with its defaults.
"""

import importlib
import inspect
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxRole

import sknn
from sknn import (
    augmentation,
    displays,
    layers,
    optimizers,
    presets,
    schedules,
)
from sknn.network import sliding_window
from sknn.teaching import decoding

MODULES = (
    sknn,
    layers,
    optimizers,
    schedules,
    augmentation,
    presets,
    displays,
    sliding_window,
    decoding,
)
EXPLICIT = re.compile(r"(.+?) <([\w.]+)>$")


def full_names():
    """``{short name: full name}`` of everything public, as the API pages have it."""
    names = {}
    for module in MODULES:
        for name in getattr(module, "__all__", vars(module)):
            own = getattr(getattr(module, name), "__module__", "").startswith(module.__name__)
            if own and not name.startswith("_"):
                names.setdefault(name, f"{module.__name__}.{name}")
    return names


NAMES = full_names()


class Name(SphinxRole):
    """A link if the text is a name, else code."""

    def run(self):
        explicit = EXPLICIT.fullmatch(self.text)
        title, text = explicit.groups() if explicit else (self.text, self.text)
        code = nodes.literal("", title)
        target = self.target_of(text.partition("(")[0])
        if target is None:
            return [code], []
        where = {
            "refdomain": "py",
            "reftype": "obj",
            "reftarget": target,
            "refdoc": self.env.docname,
        }
        return [addnodes.pending_xref("", code, refexplicit=True, refwarn=True, **where)], []

    def target_of(self, name):
        """The full name, or None."""
        head, *rest = name.split(".")
        if head in NAMES:
            return ".".join([NAMES[head], *rest])
        if not rest and name in self.env.app.sklearn_names:
            return self.env.app.sklearn_names[name]
        if head == "sklearn" and rest:
            return name
        module, cls = self.env.ref_context.get("py:module"), self.env.ref_context.get("py:class")
        if cls and not rest and not name.startswith("_"):
            owner = getattr(importlib.import_module(module), cls, None)
            if callable(getattr(owner, name, None)):
                return f"{module}.{cls}.{name}"
        return None


class Call(SphinxRole):
    """A class with its parameters and their defaults, from its signature."""

    def run(self):
        module, _, name = NAMES[self.text].rpartition(".")
        parameters = inspect.signature(
            getattr(importlib.import_module(module), name)
        ).parameters.values()
        title = f"{name}({', '.join(f'{p.name}={p.default!r}' for p in parameters)})"
        where = {"refdomain": "py", "reftype": "obj", "reftarget": NAMES[self.text]}
        xref = addnodes.pending_xref(
            "", nodes.literal("", title), refexplicit=True, refdoc=self.env.docname, **where
        )
        return [xref], []


def remember_sklearn(app, env, docnames):
    """Short names in scikit-learn's inventory that belong to one object alone and could be nothing else."""
    inventory = env.intersphinx_named_inventory["sklearn"]
    found = {}
    for kind in ("py:class", "py:function"):
        for full in inventory[kind]:
            found.setdefault(full.rpartition(".")[2], []).append(full)
    app.sklearn_names = {
        short: full[0]
        for short, full in found.items()
        if len(full) == 1
        and ("_" in short or (re.search("[a-z]", short[1:]) and short[0].isupper()))
    }


def escape_initials(app, what, name, obj, options, lines):
    """An author's initial at the beginning of a line is no letter of a list."""
    lines[:] = [re.sub(r"^(\s*)([A-Z])\. (?=[A-Z])", r"\1\\\2. ", line) for line in lines]


def setup(app):
    app.add_role("name", Name())
    app.add_role("call", Call())
    app.connect("autodoc-process-docstring", escape_initials, priority=900)  # numpydoc's is before
    app.connect("env-before-read-docs", remember_sklearn)
    return {"parallel_read_safe": True}
