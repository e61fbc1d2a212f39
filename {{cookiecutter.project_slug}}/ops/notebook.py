"""The proof of concept: JupyterLab on this machine, with the data in a folder and without Docker."""

import os
import subprocess
import sys

from ops import environment
from ops.env import PROJECT


def main() -> None:
    environment.ready()
    command = [environment.PROGRAMS / "jupyter-lab", "--notebook-dir", "jupyterlab/notebooks"]
    importable = os.environ | {"PYTHONPATH": str(PROJECT)}
    try:
        sys.exit(subprocess.run(command, cwd=PROJECT, env=importable).returncode)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
