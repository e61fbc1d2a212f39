"""Run in a project: `python -m streams SEEDS`, or `python -m streams SEEDS PAGE` to write a page.

Prints one JSON object a stream.
"""

import json
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from contest import World, fixed, kept_up_to_date
from error_rates import rates
from kinds import KINDS
from page import page


def contest(kind: str, seed: int) -> dict:
    """Return how the platform does on a stream."""
    world = World(KINDS[kind](seed))
    means = {name: float(errors.mean()) for name, errors in fixed(world).items()}
    kept, hindsight, loop = kept_up_to_date(world)
    best = min(means, key=means.__getitem__)
    return {
        "kind": kind,
        "seed": seed,
        "best": best,
        "to_best": kept.mean() / means[best] - 1,
        "to_frozen": kept.mean() / means["frozen"] - 1,
        "regret": kept.mean() / hindsight.mean() - 1,
        "verdicts": Counter(loop.verdicts),
        "warned": loop.warned,
    }


def main() -> None:
    seeds, *pages = sys.argv[1:]
    results = []
    for kind in KINDS:
        for seed in range(int(seeds)):
            results.append(contest(kind, seed))
            print(json.dumps(results[-1]), flush=True)
    for path in pages:
        Path(path).write_text(page(rates(), results), encoding="utf-8")


if __name__ == "__main__":
    main()
