"""Finish a new project: make its .env with secrets of its own, and say what to do next."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

# What a template folder holds after its project was used where it lies. Secrets are never shared.
USED = (
    ".env",
    ".venv",
    "data",
    "notebooks",
    "access/api-keys.json",
    "access/api-keys.lock",
    "access/users",
)

NEXT = """
{slug} is ready. Next:

    cd {slug}
    make up       with Docker: the whole platform, to its first answer
    make local    without Docker: the pipeline and the API on this machine
"""


def remove(path):
    """Delete a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def main(answers):
    for name in USED:
        remove(Path.cwd() / name)
    python = [sys.executable, "-B", "-m"]
    subprocess.run([*python, "ops.origin"], check=True, input=json.dumps(answers).encode())
    subprocess.run([*python, "ops.dotenv"], check=True)
    print(NEXT.format(slug=answers["project_slug"]))


if __name__ == "__main__":
    main(json.loads(r"""{{ cookiecutter | tojson }}"""))
