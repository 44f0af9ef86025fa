"""Names of classes and functions in the prose are links: `CNNClassifier`, `Adam(beta_1=0.9)`, `GridSearchCV`.

The default role is ``py:obj``, which knows full names only. What is no public name stays code.
"""

import re

from sphinx.ext.intersphinx import resolve_reference_any_inventory

import sknn
from sknn import (
    augmentation,
    displays,
    layers,
    optimizers,
    presets,
    schedules,
    sliding_window,
)
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
#: scikit-learn's estimators and functions, when they are written without their module
SKLEARN = re.compile(r"[A-Z][A-Za-z]*[a-z][A-Za-z]*|[a-z]+_[a-z_]*[a-z]")


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


def resolve(app, env, node, contnode):
    """A link for a short name; code for what is none."""
    if node.get("refdomain") != "py" or node.get("reftype") != "obj":
        return None
    head, *method = node["reftarget"].partition("(")[0].split(".")
    if head in NAMES:
        node["reftarget"] = ".".join([NAMES[head], *method])
        found = env.domains["py"].resolve_xref(
            env, node["refdoc"], app.builder, "obj", node["reftarget"], node, contnode
        )
        if found is not None:
            return found
    elif not method and SKLEARN.fullmatch(head) and head in app.sklearn_names:
        node["reftarget"] = app.sklearn_names[head]
        return resolve_reference_any_inventory(env, False, node, contnode)
    contnode["classes"] = []  # code like any other
    return contnode


def remember_sklearn(app, env, docnames):
    """Short names in scikit-learn's inventory that belong to one object alone."""
    inventory = env.intersphinx_named_inventory["sklearn"]
    found = {}
    for kind in ("py:class", "py:function"):
        for full in inventory[kind]:
            found.setdefault(full.rpartition(".")[2], []).append(full)
    app.sklearn_names = {short: full[0] for short, full in found.items() if len(full) == 1}


def setup(app):
    app.connect("env-before-read-docs", remember_sklearn)
    app.connect("missing-reference", resolve, priority=900)
    return {"parallel_read_safe": True}
