"""What a person sees after `docker compose up -d --wait` in a fresh project."""

import json

from running import FIRST_ANSWER, HEALTHY, run, until


def test_it_is_healthy_and_answers_in_the_promised_time(stack):
    assert stack.seconds["healthy"] < HEALTHY * 3
    assert stack.seconds["first answer"] < FIRST_ANSWER * 3


def test_the_first_model_is_better_than_no_model(card):
    metrics = card["metrics"]
    assert metrics["mean_absolute_error"] < 12 < 60 < metrics["baseline_mean_absolute_error"]
    assert card["window"]["from"] >= "2013-01-01" and card["judged_on"]["to"] < "2013-04-01"


ADDED = {"backup": {"DAC_OVERRIDE"}}
"""The capabilities that services have: of Docker's, the others have none."""


def test_the_containers_are_what_the_compose_file_promises(stack):
    for service, containers in stack.containers().items():
        for container in containers:
            state, host = container["State"], container["HostConfig"]
            assert state["ExitCode"] == 0 and not state["OOMKilled"], service
            assert (
                host["Memory"] and host["NanoCpus"] and host["PidsLimit"] and host["ReadonlyRootfs"]
            ), service
            added = {name.removeprefix("CAP_") for name in host["CapAdd"] or []}
            assert host["CapDrop"] == ["ALL"] and added == ADDED.get(service, set()), service
            if service != "gateway":
                assert not any(container["NetworkSettings"]["Ports"].values()), service


def test_no_process_is_root_but_those_of_storage(stack):
    for service, containers in stack.containers().items():
        for container in containers:
            if container["State"]["Running"]:
                users = run("docker", "top", container["Id"], "-o", "uid").stdout.split()[1:]
                assert service == "storage" or "0" not in users, f"{service}: {users}"


def test_up_twice_and_make_up_do_no_harm(stack, card):
    before = {
        container["Id"]
        for replicas in stack.containers().values()
        for container in replicas
        if container["State"]["Running"]
    }
    stack.compose("up", "--detach", "--wait", "--wait-timeout", "180")
    done = stack.make("up")
    assert done.returncode == 0, done.stdout
    assert stack.url.replace("127.0.0.1", "localhost") in done.stdout
    assert stack.settings["ADMIN_PASSWORD"] not in done.stdout
    after = {
        container["Id"]
        for replicas in stack.containers().values()
        for container in replicas
        if container["State"]["Running"]
    }
    assert before == after
    with stack.api() as api:
        assert api.get("/v1/model").json()["version"] == card["version"]


def test_running_the_pipeline_again_promotes_nothing(stack):
    code = (
        "from core import registry, storage; print(registry.promotions(storage.bucket('models')))"
    )
    before = stack.inside("processing", code)
    done = stack.make("train")
    assert done.returncode == 0, done.stdout
    assert stack.inside("processing", code) == before


def test_a_file_that_is_added_is_used_and_its_bad_rows_are_kept_with_their_reasons(stack):
    april = stack.inside(
        "processing",
        "from model.source import month_of_flights as m; print(m('2013-04').head(500).write_csv())",
    )
    lines = april.strip().splitlines()
    spoiled = [
        lines[0],
        *[line.replace("2013,4,", "2013,many,", 1) for line in lines[1:4]],
        *lines[4:],
        lines[10],
    ]
    file = stack.project.parent / "april.csv"
    file.write_text("\n".join(spoiled) + "\n")
    added = stack.make("add", f"FILE={file}")
    assert added.returncode == 0, added.stdout

    of_april = "WHERE source = 'added/april.csv'"

    def report():
        counts = "rows_in, rows_accepted, rows_rejected"
        return stack.sql(f"SELECT {counts} FROM raw_files {of_april}")

    assert until(report, 180, "the report of the added file") == [["501", "497", "4"]]
    reasons = dict(stack.sql(f"SELECT reason, rows FROM rejections {of_april}"))
    assert (
        reasons["month: not a number"] == "3" and reasons["the same row twice in one file"] == "1"
    )


def test_no_object_anywhere_is_a_pickle(stack):
    code = """
import json, pickletools
from core.layout import BUCKETS
from core.storage import bucket, names, read
unreadable = []
for name in list(BUCKETS)[:4]:
    for path in names(bucket(name)):
        content = read(bucket(name), path)
        try:
            if content[:1] == b"\\x80":
                list(pickletools.genops(content))
                unreadable.append(path)
        except ValueError:
            pass
print(json.dumps([len(names(bucket("processed"))), unreadable]))
"""
    seen, pickles = json.loads(stack.inside("processing", code))
    assert seen > 6 and pickles == []
    kept = stack.compose(
        "exec", "-T", "processing", "find", "/tmp", "-path", "*storage*", "-type", "f"
    ).stdout
    assert kept.split() == []
