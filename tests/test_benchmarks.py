"""The benchmarks as a suite: its table is complete, it goes on after a failure, and runs are compared goal by goal.

Nothing is timed here.
"""

import argparse
import importlib
import json
import os
import re
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
ENVIRONMENT = {"date": "2026-01-01", "cpu": "EPYC", "instruction_set": "avx2"}


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """The scripts import one another by bare names, which are not to stay behind."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(FOLDER)
    yield
    for name in set(sys.modules) - before:
        if str(FOLDER) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def load(name):
    return importlib.import_module(name)


# ---- the table -----------------------------------------------------------------------------------


def test_every_script_that_keeps_a_record_is_in_the_table():
    keeping = {
        path.name
        for path in FOLDER.glob("*.py")
        if not path.name.startswith("_") and re.search(r"^ +finish\(", path.read_text(), re.M)
    }
    commands = [one.command for one in load("_claims").BENCHMARKS]
    assert {re.search(r"benchmarks/(\w+\.py)", command)[1] for command in commands} == keeping


def test_every_record_has_a_name_of_the_table():
    names = [one.name for one in load("_claims").BENCHMARKS]
    assert len(set(names)) == len(names)
    records = [
        json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("results/*.json")
    ]
    kept = {record["benchmark"] for record in records if "benchmark" in record}
    assert kept
    assert kept <= set(names)


def test_commands_have_the_options_of_their_scripts():
    for one in load("_claims").BENCHMARKS:
        script = Path(one.arguments()[1][1])
        text = script.read_text(encoding="utf-8")
        assert ("torch=True" in text) == ("--torch-python PATH" in one.command), one.name
        for option in set(re.findall(r"--[\w-]+", one.command)) - {"--torch-python"}:
            assert f'"{option}"' in text, one.name
        assert set(one.needs()) <= set(load("_claims").NEEDS)


def test_a_command_without_what_a_machine_may_lack():
    rows = {one.name: one for one in load("_claims").BENCHMARKS}
    variables, command = rows["tables_errors"].arguments()
    assert rows["tables_errors"].needs() == ["SKNN_DATA", "SKNN_RIVALS_PYTHON"]
    assert variables == {"OMP_NUM_THREADS": "1"}
    assert command == [sys.executable, str(FOLDER / "tables.py"), "--errors"]


def test_what_is_lacking_is_named(tmp_path):
    Benchmark = load("_claims").Benchmark
    command = "SKNN_DATA=FOLDER python x.py --torch-python PATH"
    one = Benchmark("x", "", command, packages=("json", "no_such_package"))
    assert one.lacks({}) == "no SKNN_DATA, no SKNN_TORCH_PYTHON, no package no_such_package"
    there = {"SKNN_DATA": str(tmp_path), "SKNN_TORCH_PYTHON": str(tmp_path / "python")}
    assert "no load.py in SKNN_DATA, no Python at SKNN_TORCH_PYTHON" in one.lacks(there)
    (tmp_path / "load.py").touch()
    assert Benchmark("x", "", "SKNN_DATA=FOLDER python x.py").lacks(there) == ""


# ---- a run ---------------------------------------------------------------------------------------

SCRIPT = """
from _common import Goals, finish, parse_arguments
options = parse_arguments("A script.")
goals = Goals()
goals.at_least("met", 2.0, 1.0)
goals.at_least("missed", 0.5, 1.0)
goals.at_least("absent", float("nan"), 1.0)
finish(options, __file__, goals, [{"spread": 0.2}])
"""


def test_a_run_goes_on_after_a_failure_and_sums_up(tmp_path, monkeypatch, capfd):
    suite, Benchmark = load("suite"), load("_claims").Benchmark
    (tmp_path / "bad.py").write_text("raise SystemExit(3)")
    (tmp_path / "good.py").write_text(SCRIPT)
    monkeypatch.setattr(
        suite,
        "BENCHMARKS",
        [
            Benchmark("bad", "", f"python {tmp_path / 'bad.py'}"),
            Benchmark("lacking", "", f"SKNN_SRBENCH=FOLDER python {tmp_path / 'good.py'}"),
            Benchmark("good", "", f"python {tmp_path / 'good.py'}"),
        ],
    )
    monkeypatch.delenv("SKNN_SRBENCH", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(FOLDER), *sys.path]))
    monkeypatch.setattr(sys, "argv", ["suite.py", "--quick", "--records", str(tmp_path / "kept")])
    assert suite.main() == 1
    *_, bad, lacking, good = capfd.readouterr().out.splitlines()
    assert "failed: exit code 3" in bad
    assert "skipped: no SKNN_SRBENCH" in lacking
    assert "1 pass, 1 FAIL, 1 absent" in good
    record = json.loads((tmp_path / "kept" / "good.json").read_text(encoding="utf-8"))
    assert record["quick"]
    assert [goal["value"] for goal in record["goals"]] == [2.0, 0.5, None]
    assert not (FOLDER / "results" / "good.json").exists()


def test_names_choose():
    suite = load("suite")
    assert [one.name for one in suite.chosen(["images_t*", "train"])] == ["train", "images_train"]
    with pytest.raises(SystemExit, match="no benchmark 'nothing'; there are train, "):
        suite.chosen(["nothing"])


def test_an_option_goes_before_the_environment(tmp_path, monkeypatch, capsys):
    suite = load("suite")
    (tmp_path / "load.py").touch()
    monkeypatch.setenv("SKNN_DATA", "/nowhere")
    monkeypatch.setattr(sys, "argv", ["suite.py", "--list", "strips", "--data", str(tmp_path)])
    assert suite.main() == 0
    assert "python benchmarks/strips.py" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["suite.py", "--list", "fit"])
    suite.main()
    assert "python benchmarks/fit.py" in capsys.readouterr().out


# ---- two runs ------------------------------------------------------------------------------------


def record(values, spread=0.0, **more):
    goals = [
        {"claim": claim, "value": value, "limit": limit, "verdict": verdict}
        for claim, (value, limit, verdict) in values.items()
    ]
    rows = [{"contenders": {"sknn": {"spread": spread}}}]
    return {"benchmark": "x", "environment": ENVIRONMENT, "goals": goals, "rows": rows, **more}


@pytest.mark.parametrize(
    ("before", "after", "limit", "spread", "expected"),
    [
        (2.0, 1.5, ">= 1 x", 0.1, "worse"),
        (2.0, 1.5, ">= 1 x", 0.5, "worse, within the spread"),
        (2.0, 1.95, ">= 1 x", 0.0, ""),
        (2.0, 3.0, ">= 1 x", 0.1, "better"),
        (2.0, 3.0, "<= 9 s", 0.1, "worse"),
        (2.0, 1.0, "<= 9 s", 0.1, "better"),
        (-10.0, -5.0, "<= 0 %", 0.0, "worse"),
        (-10.0, -15.0, "<= 0 %", 0.0, "better"),
        (0.0, 1.0, "<= 2 s", 0.0, "worse"),
        (None, 1.0, "<= 2 s", 0.0, ""),
    ],
)
def test_a_change_is_told_by_its_direction(before, after, limit, spread, expected):
    old = record({"a": (before, limit, "pass")}, spread)
    new = record({"a": (after, limit, "pass")}, spread)
    ((claim, *_, shown, mark),) = load("compare").compare(old, new)
    assert (claim, shown, mark) == ("a", limit, expected)


def test_a_goal_that_is_missed_is_worse_by_however_little():
    old, new = (
        {"value": v, "limit": ">= 1 x", "verdict": w} for v, w in ((1, "pass"), (0.99, "FAIL"))
    )
    assert load("compare").mark(old, new, 0.5) == "worse: missed"


def test_goals_of_one_run_alone_are_shown():
    old = record({"a": (1.0, ">= 1 x", "pass"), "b": (3.0, ">= 1 x", "pass")})
    new = record({"b": (6.0, ">= 1 x", "pass"), "c": (5.0, ">= 1 x", "pass")})
    assert load("compare").compare(old, new) == [
        ["a", "1", "-", "-", ">= 1 x", ""],
        ["b", "3", "6", "2.000", ">= 1 x", "better"],
        ["c", "-", "5", "-", ">= 1 x", ""],
    ]


def test_two_folders(tmp_path, monkeypatch, capsys):
    for folder, value, spread in (("before", 2.0, 0.1), ("after", 1.0, 0.1)):
        (tmp_path / folder).mkdir()
        text = json.dumps(record({"a": (value, ">= 1 x", "pass")}, spread))
        (tmp_path / folder / "x.json").write_text(text)
        (tmp_path / folder / "x_runs.json").write_text('{"a cache": 1}')
    (tmp_path / "after" / "y.json").write_text(json.dumps(record({}, benchmark="y")))
    folders = [str(tmp_path / folder) for folder in ("before", "after")]
    monkeypatch.setattr(sys, "argv", ["compare.py", *folders])
    assert load("compare").main() == 1
    shown = capsys.readouterr().out
    assert re.search(r"^a +2 +1 +0\.500 +>= 1 x +worse$", shown, re.M)
    assert "after only: y" in shown
    monkeypatch.setattr(sys, "argv", ["compare.py", folders[0], folders[0]])
    assert load("compare").main() == 0
    assert "the same: x" in capsys.readouterr().out


def test_a_revision_that_does_not_exist_is_an_error():
    with pytest.raises(SystemExit, match="neither a folder nor a revision"):
        load("compare").records("no-such-revision")


# ---- two checkouts -------------------------------------------------------------------------------


def test_checkouts_take_turns_and_the_first_round_does_not_count():
    asked = []

    class Side:
        def __init__(self, name):
            self.name = name

        def speed(self, **what):
            asked.append(self.name)
            return len(asked)

    speeds = load("pair").compare(Side("before"), Side("after"), 2, net="30-100-2")
    assert "".join(name[0] for name in asked) == "abbaab"
    assert speeds == [(3, 4), (6, 5)]


def test_a_folder_without_sknn_is_no_checkout(tmp_path):
    with pytest.raises(SystemExit, match="holds no sknn"), load("pair").Checkout(tmp_path):
        pass


def test_a_network_that_nobody_knows():
    with pytest.raises(argparse.ArgumentTypeError, match="neither like 784-100-10 nor one of"):
        load("pair").network("LeNet-6")
