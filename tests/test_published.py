"""What is published names this version and these addresses everywhere: metadata, pages, citation, changes."""

import json
import re
import tomllib
from pathlib import Path

import pytest

import sknn

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_is_the_same_everywhere():
    version = PROJECT["version"]
    assert sknn.__version__ == version
    assert f"\nversion: {version}\n" in text("CITATION.cff")
    assert (
        re.search(r"^## \[(?!Unreleased)(.*?)\]", text("CHANGELOG.md"), re.MULTILINE)[1] == version
    )


def test_the_switcher_has_this_version():
    versions = json.loads(text("docs/_static/switcher.json"))
    urls = {entry["version"]: entry["url"] for entry in versions}
    assert urls[PROJECT["version"]] == PROJECT["urls"]["Documentation"]


@pytest.mark.parametrize("name", ["Issues", "Changelog"])
def test_addresses_are_in_the_repository(name):
    assert PROJECT["urls"][name].startswith(PROJECT["urls"]["Source"] + "/")


def test_the_changelog_is_where_its_address_says():
    assert (ROOT / PROJECT["urls"]["Changelog"].partition("/blob/main/")[2]).is_file()
