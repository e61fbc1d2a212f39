"""Where this project comes from: the template, the commit it was made from, and the answers.

`make update` needs it. It is written once, by the template, and is kept in git.
"""

import json
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / ".slipway.json"


def git(folder: Path, *words: str) -> str:
    """Return what git says about a folder, or nothing if it is not there or says nothing."""
    try:
        done = subprocess.run(["git", "-C", folder, *words], capture_output=True, encoding="utf-8")
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def address(template: str, folder: Path, clone: Path) -> str:
    """Return where the template can be fetched from, without a password that may stand in it."""
    if folder.is_dir():
        return str(folder.resolve())
    return re.sub(r"://[^/@]+@", "://", git(clone, "remote", "get-url", "origin") or template)


def write(answers: dict[str, str]) -> None:
    """Write where a project comes from that is made with these answers just now."""
    template, commands_folder = answers.get("_template", ""), answers.get("_output_dir", "")
    folder = Path(commands_folder, template)
    clone = folder if folder.is_dir() else Path(answers.get("_repo_dir") or folder)
    origin = {
        "template": address(template, folder, clone),
        # A copy without a history of its own may lie in somebody else's repository.
        "commit": git(clone, "rev-parse", "HEAD") if (clone / ".git").exists() else "",
        "version": answers["__version"],
        "answers": {name: text for name, text in answers.items() if not name.startswith("_")},
    }
    save(origin)


def save(origin: dict) -> None:
    """Write where the project comes from."""
    text = json.dumps(origin, indent=2, ensure_ascii=False)
    FILE.write_text(text + "\n", encoding="utf-8", newline="\n")


def read() -> dict:
    """Return where the project comes from. End with a sentence if that is not known."""
    origin = {}
    with suppress(OSError, ValueError):
        origin = json.loads(FILE.read_text(encoding="utf-8"))
    if not all(origin.get(part) for part in ("template", "commit", "answers")):
        sys.exit(
            f"{FILE.name} does not say where this project comes from. Write the template's git "
            "address as template, the commit that it was made from as commit, and its answers as "
            "answers."
        )
    return origin


if __name__ == "__main__":
    write(json.load(sys.stdin))
