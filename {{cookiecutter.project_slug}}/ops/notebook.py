"""The proof of concept: JupyterLab on this machine, with the data in a folder and without Docker."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress

from ops import virtualenv
from ops.dotenv import PROJECT

NOTEBOOKS = PROJECT / "notebooks"
FIRST = PROJECT / "jupyterlab" / "notebooks"


def copy_first_notebooks() -> None:
    """People work on copies, as in the container; what lies there already is theirs."""
    NOTEBOOKS.mkdir(exist_ok=True)
    for notebook in FIRST.glob("*.ipynb"):
        if not (NOTEBOOKS / notebook.name).exists():
            shutil.copy(notebook, NOTEBOOKS)


def make_data() -> None:
    """Run the pipeline once, so that there are rows to look at and a model to ask."""
    if (
        "STORAGE_URL" not in os.environ
        and not (PROJECT / "data" / "models" / "promotions").exists()
    ):
        print("The pipeline, on the folder data/ (once):", flush=True)
        virtualenv.run(virtualenv.PYTHON, "-m", "processing.run")


def serve() -> int:
    """Run JupyterLab with a token of its own until it is told to end."""
    command = [
        virtualenv.PROGRAMS / "jupyter-lab",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={NOTEBOOKS}",
    ]
    lab = subprocess.Popen([*command, *sys.argv[1:]], env=os.environ | {"PYTHONPATH": str(PROJECT)})
    while lab.poll() is None:
        with suppress(
            KeyboardInterrupt
        ):  # JupyterLab hears Ctrl-C as well, and asks before it ends
            lab.wait()
    return lab.returncode


if __name__ == "__main__":
    virtualenv.ready()
    copy_first_notebooks()
    make_data()
    sys.exit(serve())
