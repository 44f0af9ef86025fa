"""Types: mypy and pyright in strict mode know all of a user's script."""

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import get_args

import pytest

from sknn._types import ActivationName
from sknn.ensemble.effort import EFFORTS_CLASSIFICATION
from sknn.estimators.parameters import EffortName, RegressionLoss, ScheduleName, Solver
from sknn.layers._layer import ACTIVATIONS
from sknn.optimizers import SOLVERS
from sknn.schedules import SCHEDULES
from sknn.targets.regression import LOSSES

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCRIPT = "script_of_a_user.py"


def is_installed():
    """Whether type checkers must find sknn by themselves, as after the README's editable install."""
    try:
        return distribution("sknn") is not None
    except PackageNotFoundError:
        return False


@pytest.fixture
def folder(tmp_path):
    """A user's folder: away from the checkout, whose name type checkers would find in the current folder."""
    (tmp_path / SCRIPT).write_text((HERE / SCRIPT).read_text())
    return tmp_path


def run(folder, *command):
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, timeout=300
    )


def test_mypy(folder):
    pytest.importorskip("mypy", reason="needs mypy")
    config = ["[mypy]", "strict = true", "[mypy-sklearn.*]", "ignore_missing_imports = true"]
    if not is_installed():
        config[2:2] = [f"mypy_path = {ROOT}"]
    # what is installed is not checked, only read
    config += ["[mypy-sknn.*]", "ignore_errors = true", "follow_imports = silent"]
    (folder / "mypy.ini").write_text("\n".join(config))
    done = run(folder, "mypy", "--config-file", "mypy.ini", SCRIPT)
    assert "Success: no issues found" in done.stdout, done.stdout + done.stderr


def test_pyright(folder):
    pytest.importorskip("pyright", reason="needs pyright")
    paths = [] if is_installed() else [str(ROOT)]
    config = {"typeCheckingMode": "strict", "include": [SCRIPT], "extraPaths": paths}
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    done = run(folder, "pyright", "--pythonpath", sys.executable)
    assert "0 errors" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (get_args(ActivationName), ACTIVATIONS),
        (get_args(get_args(Solver)[0]), [*SOLVERS, "lbfgs"]),
        (get_args(ScheduleName), SCHEDULES),
        (get_args(EffortName), EFFORTS_CLASSIFICATION),
        (get_args(RegressionLoss), LOSSES),
    ],
)
def test_types_name_what_there_is(names, known):
    assert sorted(names) == sorted(known)
