"""The compose file's promises, read as Docker reads it; no Docker needs to run for that."""

import json
import os
import re
import shutil
import subprocess
from ipaddress import ip_address, ip_network
from itertools import combinations
from pathlib import Path

import pytest
from conftest import UNBAKED, bake, leave_out

EXACT = re.compile(r"[^:]+:\D{0,8}\d+(\.\d+){1,2}(-[a-z]+[\d.]*)*|[^:]+:RELEASE\.[\dTZ-]+")
HIDDEN = re.compile(r"PASSWORD|SECRET|TOKEN|API_KEY")
OWN_USER = {
    "grafana/grafana": "472",
    "prom/prometheus": "nobody",
    "prom/alertmanager": "nobody",
    "prom/node-exporter": "nobody",
}
AS_ROOT = {
    "storage": "its image knows no other user; it has none of root's capabilities",
    "backup": "what it copies belongs to every part's user; it is mounted read-only",
    "autoscaler-filter": "root owns Docker's socket; it has none of root's capabilities",
}
WRITABLE = {}
CAPABLE = {"backup": "opens the files of all parts, whose users are others"}
JOBS = {"storage-setup", "database-setup"}


@pytest.fixture(scope="module", autouse=True)
def docker():
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode
    ):
        leave_out(
            "Docker Compose is not installed, so compose.yaml was not checked as Docker reads it."
        )


def variables(project: Path) -> dict[str, str]:
    """Return what is in the project's .env."""
    text = (project / ".env").read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


def secret_names() -> list[str]:
    """Return the variables that compose needs and `make env` makes; API_KEY is for people only."""
    text = (UNBAKED / ".env.example").read_text(encoding="utf-8").partition("# ---- Secrets")[2]
    return [name for name in re.findall(r"^([A-Z_]+)=", text, re.MULTILINE) if name != "API_KEY"]


def config(project: Path, **changed: str) -> subprocess.CompletedProcess:
    """Ask Compose how it understands the project, with nothing of this shell's own settings."""
    settings = re.findall(
        r"^([A-Z_]+)=", (UNBAKED / ".env.example").read_text(encoding="utf-8"), re.MULTILINE
    )
    clean = {name: value for name, value in os.environ.items() if name not in settings}
    command = ["docker", "compose", "--profile", "*", "config", "--format", "json"]
    return subprocess.run(
        command, cwd=project, env=clean | changed, capture_output=True, encoding="utf-8"
    )


@pytest.fixture(scope="module")
def services(project) -> dict[str, dict]:
    done = config(project)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


def breaking(services: dict[str, dict], promise, but=()) -> list[str]:
    """Return the services that do not keep a promise, apart from those excused with a reason."""
    return [name for name, service in services.items() if name not in but and not promise(service)]


def is_built_here(service: dict) -> bool:
    return "build" in service or service["image"].endswith(("-processing", "-gateway"))


def dockerfiles() -> list[Path]:
    return sorted(UNBAKED.glob("*/Dockerfile"))


def test_each_service_has_the_folder_it_is_named_for(project, services):
    assert [name for name in services if not (project / name.split("-")[0]).is_dir()] == []


@pytest.mark.parametrize(
    "image", ["postgres:18.6-alpine3.24", "python:3.13.16-slim-trixie", "prom/prometheus:v3.15.0"]
)
def test_an_exact_tag_is_seen_as_one(image):
    assert EXACT.fullmatch(image)


@pytest.mark.parametrize(
    "image", ["postgres", "postgres:latest", "postgres:18", "python:3-slim", "caddy:alpine"]
)
def test_a_floating_tag_is_seen_as_one(image):
    assert not EXACT.fullmatch(image)


def test_every_image_is_an_exact_version(services):
    assert (
        breaking(
            services, lambda service: is_built_here(service) or EXACT.fullmatch(service["image"])
        )
        == []
    )
    bases = [
        line.split()[1]
        for file in dockerfiles()
        for line in file.read_text().splitlines()
        if line.startswith("FROM")
    ]
    assert bases and [base for base in bases if not EXACT.fullmatch(base)] == []


def test_what_stays_up_says_whether_it_is_well_and_is_started_again(services):
    kept_up = {name: service for name, service in services.items() if name not in JOBS}
    assert (
        breaking(
            kept_up,
            lambda service: service.get("healthcheck", {}).get("test", ["NONE"])[0] != "NONE",
        )
        == []
    )
    assert breaking(kept_up, lambda service: service["restart"] == "unless-stopped") == []


