"""Bring the project up to the template's newest version, and keep what its owner has changed.

Each file is merged from three: as the template made it, as it is here, and as the template makes it
now. Where both have changed the same lines, both stand in the file, with git's markers. `.env` and
what else git ignores is never touched.
"""

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from ops import origin
from ops.docker import PROJECT

FOLDER = "{{cookiecutter.project_slug}}"
ANSWER = re.compile(r"{{ cookiecutter\.(\w+) }}")
CONFLICT = "CONFLICT"
LABELS = ("-L", "yours", "-L", "the template before", "-L", "the template now")


@dataclass(frozen=True)
class Content:
    """A file: its bytes, and whether it is a program."""

    data: bytes
    program: bool = False


def git(folder: Path, *words: str) -> bytes:
    """Return what git prints. If it fails, end with what it says."""
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True)
    except FileNotFoundError:
        sys.exit("git is not installed, and `make update` needs it.")
    if done.returncode:
        sys.exit(f"`git {' '.join(words)}` failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def refuse_uncommitted() -> None:
    """End with a sentence unless everything here is committed, so that all can be undone."""
    if not origin.git(PROJECT, "rev-parse", "HEAD"):
        sys.exit(
            "This folder has no commit in git, so an update could not be undone. "
            "Run `git init`, `git add --all` and `git commit --message before`, then try again."
        )
    if git(PROJECT, "status", "--porcelain", "--", "."):
        sys.exit("There are changes that are not committed. Commit them, then run it again.")


def questions(template: Path, commit: str) -> dict:
    """Return what cookiecutter.json holds at this commit of the template."""
    return json.loads(git(template, "show", f"{commit}:cookiecutter.json"))


def made(template: Path, commit: str, answers: dict[str, str]) -> dict[str, Content]:
    """Return the files that this commit of the template makes, by path."""
    listing = git(template, "ls-tree", "-r", "-z", f"{commit}:{FOLDER}").decode()
    asked = questions(template, commit)
    answers = {**asked, **answers}
    files = {}
    for line in filter(None, listing.split("\0")):
        mode, _, identity, path = re.split(r"[ \t]", line, maxsplit=3)
        data = git(template, "cat-file", "blob", identity)
        if not any(fnmatch(path, pattern) for pattern in asked["_copy_without_render"]):
            data = ANSWER.sub(lambda name: str(answers[name[1]]), data.decode()).encode()
        files[path] = Content(data, mode == "100755")
    return files


def here(path: str) -> Content | None:
    """Return a file of this project, with the line ends of the template, or nothing."""
    file = PROJECT / path
    if not file.is_file():
        return None
    data = file.read_bytes()
    text = data if b"\0" in data else data.replace(b"\r\n", b"\n")
    return Content(text, bool(file.stat().st_mode & 0o100))


def is_in_the_way(path: str) -> bool:
    """Return whether something is where the template has a file or a folder of its own."""
    file = PROJECT / path
    above = [file.parents[depth] for depth in range(len(Path(path).parts) - 1)]
    links = any(one.is_symlink() for one in (file, *above))
    return links or file.is_dir() or any(one.is_file() for one in above)


def put(path: str, content: Content | None) -> None:
    """Write a file of this project, or delete it."""
    file = PROJECT / path
    if content is None:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.data)
    file.chmod(0o755 if content.program else 0o644)


def merge(path: str, ours: Content, old: Content | None, new: Content) -> str:
    """Merge a file that both have changed, and return in a word or two what became of it."""
    parts = [ours.data, old.data if old else b"", new.data]
    if any(b"\0" in part for part in parts):
        return "stays as it is here, though the template has changed it"
    with tempfile.TemporaryDirectory() as folder:
        names = [Path(folder, name) for name in ("ours", "old", "new")]
        for name, part in zip(names, parts, strict=True):
            name.write_bytes(part)
        done = subprocess.run(["git", "merge-file", "-p", *LABELS, *names], capture_output=True)
    if not 0 <= done.returncode < 128:
        sys.exit(f"git could not merge {path}: {done.stderr.decode(errors='replace')}")
    put(path, Content(done.stdout, ours.program or new.program))
    return CONFLICT if done.returncode else "merged"


def change(path: str, old: Content | None, new: Content | None) -> str:
    """Do in this project what the template has done to a file, and return it in a word or two."""
    ours = here(path)
    if new == old or ours == new:
        return ""
    if is_in_the_way(path):
        return "not touched: a folder or a link of yours is in its place"
    if ours == old:
        put(path, new)
        return "deleted" if new is None else "updated" if old else "added"
    if ours is None:
        return "stays deleted, though the template has changed it"
    if new is None:
        return "stays as you have changed it, though the template has deleted it"
    return merge(path, ours, old, new)


def update(template: Path, before: dict) -> list[str]:
    """Bring every file up to date, and return a line for each that the template has changed."""
    commit = git(template, "rev-parse", "HEAD").decode().strip()
    answers = before["answers"]
    old, new = made(template, before["commit"], answers), made(template, commit, answers)
    changes = {path: change(path, old.get(path), new.get(path)) for path in sorted(old | new)}
    version = questions(template, commit)["__version"]
    origin.save(before | {"commit": commit, "version": version})
    return [f"{path:<40} {done}" for path, done in changes.items() if done]


def main() -> None:
    before = origin.read()
    refuse_uncommitted()
    with tempfile.TemporaryDirectory() as folder:
        git(PROJECT, "clone", "--quiet", "--bare", "--", before["template"], folder)
        lines = update(Path(folder), before)
    if not lines:
        sys.exit("This project is up to date already.")
    print("\n".join(lines))
    if any(line.endswith(CONFLICT) for line in lines):
        sys.exit("\nEdit what is a CONFLICT: both texts stand between <<<<<<< and >>>>>>>.")
    print("\nLook at it with `git diff`, then run `make test` and `make up`.")


if __name__ == "__main__":
    main()
