"""What processing, prediction and notebooks agree on: settings, storage, registry, and rows.

Prediction loads all of it but `tables`, `parts`, `database` and `code`; its image has no Polars.
"""

import os

# Libraries read these at import; their own functions would come too late.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime sends usage data otherwise
# scikit-learn's threads spin while they wait, and take the cores from everything else: beside a
# busy process, the example's training took 205 s with spinning and 4 s without.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