def test_a_job_ends_and_somebody_waits_for_it(services):
    """Otherwise `up --wait` fails when it has ended well."""
    awaited = {
        name
        for service in services.values()
        for name, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    assert awaited == JOBS
    assert (
        breaking(
            {name: services[name] for name in JOBS}, lambda service: service["restart"] == "no"
        )
        == []
    )


def test_every_service_has_limits(services):
    def is_limited(service):
        return {"memory", "cpus", "pids"} <= service["deploy"]["resources"]["limits"].keys()

    assert breaking(services, is_limited) == []


@pytest.mark.parametrize(
    ("driver", "bounds"),
    [("local", {"max-size", "max-file"}), ("syslog", {"cache-max-size", "cache-max-file"})],
)
def test_what_is_kept_of_a_log_is_bounded_with_each_driver(project, driver, bounds):
    services = json.loads(config(project, LOG_DRIVER=driver).stdout)["services"]
    assert breaking(services, lambda one: one["logging"]["driver"] == driver) == []
    assert breaking(services, lambda one: bounds <= one["logging"]["options"].keys()) == []


def test_lines_are_sent_where_the_log_store_listens_and_by_nothing_that_waits_for_it(project):
    read = json.loads(config(project, LOG_DRIVER="syslog").stdout)
    (address,) = {one["logging"]["options"]["syslog-address"] for one in read["services"].values()}
    store = read["services"]["logs"]
    place = store["networks"]["gateway-metrics"]["ipv4_address"]
    assert address == f"udp://{place}:5140"
    assert f"-syslog.listenAddr.udp={place}:5140" in store["command"]
    plan = read["networks"]["gateway-metrics"]["ipam"]["config"][0]
    assert ip_address(place) in ip_network(plan["subnet"])
    assert ip_address(place) not in ip_network(plan["ip_range"]), "nobody else may get it"


def test_who_trains_or_tries_things_out_leaves_the_processor_to_who_answers(services):
    shares = {name: service.get("cpu_shares", 1024) for name, service in services.items()}
    least = {"processing", "jupyterlab", "backup"}
    assert {name for name, share in shares.items() if share < 1024} == least
    assert max(shares["processing"], shares["jupyterlab"]) <= shares["prediction"] / 8


def test_no_service_can_do_more_than_it_needs(services):
    assert breaking(services, lambda service: service.get("read_only"), but=WRITABLE) == []
    assert breaking(services, lambda service: service.get("cap_drop") == ["ALL"]) == []
    assert breaking(services, lambda service: not service.get("cap_add"), but=CAPABLE) == []
    assert (
        breaking(
            services, lambda service: service.get("security_opt") == ["no-new-privileges:true"]
        )
        == []
    )
    assert breaking(services, lambda service: not service.get("privileged")) == []


def test_nobody_is_root_without_a_reason(services):
    def has_a_user(service):
        image = service.get("image", "").partition(":")[0]
        if service.get("user") == "root":
            return False
        return (
            is_built_here(service)
            or service.get("user", "root") not in ("root", "0")
            or image in OWN_USER
        )

    assert breaking(services, has_a_user, but=AS_ROOT) == []
    last = {
        file.parent.name: re.findall(r"^USER (\S+)", file.read_text(), re.MULTILINE)[-1:]
        for file in dockerfiles()
    }
    assert {name for name, user in last.items() if user in ([], ["root"], ["0"])} == set()


def test_only_the_gateway_can_be_reached_and_only_from_this_machine(services):
    assert breaking(services, lambda service: not service.get("ports")) == ["gateway"]
    assert breaking(services, lambda s: s.get("network_mode") in (None, "none")) == []
    assert {port.get("host_ip") for port in services["gateway"]["ports"]} == {"127.0.0.1"}


def test_only_a_filter_without_a_network_has_dockers_socket(services):
    def mounts(service: dict) -> str:
        return json.dumps(service.get("volumes", []))

    assert breaking(services, lambda service: "docker.sock" not in mounts(service)) == [
        "autoscaler-filter"
    ]
    assert services["autoscaler-filter"]["network_mode"] == "none"
    shared = [name for name, one in services.items() if '"source": "autoscaler"' in mounts(one)]
    assert sorted(shared) == ["autoscaler", "autoscaler-filter"]


def test_the_networks_share_one_block_and_leave_room_for_replicas(project):
    networks = json.loads(config(project).stdout)["networks"]
    block = ip_network(f"{variables(project)['NETWORK']}.0/24")
    subnets = {
        name: ip_network(one["ipam"]["config"][0]["subnet"]) for name, one in networks.items()
    }
    assert [name for name, subnet in subnets.items() if not subnet.subnet_of(block)] == []
    assert [
        pair for pair in combinations(subnets, 2) if subnets[pair[0]].overlaps(subnets[pair[1]])
    ] == []
    assert min(subnets[name].num_addresses for name in ("prediction", "storage")) >= 64


def test_no_network_is_too_small_for_who_is_on_it(project, services):
    networks = json.loads(config(project).stdout)["networks"]
    for name, network in networks.items():
        members = [one for one in services.values() if name in one.get("networks", {})]
        # The network's own address, its broadcast, the host's, and one to spare for `compose run`.
        assert ip_network(network["ipam"]["config"][0]["subnet"]).num_addresses >= len(members) + 4


def test_what_is_inside_is_reached_without_the_proxy_of_dockers_settings(project, services):
    """By name, by a name on a network, and by address; and what the owner exempts stays exempt."""
    done = config(project, PROXY_EXCEPTIONS=".example.org")
    services = json.loads(done.stdout)["services"]
    text = UNBAKED.joinpath("compose.yaml").read_text(encoding="utf-8")
    aliases = re.findall(r"aliases: \[([\w-]+)\]", text)
    networks = re.findall(r"[\w-]+\.\$\{COMPOSE_PROJECT_NAME\}(_[\w-]+)", text)
    name, block = variables(project)["COMPOSE_PROJECT_NAME"], variables(project)["NETWORK"]
    servers = services.keys() - JOBS - {"processing-daemon", "autoscaler-filter"}
    inside = servers | {*aliases, f"{block}.0/24", "localhost", "127.0.0.1", ".example.org"}
    inside |= {f".{name}{network}" for network in networks}
    for service, one in services.items():
        direct = one["environment"]["NO_PROXY"].split(",")
        assert inside - set(direct) == set() and "" not in direct, service
        assert one["environment"]["no_proxy"] == one["environment"]["NO_PROXY"]


def test_every_image_and_package_can_come_from_a_mirror(project):
    mirror = {"IMAGE_REGISTRY": "mirror.example/", "PACKAGE_INDEX": "https://mirror.example/simple"}
    services = json.loads(config(project, **mirror).stdout)["services"]
    images = [one["image"] for one in services.values() if not is_built_here(one)]
    assert images and [image for image in images if not image.startswith("mirror.example/")] == []
    args = [one["build"]["args"] for one in services.values() if "build" in one]
    assert {arg["UV_DEFAULT_INDEX"] for arg in args} == {"https://mirror.example/simple"}
    for file in dockerfiles():
        text = file.read_text()
        assert set(re.findall(r"^FROM (\S*?)library/", text, re.MULTILINE)) == {"${IMAGE_REGISTRY}"}
        assert "pip install" not in text or "ARG PIP_INDEX_URL UV_DEFAULT_INDEX" in text


def test_another_project_of_the_same_name_can_be_told_from_this_one_by_its_volumes(project):
    volumes = json.loads(config(project).stdout)["volumes"].values()
    assert {one["labels"]["slipway.project"] for one in volumes} == {
        variables(project)["PROJECT_ID"]
    }


def test_a_domain_opens_80_and_443_and_nothing_else(project):
    ports = json.loads(config(project, DOMAIN="flights.example.org").stdout)["services"]["gateway"][
        "ports"
    ]
    assert {port["published"] for port in ports if port.get("host_ip") != "127.0.0.1"} == {
        "80",
        "443",
    }


def test_a_part_that_is_always_there_needs_no_part_that_can_be_switched_off(services):
    optional = {name for name, service in services.items() if service.get("profiles")}
    assert optional
    always = {name: service for name, service in services.items() if name not in optional}
    assert (
        breaking(always, lambda service: not optional & service.get("depends_on", {}).keys()) == []
    )


def test_each_password_in_the_platform_is_a_secret_of_this_project(project, services):
    """A value that stands in the compose file would be everybody's."""
    settings = variables(project)
    ours = {settings[name] for name in secret_names()}
    foreign = [
        (name, variable)
        for name, service in services.items()
        for variable, value in (service.get("environment") or {}).items()
        if HIDDEN.search(variable)
        and not variable.startswith(("ALERT_", "SOURCE_", "AWS_"))
        and value not in ours
    ]
    assert foreign == []


def test_addresses_with_a_password_hold_a_secret_of_this_project(project, services):
    ours = {variables(project)[name] for name in secret_names()}
    addresses = [
        v
        for s in services.values()
        for v in (s.get("environment") or {}).values()
        if "@" in (v or "")
    ]
    passwords = [re.search(r"://[^:]+:([^@]+)@", address)[1] for address in addresses]
    assert passwords and set(passwords) <= ours


def test_without_env_compose_says_what_to_do(project, tmp_path):
    shutil.copytree(project, tmp_path / "clone", ignore=shutil.ignore_patterns(".env", ".venv"))
    done = config(tmp_path / "clone")
    assert done.returncode != 0
    assert "COMPOSE_PROJECT_NAME" in done.stderr and "run make env" in done.stderr


@pytest.mark.parametrize("name", secret_names())
def test_an_empty_secret_is_refused_by_name(project, name):
    done = config(project, **{name: ""})
    assert done.returncode != 0
    assert name in done.stderr and "run make env" in done.stderr


def test_the_project_names_its_containers_networks_and_volumes(tmp_path):
    """So that renaming the folder loses nothing, and two projects share nothing."""
    project = bake(tmp_path / "here", "project_slug=lake")
    renamed = project.rename(tmp_path / "renamed")
    read = json.loads(config(renamed).stdout)
    assert read["name"] == "lake"
    assert [name for name, service in read["services"].items() if "container_name" in service] == []
