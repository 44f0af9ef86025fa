"""Write the inventories that links into other projects' documentation are made from.

    python docs/_inventories/make.py

scikit-learn's public estimators, functions and Displays come from the package that is installed; of what else
there is, only what the pages and docstrings name. A name that is missing is a warning of the build: add it here.
"""

import zlib
from pathlib import Path

import sklearn
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.utils.discovery import all_displays, all_estimators, all_functions

FOLDER = Path(__file__).parent
GENERATED = "modules/generated/{0}.html#{0}"
GLOSSARY = "glossary.html#term-{0}"
#: (role, name, address)
SKLEARN = [
    ("std:term", "meta-estimator", GLOSSARY.format("meta-estimator")),
    ("std:label", "metadata_routing", "metadata_routing.html#metadata-routing"),
    ("std:label", "df_output_transform", "modules/df_output_transform.html"),
    ("std:label", "accuracy_score", "modules/model_evaluation.html#accuracy-score"),
    ("std:label", "r2_score", "modules/model_evaluation.html#r2-score"),
    (
        "std:label",
        "sphx_glr_auto_examples_miscellaneous_plot_set_output.py",
        "auto_examples/miscellaneous/plot_set_output.html",
    ),
    *(
        (role, name, GENERATED.format(name))
        for role, name in (
            ("py:function", "sklearn.set_config"),
            ("py:function", "sklearn.config_context"),
            ("py:class", "sklearn.utils.metadata_routing.MetadataRequest"),
        )
    ),
]


def public(cls_or_function):
    """The full name without private modules."""
    module = cls_or_function.__module__
    return f"{module.partition('._')[0]}.{cls_or_function.__name__}"


def of_sklearn():
    """What scikit-learn has."""
    for role, found in (
        ("py:class", [*all_estimators(), *all_displays()]),
        ("py:function", all_functions()),
    ):
        for _, item in found:
            name = public(item)
            yield role, name, GENERATED.format(name)


def write(name, version, entries):
    """Write version 2 of Sphinx's format."""
    head = f"# Sphinx inventory version 2\n# Project: {name}\n# Version: {version}\n"
    head += "# The remainder of this file is compressed using zlib.\n"
    lines = sorted({f"{entry} {role} 1 {uri} -\n" for role, entry, uri in entries})
    data = head.encode() + zlib.compress("".join(lines).encode(), 9)
    (FOLDER / f"{name}.inv").write_bytes(data)
    print(f"{name}.inv: {len(lines)} names, {len(data)} bytes")


if __name__ == "__main__":
    write("sklearn", sklearn.__version__, [*of_sklearn(), *SKLEARN])
