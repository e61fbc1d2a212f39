"""One replica of the prediction service and what lies around it, in a folder."""

import json
from pathlib import Path

from obstore.store import LocalStore

from core.keys import RIGHTS, add
from core.storage import names, read
from prediction.app import create_app
from prediction.champions import Champions
from prediction.journal import Journal
from prediction.keys import Keys
from tests.small_model import promote, publish


class Replica:
    def __init__(self, folder: Path):
        self.models = LocalStore(folder / "models", mkdir=True)
        self.predictions = LocalStore(folder / "predictions", mkdir=True)
        self.key_file = folder / "access" / "api-keys.json"
        self.key = add(self.key_file, "owner", RIGHTS)
        self.champions = Champions(self.models, patience=0)
        self.journal = Journal(folder / "journal", self.predictions)
        self.app = create_app(self.champions, self.journal, Keys(self.key_file, seconds=0))

    def promote(self, version: str, **how) -> None:
        """Publish a version, promote it, and let the replica look."""
        publish(self.models, version, **how)
        promote(self.models, version)
        self.champions.look()

    def stored(self, kind: str) -> list[dict]:
        self.journal.sweep()
        return records(self.predictions, kind)


def records(predictions, kind: str) -> list[dict]:
    """Return every line in the bucket, of `live` or `outcomes`."""
    objects = [read(predictions, name) for name in names(predictions, kind)]
    return [json.loads(line) for content in objects for line in content.splitlines()]
