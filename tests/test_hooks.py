"""The hooks as ordinary modules, before cookiecutter fills in their one line."""

import importlib.util

import pytest
from conftest import ROOT

GOOD = {"project_name": "Lake", "project_slug": "lake", "description": "Learns."}


def load(name):
    """Return a hook as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "hooks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PRE, POST = load("pre_gen_project"), load("post_gen_project")


@pytest.mark.parametrize(
    "slug", ["lake", "a", "7", "2026-flights", "a-b-c", "x" * 40, "console", "com10"]
)
def test_a_usable_slug_is_no_reason_to_complain(slug):
    assert list(PRE.complaints(GOOD | {"project_slug": slug})) == []


@pytest.mark.parametrize(
    "slug",
    [
        "",
        " ",
        "A",
        "a_b",
        "a.b",
        "-a",
        "a-",
        "a--b",
        "x" * 41,
        "nul",
        "com1",
        "a\n",
        "a/b",
        "ä",
        "a b",
    ],
)
def test_an_unusable_slug_is_answered_with_what_to_type(slug):
    complaints = list(PRE.complaints(GOOD | {"project_slug": slug}))
    assert complaints and all(text.startswith("project_slug: type ") for text in complaints)


@pytest.mark.parametrize(
    "text", ["", " ", "\t", "a\nb", "a\rb", "\x00", "\x7f", "\ud800", "a\u2029b"]
)
def test_a_text_that_can_not_be_shown_is_answered_with_what_to_type(text):
    (complaint,) = PRE.complaints(GOOD | {"description": text})
    assert complaint.startswith("description: type ")


def test_every_message_can_be_printed_on_any_console():
    hooks = [
        (ROOT / "hooks" / f"{name}.py").read_bytes()
        for name in ("pre_gen_project", "post_gen_project")
    ]
    assert all(text.isascii() for text in hooks)


def test_a_hook_is_small_and_has_one_line_for_the_template_to_fill():
    for hook in (ROOT / "hooks").glob("*.py"):
        text = hook.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 50, hook.name
        assert text.count("{{") == 1 and text.splitlines()[-1].strip().startswith("main("), (
            hook.name
        )
        assert "{%" not in text and "{#" not in text, hook.name


def test_removing_what_is_not_there_is_no_mistake(tmp_path):
    POST.remove(tmp_path / "nothing")
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    POST.remove(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []
