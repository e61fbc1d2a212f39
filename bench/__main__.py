"""Run every measurement, or those named, print what came out, and write it to bench/results.json.

What was not measured this time stays there as it was; date and machine are those of the last time.
"""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent / "tests" / "stack")]

from bench import (  # noqa: E402
    answers,
    beside,
    generation,
    growth,
    pipeline,
    platform_at_rest,
    scale_full,
    worst_input,
)

MEASUREMENTS = {
    "generation": generation,
    "pipeline": pipeline,
    "training": beside,
    "answers": answers,
    "worst_input": worst_input,
    "platform": platform_at_rest,
}
ON_REQUEST = {"scale_full": scale_full, "growth": growth}


def machine() -> dict:
    """Describe what the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30),
        "system": platform.platform(),
    }


def main() -> None:
    file = HERE / "results.json"
    results = json.loads(file.read_text()) | {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
    }
    for name in sys.argv[1:] or MEASUREMENTS:
        print(f"{name} ...", flush=True)
        results[name] = (MEASUREMENTS | ON_REQUEST)[name].measure()
        for what, value in results[name].items():
            print(f"  {what:<44} {value}", flush=True)
        file.write_text(json.dumps(results, indent=1) + "\n")
    print("Written to bench/results.json")


if __name__ == "__main__":
    main()
