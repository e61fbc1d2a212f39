"""Rules, scraping and alert messages, checked by promtool and amtool in their images."""

import importlib
import subprocess

import pytest
import yaml
from conftest import UNBAKED
from containers import SERVICES, image, make_available, promtool
from running import run

MONITORING = UNBAKED / "monitoring"


@pytest.fixture(scope="module")
def images():
    """Make the image available to a Docker Engine."""
    make_available("monitoring-alerts")


def alerts(document) -> set[str]:
    """Return every alert that some test of rules.test.yml expects to come."""
    tests = (case for test in document["tests"] for case in test.get("alert_rule_test", []))
    return {case["alertname"] for case in tests if case["exp_alerts"]}


def test_prometheus_accepts_its_configuration():
    done = promtool(MONITORING, "check", "config", "--lint-fatal", "prometheus.yml")
    assert done.returncode == 0, done.stdout


def test_every_alert_comes_when_it_should_and_not_before():
    done = promtool(MONITORING, "test", "rules", "rules.test.yml")
    assert done.returncode == 0, done.stdout


def test_no_alert_is_without_a_test_nor_without_words():
    rules = yaml.safe_load((MONITORING / "rules.yml").read_text(encoding="utf-8"))
    written = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    tested = alerts(yaml.safe_load((MONITORING / "rules.test.yml").read_text(encoding="utf-8")))
    assert {rule["alert"] for rule in written} == tested
    assert [
        rule["alert"] for rule in written if rule["annotations"].keys() != {"summary", "action"}
    ] == []
    assert {rule["labels"]["severity"] for rule in written} == {"critical", "warning", "info"}


def test_nobody_is_told_what_needs_nothing_done():
    """And critical alerts come again within the hour, events once, the heartbeat always."""
    routes = yaml.safe_load((MONITORING / "alertmanager/routes.yml").read_text(encoding="utf-8"))
    receivers = {
        route["matchers"][0]: (route["receiver"], route.get("repeat_interval"))
        for route in routes["route"]["routes"]
    }
    assert receivers == {
        'kind="heartbeat"': ("heartbeat", "5m"),
        'severity="info"': ("nobody", None),
        'kind="event"': ("people-once", None),
        'severity="critical"': ("people", "1h"),
    }


def test_everything_that_is_measured_is_a_service():
    jobs = yaml.safe_load((MONITORING / "prometheus.yml").read_text(encoding="utf-8"))[
        "scrape_configs"
    ]
    assert {job["job_name"] for job in jobs} <= SERVICES.keys()


MAIL = {
    "ALERT_EMAIL_TO": "you@example.org",
    "ALERT_EMAIL_FROM": "Zoë O'Neil <me@example.org>",
    "ALERT_SMTP": "mail:587",
}
ADDRESSES = [
    ({}, None),
    ({"ALERT_WEBHOOK": "http://hook/a?b='\"$(id)"}, "webhook_configs"),
    ({"ALERT_WEBHOOK": "https://hooks.slack.com/services/T/B/x"}, "slack_configs"),
    ({"ALERT_WEBHOOK": "https://discord.com/api/webhooks/1/x"}, "discord_configs"),
    (MAIL, "email_configs"),
    ({"ALERT_HEARTBEAT": "https://hc.example.org/ping/a'\"$(id)"}, "name: heartbeat\n    webhook"),
    (
        {**MAIL, "ALERT_SMTP_USER": "me'\"$(id)", "ALERT_SMTP_PASSWORD": 'it\'s "secret" \\ $(id)'},
        "auth_password_file",
    ),
]


def written_configuration(addresses: dict[str, str]) -> subprocess.CompletedProcess:
    """Return what start.sh writes for these addresses, after amtool has accepted it."""
    script = """sed \
        's#^exec /bin/alertmanager.*#cat "$config"; amtool check-config "$config"; exit#' \
        /etc/alertmanager/start.sh > /tmp/start.sh && sh /tmp/start.sh"""
    environment = [
        word for name, value in addresses.items() for word in ("--env", f"{name}={value}")
    ]
    mounted = [
        "--read-only",
        "--tmpfs",
        "/tmp",
        "--volume",
        f"{MONITORING / 'alertmanager'}:/etc/alertmanager:ro",
    ]
    shell = ("--entrypoint", "sh", image("monitoring-alerts"), "-c", script)
    return run("docker", "run", "--rm", *mounted, *environment, *shell)


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize(("addresses", "expected"), ADDRESSES)
def test_alertmanager_accepts_every_kind_of_address(addresses, expected):
    done = written_configuration(addresses)
    assert done.returncode == 0, done.stdout
    assert expected is None or expected in done.stdout
    assert "secret" not in done.stdout


@pytest.mark.usefixtures("images")
def test_an_address_for_mail_without_a_server_is_refused_with_what_to_set():
    done = written_configuration({"ALERT_EMAIL_TO": "you@example.org"})
    assert done.returncode == 1
    assert "set ALERT_SMTP (host:port) and ALERT_EMAIL_FROM as well" in done.stdout


@pytest.mark.usefixtures("images")
def test_quiet_keeps_everything_back_but_the_heartbeat_and_can_be_ended(monkeypatch):
    """What ops/quiet.py runs in Alertmanager's container, once for two hours and once for none."""
    monkeypatch.syspath_prepend(str(UNBAKED))
    quiet = importlib.import_module("ops.quiet")
    script = f"""
        sh /etc/alertmanager/start.sh >/dev/null 2>&1 &
        for try in $(seq 100); do {quiet.AMTOOL} query >/dev/null 2>&1 && break; sleep 0.2; done
        {quiet.script(120)}; {quiet.AMTOOL} query --output=json; {quiet.script(0)}
        echo left: $({quiet.AMTOOL} query --quiet)"""
    folder = MONITORING / "alertmanager"
    mounted = [f"{folder}:/etc/alertmanager:ro"]
    # Debian's build does not start without these, as compose.yaml says.
    for name in ("default", "email"):
        place = f"/usr/share/prometheus/alertmanager/{name}.tmpl"
        mounted.append(f"{folder / 'message.tmpl'}:{place}:ro")
    words = [word for volume in mounted for word in ("--volume", volume)]
    words += ["--tmpfs", "/tmp", "--tmpfs", "/alertmanager:mode=1777", "--env", "LISTEN=127.0.0.1"]
    shell = ("--entrypoint", "sh", image("monitoring-alerts"), "-c", script)
    said = run("docker", "run", "--rm", *words, *shell).stdout
    assert "kind" in said and "heartbeat" in said and said.endswith("left:\n"), said
