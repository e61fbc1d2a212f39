"""What all parts agree on: settings, storage, the registry of models, and the definition of a row."""

import os

# Both libraries read their variable when they are imported; their own functions come too late.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime sends usage data otherwise
# Threads of scikit-learn that wait for each other by spinning take the cores from everything else: beside a busy
# process, the example's training took 205 s where this made it 4.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
