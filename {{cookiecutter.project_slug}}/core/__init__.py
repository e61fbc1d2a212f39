"""What all parts agree on: settings, storage, the registry of models, and the definition of a row."""

import os

# ONNX Runtime sends usage data unless this is set before it is imported; its own function for it is too late.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
