"""The proof of concept: JupyterLab on this machine, with data in a folder and without Docker."""

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
    """Copy each notebook that is missing: people work on copies, as in the container."""
    NOTEBOOKS.mkdir(exist_ok=True)
    for notebook in FIRST.glob("*.ipynb"):
        if not (NOTEBOOKS / notebook.name).exists():
            shutil.copy(notebook, NOTEBOOKS)


def make_data() -> None:
    """Run the pipeline once, so that there are rows to look at and a model to ask."""
    promotions = PROJECT / "data" / "models" / "promotions"
    if "STORAGE_URL" not in os.environ and not promotions.exists():
        print("The pipeline, on the folder data/ (once):", flush=True)
        virtualenv.run(virtualenv.PYTHON, "-m", "processing.run")


def serve() -> int:
    """Run JupyterLab, with a token of its own, until it is stopped. Return its exit code."""
    command = [
        virtualenv.PROGRAMS / "jupyter-lab",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={NOTEBOOKS}",
    ]
    lab = subprocess.Popen([*command, *sys.argv[1:]], env=os.environ | {"PYTHONPATH": str(PROJECT)})
    while lab.poll() is None:
        # JupyterLab receives Ctrl-C as well, and asks for confirmation before it stops.
        with suppress(KeyboardInterrupt):
            lab.wait()
    return lab.returncode


if __name__ == "__main__":
    virtualenv.ready()
    copy_first_notebooks()
    make_data()
    sys.exit(serve())
