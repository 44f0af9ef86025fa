"""README.md: its code runs, its links lead somewhere, and its numbers are those of the records."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.findall("```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", CODE)
def test_code_runs_and_prints_what_its_comments_say(code, capsys):
    exec(compile(code, "README.md", "exec"), {})
    printed = [float(line) for line in capsys.readouterr().out.splitlines()]
    said = [
        float(number) for number in re.findall(r"^print\(.*\)  # ([\d.]+)$", code, re.MULTILINE)
    ]
    assert len(said) >= 2
    assert printed == pytest.approx(said, abs=0.015)  # instruction sets round differently


def test_there_is_code_with_the_estimator_of_tabular_data():
    assert any("TabularClassifier(" in code for code in CODE)


@pytest.mark.parametrize("name", ["README.md", "benchmarks/README.md"])
def test_links_lead_to_files(name):
    path = ROOT / name
    text = path.read_text(encoding="utf-8")
    links = re.findall(r'(?:\]\(|(?:src|srcset)=")([^)"]+)', text)
    local = [link for link in links if not link.startswith("http")]
    assert local
    assert [link for link in local if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("script", ["readme.py", "figure.py", "speed_figure.py"])
def test_numbers_and_figures_are_those_of_the_records(script):
    if script != "readme.py":
        pytest.importorskip("matplotlib")
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / script, "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_it_is_short():
    prose = re.sub("```.*?```|<!--.*?-->|<picture>.*?</picture>", "", README, flags=re.DOTALL)
    shown = re.sub(r"\]\([^)]*\)", "]", prose)
    words = [word for word in shown.split() if re.search(r"\w", word)]
    assert len(words) <= 700
