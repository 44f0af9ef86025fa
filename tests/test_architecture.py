"""The architecture: imports point downwards, files stay short, public names are documented."""

import ast
import re
import sys
from inspect import signature
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator

import sknn
from sknn import displays

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sknn"

# A module may import from its own layer of the architecture and from those below it.
LAYERS = [
    {"engine"},
    {"composition", "_extra", "_ranges", "_types", "plan", "_state", "_warnings"},
    {"layers", "losses", "optimizers", "schedules", "initializers", "augmentation"},
    {"network", "presets"},
    {"inputs", "targets"},
    {"training"},
    {"ensemble"},
    {"estimators"},
    {"displays", "teaching", "streams"},
    {"__init__", "_trusted", "_versions"},
    {"dask", "mlflow", "onnx", "optuna"},
    {"comparison"},
    {"__main__"},
]
MAX_LINES = 400
RUNTIME_DEPENDENCIES = {"numpy", "scipy", "sklearn", "joblib", "threadpoolctl"}
PLOTTING = {"matplotlib"}  # the main job and the Displays only, inside their functions
NETWORK = {
    "asyncio",
    "ftplib",
    "http",
    "smtplib",
    "socket",
    "ssl",
    "urllib",
    "webbrowser",
    "xmlrpc",
}


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
COMPILED = {module_name(path) for path in PACKAGE.rglob("*.pyx")}


def imported_modules(name):
    """Absolute names of everything that a module imports, at its top or inside its functions."""
    path = SOURCES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if full in SOURCES or full in COMPILED else base


def layer_of(name):
    top = name.split(".")[1] if "." in name else "__init__"
    for level, members in enumerate(LAYERS):
        if top in members:
            return level
    pytest.fail(f"{name} belongs to no layer: add {top!r} to LAYERS in {Path(__file__).name}")


def test_imports_point_downwards():
    for name in SOURCES:
        for target in imported_modules(name):
            if target.split(".")[0] == "sknn":
                assert layer_of(target) <= layer_of(name), (
                    f"{name} imports {target}, which lies above it"
                )


def test_imports_have_no_circles():
    graph = {
        name: {target for target in imported_modules(name) if target in SOURCES and target != name}
        for name in SOURCES
    }
    finished = set()

    def visit(name, way):
        assert name not in way, " -> ".join([*way, name])
        if name not in finished:
            for target in sorted(graph[name]):
                visit(target, [*way, name])
            finished.add(name)

    for name in graph:
        visit(name, [])


def test_engine_knows_nothing_above_it():
    sources = [path for suffix in ("pyx", "pxi", "pxd") for path in PACKAGE.rglob(f"*.{suffix}")]
    assert sources
    for path in sources:
        for line in path.read_text(encoding="utf-8").splitlines():
            match = re.match(r"\s*(?:from|c?import)\s+(sknn[\w.]*)", line)
            assert not match or match[1].startswith("sknn.engine"), f"{path.name}: {line.strip()}"


def test_runtime_dependencies():
    runtime = RUNTIME_DEPENDENCIES | {"sknn"} | (set(sys.stdlib_module_names) - NETWORK)
    for name in SOURCES:
        draws = name.startswith(("sknn.__main__", "sknn.comparison", "sknn.displays"))
        allowed = runtime | PLOTTING if draws else runtime
        assert {target.split(".")[0] for target in imported_modules(name)} <= allowed, name


def test_plotting_is_imported_where_it_is_drawn():
    for name in SOURCES:
        tree = ast.parse(SOURCES[name].read_text(encoding="utf-8"))
        inside = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef)
            for node in ast.walk(function)
        }
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(target.split(".")[0] in PLOTTING for target in names):
                assert id(node) in inside, f"{name} imports {names} at its top"


def test_files_are_short():
    suffixes = {".py", ".pyx", ".pxi", ".pxd", ".h"}
    too_long = {
        str(path.relative_to(ROOT)): n_lines
        for folder in ("sknn", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in suffixes
        and (n_lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert not too_long


def public_estimators():
    public = (getattr(sknn, name) for name in sknn.__all__)
    return [item for item in public if isinstance(item, type) and issubclass(item, BaseEstimator)]


@pytest.mark.parametrize("estimator", public_estimators(), ids=lambda cls: cls.__name__)
def test_inheritance_is_shallow(estimator):
    """The work is done by parts that an estimator builds, not by what it inherits."""
    own = [cls.__name__ for cls in estimator.__mro__ if cls.__module__.startswith("sknn")]
    assert len(own) <= 4, own


def test_a_cnn_has_few_parameters():
    assert len(sknn.CNNClassifier().get_params()) <= 30
    assert len(sknn.CNNRegressor().get_params()) <= 30


def test_public_names_exist():
    assert len(set(sknn.__all__)) == len(sknn.__all__)
    assert not [name for name in sknn.__all__ if not hasattr(sknn, name)]
    assert public_estimators()


@pytest.mark.parametrize("estimator", public_estimators(), ids=lambda cls: cls.__name__)
def test_public_estimators_are_documented(estimator):
    doc = estimator.__doc__
    for section in ("Parameters", "Attributes", "Examples"):
        assert re.search(rf"^ *{section}\n *-+$", doc, re.MULTILINE), section
    undocumented = [
        name
        for name in estimator._get_param_names()
        if not re.search(rf"^ *(\w+, )*{name}(, \w+)* : ", doc, re.MULTILINE)
    ]
    assert not undocumented


@pytest.mark.parametrize("name", displays.__all__)
def test_displays_are_documented(name):
    display = getattr(displays, name)
    for thing in (display, display.from_estimator, display.plot):
        names = set(signature(thing).parameters) - {"self", "kwargs"}
        assert all(
            re.search(rf"^ *(\w+, )*{n}(, \w+)* : ", thing.__doc__, re.MULTILINE) for n in names
        )


@pytest.mark.parametrize("estimator", public_estimators(), ids=lambda cls: cls.__name__)
def test_no_placeholder_is_left_in_a_docstring(estimator):
    methods = [getattr(estimator, name, None) for name in dir(estimator) if name[0] != "_"]
    own = [method for method in methods if getattr(method, "__module__", "").startswith("sknn")]
    assert own
    for thing in (estimator, *own):
        assert not re.findall(r"\{[a-z_0-9]+\}", thing.__doc__), thing


def test_readme_has_the_two_commands():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert 'python -m pip install -e ".[plot]" && python -m sknn' in lines
    assert 'python -m pip install -e ".[test]" && pytest -n auto' in lines


def test_ci_runs_the_readmes_test_command():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert """grep -m1 -F 'pip install -e ".[test]"' README.md""" in script
