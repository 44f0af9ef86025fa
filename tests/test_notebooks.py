"""The notebooks run from top to bottom, and are kept without their outputs."""

import json
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LEAST_SCORE = {"part1": 0.93, "part2": 0.95}


def cells_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_all_notebooks_are_known():
    assert {path.stem for path in NOTEBOOKS} == set(LEAST_SCORE)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_kept_without_outputs(path):
    code = [cell for cell in cells_of(path) if cell["cell_type"] == "code"]
    assert code
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path):
    matplotlib.use("agg")
    names = {}
    for number, cell in enumerate(cells_of(path)):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{path.name}[{number}]", "exec"), names)
    plt.close("all")
    assert names["score"] > LEAST_SCORE[path.stem]
