"""The worst that a notebook's author can do costs only that notebook: all others go on."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from running import rows, targets, until

KERNEL = """
from jupyter_client import BlockingKernelClient
said = []
client = BlockingKernelClient(connection_file="/tmp/jupyter/kernel-{kernel}.json")
client.load_connection_file()
client.start_channels()
try:
    reply = client.execute_interactive(
        {code!r},
        timeout={seconds},
        store_history=False,
        output_hook=lambda message: said.append(message["content"].get("text", "")),
    )
    said.append(reply["content"].get("ename", ""))
except TimeoutError:
    said.append("no answer")
print("".join(said))
"""

GREEDY = {
    "memory": "x = b'x' * 10**9",
    "memory, bit by bit": "x = []\nwhile True: x.append(bytearray(10**6))",
    "memory of many processes": """
import subprocess, sys
hold = "x = bytearray(60 * 10**6); import time; time.sleep(20)"
many = [subprocess.Popen([sys.executable, "-c", hold]) for _ in range(30)]
[one.wait() for one in many]""",
    "temporary files": "open('/tmp/x', 'wb').write(b'0' * 300_000_000)",
    "threads": """
import threading, time
[threading.Thread(target=time.sleep, args=(20,)).start() for _ in range(1000)]""",
    "processes": "import subprocess; subprocess.run(['bash', '-c', ':(){ :|:& };:'])",
    "processes that leave": "import os\nwhile True: os.fork() or os.setsid()",
}
"""What a cell takes, and how. The container's own limits bound what this machine feels of it."""

LIFTED = """
import os, socket, threading, time, psycopg2
from urllib.parse import urlsplit
def opened():
    connection = psycopg2.connect(os.environ["SUMMARIES_URL"], connect_timeout=5)
    connection.autocommit = True
    cursor = connection.cursor()
    for name, value in (
        ("statement_timeout", "0"), ("idle_in_transaction_session_timeout", "0"),
        ("work_mem", "'2GB'"), ("default_transaction_read_only", "off"),
    ):
        cursor.execute(f"SET {name} = {value}")
    return connection
"""

WORST_SELECTS = """
for query in (
    "SELECT length(repeat('x', 1000000000))",
    "SELECT count(*) FROM (SELECT g FROM generate_series(1, 50000000) g ORDER BY md5(g::text)) x",
    "SELECT array_length(array_agg(g), 1) FROM generate_series(1, 200000000) g",
):
    try:
        opened().cursor().execute(query)
        print("done:", query)
    except (psycopg2.errors.OutOfMemory, psycopg2.errors.ConfigurationLimitExceeded):
        pass
    except psycopg2.OperationalError as error:
        print(query, error)
"""

WORST_CONNECTIONS = """
many = []
try:
    while len(many) < 50:
        many.append(opened())
except psycopg2.OperationalError as error:
    print(len(many), error)
many[0].cursor().execute("ALTER ROLE notebook PASSWORD 'mine'")
many[0].cursor().execute("ALTER ROLE notebook SET search_path = nowhere")
many[1].cursor().execute("BEGIN; LOCK TABLE months IN ACCESS SHARE MODE")
where = (urlsplit(os.environ["SUMMARIES_URL"]).hostname, 5432)
silent = [socket.create_connection(where) for _ in range(300)]
endless_query = "SELECT count(*) FROM pg_proc a, pg_proc b, pg_proc c, pg_proc d"
def endless(connection):
    try:
        connection.cursor().execute(endless_query)
        print("done")
    except psycopg2.OperationalError:
        print("ended")
threads = [threading.Thread(target=endless, args=(one,)) for one in many[2:]]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.fixture
def lab(stack):
    """Yield a client of JupyterLab, in which nobody else's notebooks take memory."""
    with httpx.Client(base_url=stack.lab_url, auth=stack.owner, timeout=60) as client:
        for kernel in client.get("/api/kernels").raise_for_status().json():
            client.delete(f"/api/kernels/{kernel['id']}")
        yield client


def started_kernel(lab) -> str:
    return lab.post("/api/kernels", json={"name": "python3"}).raise_for_status().json()["id"]


def run_in(stack, kernel: str, code: str, seconds: int = 40) -> str:
    """Run a cell, and return what it printed or the name of its error."""
    program = KERNEL.format(kernel=kernel, code=code, seconds=seconds)
    return stack.inside("jupyterlab", program).strip()


def test_a_notebooks_worst_statements_cost_only_itself(stack):
    before = stack.containers()["database"][0]["State"]["StartedAt"]
    assert stack.inside("jupyterlab", LIFTED + WORST_SELECTS) == ""
    assert stack.containers()["database"][0]["State"]["StartedAt"] == before


def test_beside_a_notebooks_worst_connections_boards_metrics_and_pipeline_answer(stack, visitor):
    with ThreadPoolExecutor(1) as pool:
        worst = pool.submit(stack.inside, "jupyterlab", LIFTED + WORST_CONNECTIONS)
        time.sleep(10)
        assert not worst.done(), worst.result()
        board, _, target = next(
            found for found in targets(visitor, "pipeline") if "rawSql" in found[2]
        )
        rows(visitor, board, target)
        up = visitor.get("/prometheus/api/v1/query?query=summaries_up").json()
        assert up["data"]["result"][0]["value"][1] == "1"
        runs = {"query": "{runsOrError(limit:1){__typename}}"}
        reply = visitor.post("/pipelines/graphql", json=runs).json()
        assert reply["data"]["runsOrError"]["__typename"] == "Runs"
        said = worst.result(timeout=150)
    assert "too many connections for role" in said, said
    assert "done" not in said and said.count("ended") == 3, said
    again = """
import os, psycopg2
cursor = psycopg2.connect(os.environ["SUMMARIES_URL"]).cursor()
cursor.execute("SELECT count(*) FROM months")
print("in")"""
    until(
        lambda: stack.inside("jupyterlab", again).strip() == "in",
        60,
        "the role's password and settings are back",
    )


@pytest.mark.parametrize("what", GREEDY)
def test_a_greedy_notebook_ends_no_other(stack, lab, what):
    honest, greedy = started_kernel(lab), started_kernel(lab)
    begin = "import pandas; kept = list(range(10**6)); print('here')"
    assert run_in(stack, honest, begin) == "here"
    said = run_in(stack, greedy, GREEDY[what], 15)
    until(
        lambda: run_in(stack, honest, "print(len(kept))") == "1000000",
        30,
        f"the other kernel goes on beside one that takes {what} ({said})",
    )
    assert lab.get("/api/kernels").status_code == 200
    for kernel in (honest, greedy):
        lab.delete(f"/api/kernels/{kernel}")
    stack.compose("exec", "-T", "jupyterlab", "rm", "-f", "/tmp/x")
    container = stack.containers()["jupyterlab"][0]
    assert container["RestartCount"] == 0
