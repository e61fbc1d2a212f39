"""Killed at random moments while merging, deleting what is old, or copying: nothing lost or twice.

`make soak` gives it a stack of its own, with a backup.
"""

import json
import os
import random
import time

import pytest
from kills import kill
from running import Stack, started
from test_backup import IDS

KILLS = int(os.environ.get("KILLS", "20"))

LONGEST = {"merge": 0.8, "delete_old": 0.5, "copy": 2.0}
"""Seconds within which each is killed: about what it takes on an idle machine."""

STORE = """
import json
from datetime import UTC, datetime, timedelta
from core.answers import HOUR
from core.ids import new_id
from core.storage import bucket, create
ids = {"kept": [], "old": []}
for kind, start in (("kept", timedelta(hours=4)), ("old", timedelta(days=402))):
    for number in range(200):
        then = datetime.now(UTC) - start - timedelta(hours=number % 20)
        ids[kind].append(new_id())
        line = {"id": ids[kind][-1], "time": then.isoformat(), "client": "owner", "model": "none",
                "key": None, "question": {}, "prediction": 1.0}
        create(bucket("predictions"), f"live/{then:{HOUR}}/upkeep-{ids[kind][-1]}.jsonl",
               json.dumps(line).encode())
print(json.dumps(ids))
"""
"""For a replica: an object for each answer, of hours that are over and of days past all keeping."""

JOIN = """
from datetime import timedelta
from processing.answers import hourly, truth
hourly.how_far_back = lambda *_: timedelta(hours=26)
truth.join()
"""

KILLED = """
import os, signal, threading
from processing.answers.merging import merge
from processing.retention import delete_old
threading.Timer({seconds}, os.kill, (os.getpid(), signal.SIGKILL)).start()
{act}()
print("done")
os._exit(0)
"""

FINISHED = """
from core.layout import ANSWERS
from core.storage import bucket, names
from processing.answers.merging import merge
from processing.retention import delete_old
while merge()["merged"]:
    pass
assert not any("problem" in facts for facts in delete_old().values())
print(sum("/upkeep-" in name for name in names(bucket("predictions"), ANSWERS)))
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Start a stack that copies itself into a folder beside it."""
    folder = tmp_path_factory.mktemp("upkeep")
    repository = folder / "copies"
    repository.mkdir()
    place = {"BACKUP_REPOSITORY": repository, "BACKUP_FOLDER": repository}
    with started(folder, "upkeep", **place) as running:
        yield running


def killed(stack: Stack, what: str, moment: float) -> bool:
    """Begin it, kill it after so many seconds, and return whether it was at work until then."""
    if what == "copy":
        stack.compose("exec", "-d", "backup", "sh", "/backup/job.sh", "copy")
        time.sleep(moment)
        free = stack.compose(
            "exec", "-T", "backup", "flock", "-n", "/state/lock", "true", check=False
        )
        return kill(stack, "backup") and free.returncode != 0
    code = KILLED.format(seconds=moment, act=what)
    done = stack.compose("exec", "-T", "processing", "python", "-c", code, check=False)
    return "done" not in done.stdout


def stored(stack: Stack) -> set[str]:
    """Return the id of each stored answer as all who read answers find them, each of them once."""
    ids = json.loads(stack.inside("processing", IDS))
    assert len(ids) == len(set(ids)), "an answer is there twice"
    return {*ids}


def test_whatever_is_killed_while_it_merges_deletes_or_copies_loses_nothing(stack):
    kept, old, hits = set(), set(), 0
    for number in range(KILLS):
        ids = json.loads(stack.inside("prediction", STORE))
        kept |= {*ids["kept"]}
        old |= {*ids["old"]}
        stack.inside("processing", JOIN)
        what = [*LONGEST][number % len(LONGEST)]
        moment = random.uniform(0, LONGEST[what])
        hit = killed(stack, what, moment)
        hits += hit
        print(f"  {what:<10} {moment:.1f} s: {'killed' if hit else 'was over'}", flush=True)
        assert stored(stack) >= kept
    assert hits >= KILLS // 2
    assert stack.inside("processing", FINISHED).split()[-1] == "0", "originals were left"
    left = stored(stack)
    assert left >= kept and not left & old
    for command in ("backup", "backup-test"):
        done = stack.make(command)
        assert done.returncode == 0, done.stdout[-3000:]
    print(f"  {hits} of {KILLS} kills hit; {len(kept):,} answers are there once")
