"""A million lines, written faster than the platform itself ever does, and searched meanwhile.

`make soak` gives them a stack of their own.
"""

import json
import os
import threading
import time
import uuid

from running import run

LINES = int(os.environ.get("LINES", "1000000"))
RATE = 2000
"""Lines a second; the gateway writes at most a hundred and some, and other parts a few."""

SECONDS = 10
"""From the writing of a line until it is found."""

AT_REST = 64 * 2**20
"""Bytes."""

WRITE = """
import json, time
out = open("/proc/1/fd/1", "w")
begun = time.monotonic()
for n in range({lines}):
    event = {{"level": "info", "logger": "soak", "msg": "{mark} is as long as most are", "n": n}}
    out.write(json.dumps(event) + "\\n")
    if n % 5 == 0:
        out.flush()
        time.sleep(max(0, begun + n / {rate} - time.monotonic()))
out.flush()
"""


def asked(visitor, query: str) -> dict:
    """Return the one line that a query of the last hour answers."""
    reply = visitor.get("/logs/select/logsql/query", params={"query": f"_time:1h {query}"})
    return json.loads(reply.raise_for_status().text or "{}")


def memory(stack) -> int:
    """Return the bytes that the log store holds and can't give back."""
    (store,) = stack.containers()["logs"]
    read = "cat /sys/fs/cgroup/memory.current /sys/fs/cgroup/memory.stat"
    v1 = "cat /sys/fs/cgroup/memory/memory.usage_in_bytes /sys/fs/cgroup/memory/memory.stat"
    text = run("docker", "exec", store["Id"], "sh", "-c", f"{read} 2>/dev/null || {v1}").stdout
    held, *stat = text.splitlines()
    facts = dict(line.split() for line in stat)
    return int(held) - int(facts.get("total_inactive_file", facts["inactive_file"]))


def test_a_million_lines_are_found_within_seconds(stack, visitor):
    mark, rest = uuid.uuid4().hex, memory(stack)
    code = WRITE.format(lines=LINES, rate=RATE, mark=mark)
    writing = threading.Thread(target=stack.inside, args=("processing", code))
    begun, late, most = time.monotonic(), 0.0, 0
    writing.start()
    while writing.is_alive():
        time.sleep(5)
        asking = time.monotonic()
        newest = asked(visitor, f"{mark} | unpack_json fields (n) | stats max(n) n")
        written = min(LINES - 1, (asking - begun) * RATE)
        late = max(late, (written - float(newest.get("n") or 0)) / RATE)
        most = max(most, memory(stack))
    took = time.monotonic() - begun
    time.sleep(SECONDS)
    asking = time.monotonic()
    found = int(asked(visitor, f"{mark} | stats count() lines")["lines"])
    search = time.monotonic() - asking
    disk = stack.compose("exec", "-T", "logs", "du", "-sm", "/logs").stdout.split()[0]
    print(
        f"  {found:,} of {LINES:,} lines found; {LINES / took:,.0f} a second, at most {late:.1f} s "
        f"late; counted in {search:.1f} s; memory {rest / 2**20:.0f} MiB at rest, at most "
        f"{most / 2**20:.0f}; {disk} MB of disk"
    )
    assert found >= 0.999 * LINES
    assert late < SECONDS
    assert rest < AT_REST
