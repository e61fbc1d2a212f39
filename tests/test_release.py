"""A release says the same about itself everywhere."""

import json
import re

from conftest import ROOT


def test_the_changelog_begins_with_the_version_that_projects_are_told(project):
    version = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))["__version"]
    newest = re.search(
        r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )[1]
    assert newest == version
    assert f"version {version}" in (project / "README.md").read_text(encoding="utf-8")


def test_every_release_says_what_to_do_in_projects_that_exist():
    releases = re.split(
        r"^## ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )[1:]
    assert all("### For projects you already have" in release for release in releases)
