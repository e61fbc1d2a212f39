"""The project's own tests learn from a few rows each, on which one thread is faster than two.

Two would spend more time waiting for each other than working. scikit-learn reads this number
when it is first imported.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
