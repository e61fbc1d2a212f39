"""An update of a project whose owner has edited it: nothing is lost, and no secret is shown."""

import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, UNBAKED, bake, git


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "This.")


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text that is there."""
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file} does not hold {old!r}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> Path:
    """A template in git, with a project that was made from it."""
    folder = tmp_path_factory.mktemp("update")
    template = folder / "template"
    git(folder, "clone", "--quiet", str(ROOT), "template")
    for name in ("hooks", UNBAKED.name, "cookiecutter.json"):  # as they lie, committed or not
        shutil.rmtree(template / name, ignore_errors=True)
        git_files = git(ROOT, "ls-files", "-co", "--exclude-standard", "-z", "--", name)
        for path in filter(None, git_files.split("\0")):
            if (ROOT / path).is_file():
                template.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, template / path)
    commit(template)
    project = bake(folder / "here", template=template)
    git(project, "init", "--quiet")
    commit(project)
    return folder


@pytest.fixture
def made(before, tmp_path) -> tuple[Path, Path]:
    """The template's folder of the project, and a project of this test's own."""
    template, project = tmp_path / "template", tmp_path / "project"
    shutil.copytree(before / "template", template)
    shutil.copytree(next((before / "here").iterdir()), project)
    edit(project / ".slipway.json", str(before / "template"), str(template))
    commit(project)
    return template / UNBAKED.name, project


def update(project: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-B", "-m", "ops.update"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def test_what_an_owner_has_edited_in_ten_places_outlives_an_update(made):
    theirs, ours = made
    edit(ours / "README.md", "## Security\n", "## Security at our house\n")
    edit(ours / "compose.yaml", "memory: 96m", "memory: 128m")
    edit(ours / "compose.yaml", "\nnetworks:\n", "\n  own:\n    image: own:1.0.0\n\nnetworks:\n")
    edit(ours / "dashboard/boards/pipeline.json", '"title": "', '"title": "Our ')
    edit(ours / "monitoring/rules.yml", "for: ", "for: 1")
    ours.joinpath("model/features.py").write_text("OURS = 1\n")
    edit(ours / "processing/requirements.in", "polars", "our-package\npolars")
    edit(ours / "Makefile", "help:  ##", "ours:  ## do ours\n\nhelp:  ##")
    ours.joinpath("tests/test_words.py").unlink()
    ours.joinpath("prediction/our_file.py").write_text("OURS = 1\n")
    ours.joinpath("ops/new").mkdir()
    ours.joinpath("ops/new/our_file.py").write_text("OURS = 1\n")
    ours.joinpath("ops/status.py").unlink()
    ours.joinpath("ops/status.py").symlink_to("our_status.py")
    ours.joinpath("ops/our_status.py").write_text("OURS = 1\n")
    edit(ours / ".env", "GATEWAY_PORT=8080", "GATEWAY_PORT=9999")
    commit(ours)
    secrets, mode = ours.joinpath(".env").read_bytes(), ours.joinpath(".env").stat().st_mode

    edit(theirs / "README.md", "## If something fails\n", "## If anything fails\n")
    edit(theirs / "compose.yaml", "start_period: 120s", "start_period: 240s")
    edit(theirs / "ops/ask.py", '"""Ask', '"""Now ask')
    edit(theirs / "tests/test_words.py", '"""', '"""New: ')
    edit(theirs / "Makefile", "up:  ## start", "up:  ## now start")
    theirs.joinpath("ops/new.py").write_text("NEW = 1\n")
    theirs.joinpath("ops/replay.py").unlink()
    theirs.joinpath("ops/new").write_text("NEW = 1\n")
    edit(theirs / "ops/status.py", "import sys", "import sys  # new")
    edit(theirs / ".env.example", "# ---- Secrets", "NEW_SETTING=1\n\n# ---- Secrets")
    commit(theirs)

    done = update(ours)
    assert done.returncode == 0, done.stdout
    compose = ours.joinpath("compose.yaml").read_text()
    assert "start_period: 240s" in compose and "memory: 128m" in compose and "own:1.0.0" in compose
    readme = ours.joinpath("README.md").read_text()
    assert "# Flight Times\n" in readme and "at our house" in readme and "anything fails" in readme
    makefile = ours.joinpath("Makefile").read_text()
    assert "do ours" in makefile and "now start" in makefile
    assert "Now ask" in ours.joinpath("ops/ask.py").read_text()
    assert not ours.joinpath("tests/test_words.py").exists()
    assert not ours.joinpath("ops/replay.py").exists() and ours.joinpath("ops/new.py").exists()
    assert "Our " in ours.joinpath("dashboard/boards/pipeline.json").read_text()
    for name in ("model/features.py", "prediction/our_file.py", "ops/our_status.py"):
        assert ours.joinpath(name).read_text() == "OURS = 1\n"
    assert "our-package" in ours.joinpath("processing/requirements.in").read_text()
    assert ours.joinpath(".env").read_bytes() == secrets
    assert ours.joinpath(".env").stat().st_mode == mode and stat.S_IMODE(mode) == 0o600
    assert done.stdout.count("is in its place") == 2 and ours.joinpath("ops/new").is_dir()
    passwords = re.findall(r"^\w+(?:PASSWORD|SECRET|KEY|TOKEN)=(.+)$", secrets.decode(), re.M)
    assert passwords and not [text for text in passwords if text in done.stdout]
    assert list(ours.rglob("*.rej")) == [] and "<<<<<<<" not in git(ours, "diff")
    commit(ours)
    assert "up to date" in update(ours).stdout


def test_where_both_changed_the_same_lines_both_stand_there_with_markers(made):
    theirs, ours = made
    edit(ours / "compose.yaml", "start_period: 120s", "start_period: 360s")
    commit(ours)
    edit(theirs / "compose.yaml", "start_period: 120s", "start_period: 240s")
    edit(theirs / "ops/ask.py", '"""Ask', '"""Now ask')
    commit(theirs)
    done = update(ours)
    assert done.returncode == 1 and re.search(r"compose.yaml +CONFLICT", done.stdout)
    compose = ours.joinpath("compose.yaml").read_text()
    assert compose.count("<<<<<<< yours") == compose.count(">>>>>>> the template now") == 1
    assert "start_period: 360s" in compose and "start_period: 240s" in compose
    assert "Now ask" in ours.joinpath("ops/ask.py").read_text()


def test_what_is_not_committed_is_not_updated(made):
    theirs, ours = made
    edit(ours / "README.md", "Flight Times", "Flights")
    edit(theirs / "README.md", "## Security", "## Safety")
    commit(theirs)
    done = update(ours)
    assert done.returncode == 1 and "not committed" in done.stdout
    assert "## Security" in ours.joinpath("README.md").read_text()
    shutil.rmtree(ours / ".git")
    assert "git init" in update(ours).stdout
