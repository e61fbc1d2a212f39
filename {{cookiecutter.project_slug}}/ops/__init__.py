"""The commands of `make`: standard library only, as they run before anything is installed."""

import os

# For all that is started here, also a notebook that imports scikit-learn before anything of ours:
# see core/__init__.py.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
