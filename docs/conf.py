"""Sphinx configuration. Build: python -m sphinx -W -b html docs docs/_build/html"""

import os
import re
import sys
import tomllib
import warnings
from pathlib import Path

os.environ.setdefault(
    "OMP_WAIT_POLICY", "PASSIVE"
)  # a busy machine: threads must not wait actively

from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  # the gallery looks up what examples import

import sknn

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "sknn"
author = "sknn developers"
copyright = "2026, sknn developers"
version = release = sknn.__version__
with (Path(__file__).parents[1] / "pyproject.toml").open("rb") as file:
    urls = tomllib.load(file)["project"]["urls"]

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # formulas without a network
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "sphinx_sitemap",
    "sphinxext.opengraph",
    "numpydoc",
    "card",
    "facts",
    "names",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "gallery"]
default_role = "name"
nitpicky = True
add_function_parentheses = False
toc_object_entries_show_parents = "hide"
suppress_warnings = ["config.cache"]  # sphinx_gallery_conf holds functions

# A small inventory that _inventories/make.py writes: builds need no network and have the same links everywhere.
intersphinx_mapping = {
    "sklearn": ("https://scikit-learn.org/stable/", "_inventories/sklearn.inv"),
}

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def quiet_convergence(gallery_conf, fname):
    """Examples stop early on purpose; their pages need not say so each time."""
    warnings.filterwarnings("ignore", category=ConvergenceWarning)


class ReadingOrder:
    """The gallery in the order of the tour, each stop followed by what goes further; what is not listed comes last."""

    order = (
        "first_network",
        # the first neurons
        "mcculloch_pitts",
        "perceptron",
        # networks
        "vanishing_gradients",
        "activations",
        "guidelines",
        "dropout",
        "mc_dropout",
        "optimizers",
        "learning_rates",
        "early_stopping",
        "loss_curves",
        "universal_approximation",
        "losses",
        # images
        "mlp_mixer",
        "filters",
        "cnn_step_by_step",
        "cnn_digits",
        "edge_detectors",
        "augmentation",
        "images_compared",
        "sequence_decoding",
        # in practice
        "tabular",
        "embeddings",
        "tabular_pipeline",
        "grid_search",
        "halving_search",
        "imbalanced",
        "learning_curve",
        "ensembles",
    )

    def __init__(self, src_dir):
        pass

    def __call__(self, filename):
        name = filename.removeprefix("plot_").removesuffix(".py")
        return (self.order.index(name) if name in self.order else len(self.order), name)


sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "filename_pattern": r"plot_\w+\.py$",
    "reset_modules": ("matplotlib", quiet_convergence),
    "within_subsection_order": ReadingOrder,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "abort_on_example_error": True,
    "ignore_repr_types": r"matplotlib",  # `ax.legend()` at the end of a cell is no output
    "doc_module": ("sknn",),
    "backreferences_dir": "api/generated/backreferences",
}

html_theme = "pydata_sphinx_theme"
html_title = "sknn"
html_logo = html_favicon = "_static/logo.svg"
html_baseurl = urls["Documentation"]
html_static_path = ["_static"]
html_css_files = ["sknn.css"]
html_show_sourcelink = False
html_domain_indices = False  # the API reference is the list of modules
html_theme_options = {
    "logo": {"text": "sknn", "alt_text": "sknn, home"},
    "github_url": urls["Source"],
    "switcher": {"json_url": "_static/switcher.json", "version_match": version},
    "navbar_end": ["version-switcher", "theme-switcher", "navbar-icon-links"],
    "show_prev_next": True,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_context = {"default_mode": "auto"}  # light or dark as the browser is
html_sidebars = {
    name: [] for name in ("install", "one_page", "scikit_learn", "random_forests", "engine")
}

# What a link to a page shows elsewhere; _ext/card.py draws the picture.
ogp_site_name = "sknn"
ogp_site_url = html_baseurl
ogp_image = html_baseurl + "_static/card.png"
ogp_image_alt = "sknn: neural networks as scikit-learn estimators"
ogp_social_cards = {"enable": False}  # one picture for all pages

sitemap_url_scheme = "{link}"  # one version in one language
sitemap_excludes = ["search.html", "genindex.html"]

# python -m sphinx -b linkcheck -D plot_gallery=0 docs docs/_build/linkcheck
linkcheck_ignore = [
    r"(?!https?://)",  # figures' targets among the pages: not there when no page is written
    *(re.escape(url) for url in (urls["Documentation"], urls["Source"])),
    r"https://doi\.org/",  # publishers and these let browsers in only
    r"https://www\.npmjs\.com/",
]
linkcheck_anchors = False  # many sites make theirs by JavaScript
linkcheck_timeout = 30
linkcheck_retries = 2

# What "auto" means stands in the docstrings; the pages take it from there.
(image_batch,) = re.findall(r'"auto" is ``min\((\d+), n\)``', sknn.CNNClassifier.__doc__)
(mlp_batch,) = re.findall(r'"auto" is ``min\((\d+), n\)``', sknn.MLPClassifier.__doc__)
rst_epilog = f"""
.. |image batch| replace:: {image_batch}
.. |MLP batch| replace:: {mlp_batch}
"""
