"""The project that a person gets from the generator, whatever they type."""

import fnmatch
import json
import os
import shutil
import stat
import time
from itertools import product
from pathlib import Path

import pytest
from conftest import LEFT_BY_USE, ROOT, UNBAKED, bake, cookiecutter, files, git, unused_template

QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
CHOICES = {
    name: answer
    for name, answer in QUESTIONS.items()
    if isinstance(answer, list) and not name.startswith("_")
}
EVERY_ANSWER = [dict(zip(CHOICES, answers, strict=True)) for answers in product(*CHOICES.values())]

RENDERED = {"README.md", ".env.example"}
MADE = {".env", ".slipway.json", "access/api-keys.json", "access/api-keys.lock", "access/users"}

HOSTILE = [
    '"quoted"',
    "O'Neil",
    "back\\slash\\",
    'a """ b',
    "''' and `ticks` and $(touch here)",
    "</b><script>",
    "Zoë 🛫 日本 👩‍🔬",
    "{{ cookiecutter.project_slug }} {{ 7 * 7 }}",
    "{% raw %} {# no comment #} {% endraw %}",
    "[/bold] [red]",
    "#!/bin/sh",
    "C:\\new\\table",
]
REFUSED_SLUGS = [
    "a/b",
    "../up",
    "/tmp/slug",
    "..",
    "Capital",
    "two words",
    "-a",
    "a-",
    "con",
    "lpt1",
    "x" * 300,
    "é",
    "a\\b",
    "{{1}}",
]


def unbaked() -> dict[str, bytes]:
    """Return the template's own files, without what using it where it lies has left there."""
    return files(unused_template() / UNBAKED.name)


@pytest.mark.parametrize("answers", EVERY_ANSWER)
def test_all_but_two_files_reach_the_user_byte_for_byte(tmp_path, answers):
    before = unbaked()
    after = files(
        bake(tmp_path / "here", *(f"{name}={answer}" for name, answer in answers.items()))
    )
    assert {name for name in before if before[name] != after.get(name)} == RENDERED
    assert after.keys() - before.keys() == MADE


def test_the_patterns_name_every_file_but_two_and_no_folder():
    """Because cookiecutter deletes and copies anew a folder that matches, if one exists."""
    patterns = QUESTIONS["_copy_without_render"]
    names = unbaked().keys()
    folders = {
        parent.as_posix()
        for name in names
        for parent in (UNBAKED / name).relative_to(UNBAKED).parents
    } - {"."}
    matched = {
        name
        for name in names | folders
        if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
    }
    assert matched == names - RENDERED


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_typed_at_the_prompt_is_in_the_readme_as_it_was_typed(tmp_path, text):
    readme = (bake(tmp_path / "here", typed=f"{text}\nlake\n{text}\n") / "README.md").read_text(
        encoding="utf-8"
    )
    assert readme.startswith(f"# {text}\n\n{text}\n")


@pytest.mark.parametrize("slug", REFUSED_SLUGS)
def test_a_slug_that_would_not_work_is_refused_and_leaves_nothing(tmp_path, slug):
    done = cookiecutter(typed=f"Lake\n{slug}\nLearns.\n", into=tmp_path / "here")
    assert done.returncode != 0
    assert "project_slug: type" in done.stdout
    assert list((tmp_path / "here").iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"here", "home-of-here"}


@pytest.mark.parametrize("text", ["two\nlines", "bell\a", "escape\x1b[2J", "\u2028", "  "])
@pytest.mark.parametrize("question", ["project_name", "description"])
def test_text_that_is_not_one_visible_line_is_refused_and_leaves_nothing(tmp_path, question, text):
    done = cookiecutter("project_slug=lake", f"{question}={text}", into=tmp_path / "here")
    assert done.returncode != 0
    assert f"{question}: type" in done.stdout
    assert list((tmp_path / "here").iterdir()) == []


def test_a_name_without_letters_still_gets_a_usable_slug(tmp_path):
    assert bake(tmp_path / "here", typed="🛫\n\n\n").name == "my-model"


@pytest.mark.parametrize("force", [["-f"], ["-f", "-s"], []])
def test_an_existing_project_is_left_as_it_is(tmp_path, force):
    project = bake(tmp_path / "here")
    (project / "model" / "mine.py").write_text("MINE = 1\n")
    before = files(project)
    done = cookiecutter(*force, into=tmp_path / "here")
    assert done.returncode != 0
    assert files(project) == before
    assert "already exists" in done.stdout or "make update" in done.stdout


def test_no_two_projects_share_a_secret(tmp_path, project):
    """Not even when the template was used where it lies and has secrets of its own."""
    used = tmp_path / "template"
    shutil.copytree(unused_template(), used)
    for name in LEFT_BY_USE:
        (used / UNBAKED.name / name).parent.mkdir(exist_ok=True)
        (used / UNBAKED.name / name).write_text("of another machine")
    shutil.copy(project / ".env", used / UNBAKED.name)
    shutil.copy(project / "access" / "api-keys.json", used / UNBAKED.name / "access")
    other = bake(tmp_path / "here", template=used)
    assert files(other).keys() == files(project).keys()
    ours, theirs = (set(secrets(path)) for path in (project, other))
    assert len(ours) == len(theirs) >= 12
    assert ours & theirs == set()
    for hashes in ((path / "access" / "api-keys.json").read_text() for path in (project, other)):
        assert len(json.loads(hashes)) == 2


def secrets(project) -> list[str]:
    """Return the values below the last heading of .env."""
    text = (project / ".env").read_text(encoding="utf-8").partition("# ---- Secrets")[2]
    return [
        line.partition("=")[2]
        for line in text.splitlines()
        if "=" in line and not line.startswith("#")
    ]


@pytest.mark.parametrize("of", ["the template", "a project"])
def test_a_checkout_with_the_line_ends_of_windows_has_those_of_containers(tmp_path, of):
    folder = bake(tmp_path / "here") if of == "a project" else unused_template()
    copy, clone = tmp_path / "copy", tmp_path / "clone"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".git", ".venv"))
    if of == "the template":
        shutil.copy(ROOT / ".gitattributes", copy)
    git(copy, "init", "--quiet")
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message", "all")
    git(tmp_path, "clone", "--quiet", "--config", "core.autocrlf=true", str(copy), str(clone))
    scripts = list(clone.rglob("*.sh"))
    assert scripts and [path for path in scripts if b"\r" in path.read_bytes()] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_only_the_owner_can_read_the_secrets(project):
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600


def test_a_project_is_made_within_three_seconds(tmp_path):
    """The best of three: how busy the machine is says nothing about the template."""
    assert min(seconds_to_bake(tmp_path / str(number)) for number in range(3)) < 3


def seconds_to_bake(into: Path) -> float:
    started = time.monotonic()
    bake(into)
    return time.monotonic() - started
