"""The platform's own tests, on a table that they bring along: tests/table/model/.

They say nothing of the project's `model/`, which acceptance/ tries on its own rows. `import model`
finds the tests' package, here and in each process that a test starts.
"""

import os
import sys
from pathlib import Path

TABLE = Path(__file__).parent / "table"
PROJECT = TABLE.parent.parent

sys.path.insert(0, str(TABLE))
os.environ["PYTHONPATH"] = os.pathsep.join(map(str, (TABLE, PROJECT)))
os.environ["PYTHONSAFEPATH"] = "1"  # or `python -m` looks into the project first

# They learn from a few rows each, on which one thread is faster than two: these would spend more
# time waiting for each other than working. scikit-learn reads it when it is first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
