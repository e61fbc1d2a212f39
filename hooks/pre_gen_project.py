"""Refuse answers that would not work, and folders that are not empty, before writing anything."""

import json
import re
import sys
import unicodedata
from pathlib import Path

QUESTIONS = ("project_name", "project_slug", "description")
SLUG = re.compile(r"(?=.{1,40}$)[a-z0-9]+(-[a-z0-9]+)*")  # folder, Compose project, host name
RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")  # devices on Windows
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}  # control characters, broken UTF-8, line breaks

SLUG_RULE = "project_slug: type 1 to 40 of a to z and 0 to 9, with single hyphens between them."
TEXT_RULE = "type one line of plain text, without control characters or line breaks."
OLD_PYTHON = "Install cookiecutter for Python 3.11 or newer; this one runs on an older Python."
UPDATE = """\
The folder {folder} holds something, so nothing was written. Type another project_slug.
To update an existing project, run `make update` in it."""


def complaints(answers):
    """Yield a sentence for each answer that can't be used, saying what to type instead."""
    for question in QUESTIONS:
        answer = answers[question]
        if not answer.strip():
            yield f"{question}: type at least one visible character."
        elif UNPRINTABLE & set(map(unicodedata.category, answer)):
            yield f"{question}: {TEXT_RULE}"
    if not SLUG.fullmatch(answers["project_slug"]):
        yield SLUG_RULE
    elif RESERVED.fullmatch(answers["project_slug"]):
        yield "project_slug: type another name; Windows keeps this one for a device."


def main(answers):
    # The folder's name was made safe before; what is judged is what was typed.
    wrong = list(complaints(answers | {"project_slug": answers["__typed_slug"]}))
    if sys.version_info < (3, 11):  # noqa: UP036 - it runs on whatever Python cookiecutter has
        wrong.append(OLD_PYTHON)
    if any(Path.cwd().iterdir()):
        wrong.append(UPDATE.format(folder=ascii(Path.cwd().name)))
    if wrong:
        sys.exit("\n".join(["", *wrong, "", "What follows is cookiecutter saying it stopped."]))


if __name__ == "__main__":
    main(json.loads(r"""{{ cookiecutter | tojson }}"""))
