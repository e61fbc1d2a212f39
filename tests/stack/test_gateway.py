"""The one way in: who gets through it, what it takes away, and what it does with an edited file."""

import base64
import http.client
import json
import re
import socket
import ssl
import subprocess
import time

import httpx
import pytest
from running import free_ports, until

TOOLS = [
    "/",
    "/docs",
    "/openapi.json",
    "/pipelines/",
    "/dashboard/",
    "/prometheus/-/ready",
    "/status/model",
]
LINK = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}
"""What a browser sends when somebody follows a link on another site."""


def test_up_says_nothing_but_up(stack):
    reply = httpx.get(f"{stack.url}/up")
    assert (reply.status_code, reply.text) == (200, "")


@pytest.mark.parametrize("path", TOOLS)
def test_tools_are_for_those_who_signed_in(stack, visitor, path):
    assert httpx.get(stack.url + path).status_code == 401
    wrong = httpx.get(stack.url + path, auth=(stack.owner[0], "wrong"), timeout=30)
    assert wrong.status_code in (401, 429), "refused, or slowed down by now"
    assert visitor.get(path, follow_redirects=True).status_code == 200


def test_jupyterlab_is_for_those_who_signed_in(stack):
    assert httpx.get(stack.lab_url).status_code == 401
    assert (
        httpx.get(f"{stack.lab_url}/lab", auth=stack.owner, follow_redirects=True).status_code
        == 200
    )


def test_a_person_is_let_in_by_make_user_and_the_dashboard_knows_the_name(stack):
    password = "a password of her own"
    made = stack.make("user", "NAME=ann", input=f"{password}\n")
    assert made.returncode == 0, made.stdout
    until(
        lambda: httpx.get(f"{stack.url}/", auth=("ann", password)).status_code == 200,
        15,
        "ann may sign in",
    )
    forged = {"X-WEBAUTH-USER": "admin"}
    reply = httpx.get(f"{stack.url}/dashboard/api/user", auth=("ann", password), headers=forged)
    assert reply.json()["login"] == "ann"


@pytest.mark.parametrize(
    "marks",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_what_another_site_sends_with_a_visitors_sign_in_is_refused(stack, marks):
    for url in (stack.url + "/pipelines/", stack.lab_url + "/api"):
        reply = httpx.get(url, auth=stack.owner, headers=marks)
        assert reply.status_code == 403 and "another site" in reply.text


def test_following_a_link_from_another_site_works(stack):
    assert httpx.get(stack.url + "/", auth=stack.owner, headers=LINK).status_code == 200


@pytest.mark.parametrize("path", ["/pipelines/", "/dashboard/", "/prometheus/-/ready"])
def test_a_link_from_elsewhere_opens_a_page(visitor, path):
    assert visitor.get(path, headers=LINK, follow_redirects=True).status_code == 200


def test_no_link_changes_the_pipeline(stack):
    change = "?query=mutation{reloadWorkspace{__typename}}"
    ask = {"auth": stack.owner, "headers": LINK}
    for path in ("/pipelines/graphql", "/pipelines//graphql", "/pipelines/%67raphql"):
        assert httpx.get(stack.url + path + change, **ask).status_code == 403
        assert httpx.get(stack.url + path + change, auth=stack.owner).status_code == 403
    assert httpx.post(stack.url + "/pipelines/graphql" + change, **ask).status_code == 403


def test_only_our_own_names_are_answered(stack):
    others = ("evil.example", "gateway", "0.0.0.0", "127.0.0.1.evil.example", "raw.localhost")
    for port in ("GATEWAY_PORT", "LAB_PORT", "STORAGE_PORT"):
        url = f"http://127.0.0.1:{stack.settings[port]}/up"
        for name in others:
            reply = httpx.get(url, headers={"Host": name}, auth=stack.owner)
            assert reply.status_code == 421 and "path style" in reply.text
        for name in ("localhost", "[::1]:8080"):
            assert httpx.get(url, headers={"Host": name}, auth=stack.owner).status_code != 421


def test_guesses_are_slowed_and_logged_whether_the_name_is_known_or_not(stack):
    """Who has signed in before is not slowed by anybody's guesses."""
    stack.compose("restart", "gateway-signin")
    until(lambda: httpx.get(stack.url, auth=stack.owner).status_code == 200, 60, "signed in")
    seconds = {stack.owner[0]: [], "nobody": []}
    for number in range(4):
        for name, times in seconds.items() if number % 2 else reversed(seconds.items()):
            begun = time.monotonic()
            reply = httpx.get(stack.url, auth=(name, f"guess {number}"), timeout=30)
            times.append(time.monotonic() - begun)
            if reply.status_code == 429:
                times.pop()
    known, unknown = min(seconds[stack.owner[0]]), min(seconds["nobody"])
    assert max(known, unknown) < 2 * min(known, unknown), seconds
    assert reply.status_code == 429 and int(reply.headers["Retry-After"]) > 0
    assert httpx.get(stack.url, auth=stack.owner).status_code == 200
    log = stack.compose("logs", "gateway-signin").stdout
    assert re.search(r"[\d.]+ was refused as 'nobody'", log) and "guess" not in log


def test_a_refused_api_key_is_logged_without_the_key(stack):
    key = "slipway_" + "x" * 38
    assert httpx.get(f"{stack.url}/v1/model", headers={"Authorization": key}).status_code == 401
    with stack.api(key) as api:
        assert api.get("/v1/model").status_code == 401

    def lines() -> list[str]:
        log = stack.compose("logs", "--no-log-prefix", "gateway").stdout.splitlines()
        return [line for line in log if '"status":401' in line]

    line = json.loads(until(lines, 10, "the refusal is logged")[-1])
    assert line["request"]["client_ip"] and "x" * 38 not in json.dumps(line)


def websocket(url: str, path: str, who: tuple[str, str]) -> socket.socket:
    """Open a websocket as this person, and leave it to itself."""
    word = base64.b64encode(":".join(who).encode()).decode()
    host = httpx.URL(url)
    opened = socket.create_connection((host.host, host.port), 20)
    opened.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {host.netloc.decode()}\r\nAuthorization: Basic {word}\r\n"
        f"Origin: {url}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Protocol: graphql-ws\r\n\r\n".encode()
    )
    assert opened.recv(4096).startswith(b"HTTP/1.1 101"), path
    return opened


def test_a_removed_persons_websockets_end_within_seconds(stack):
    who = ("bob", "a password of his own")
    made = stack.make("user", "NAME=bob", input=f"{who[1]}\n")
    assert made.returncode == 0, made.stdout
    until(lambda: httpx.get(stack.url, auth=who, timeout=30).status_code == 200, 30, "bob is in")
    time.sleep(5)  # the reload that his coming caused
    with httpx.Client(base_url=stack.lab_url, auth=who, timeout=30) as lab:
        kernel = lab.post("/api/kernels", json={"name": "python3"}).json()["id"]
    sockets = [
        websocket(stack.lab_url, f"/api/kernels/{kernel}/channels?session_id=b", who),
        websocket(stack.url, "/pipelines/graphql", who),
    ]
    users = stack.project / "access" / "users"
    users.write_text(re.sub(r"(?m)^bob .*\n", "", users.read_text()))
    for opened in sockets:
        opened.settimeout(15)
        while opened.recv(65536):
            pass
    assert httpx.get(stack.url, auth=who, timeout=30).status_code in (401, 429)
    with httpx.Client(base_url=stack.lab_url, auth=stack.owner) as lab:
        assert lab.delete(f"/api/kernels/{kernel}").status_code == 204, "his kernel went on"


def test_temporary_storage_keys_are_not_given_out(stack):
    form = {"Action": "AssumeRole", "Version": "2011-06-15", "DurationSeconds": "31536000"}
    url = f"http://127.0.0.1:{stack.settings['STORAGE_PORT']}/"
    assert httpx.post(url, data=form).status_code == 403
    assert "make storage-key" in httpx.post(url, data=form).text


def test_a_tool_sees_neither_cookie_nor_password(stack):
    """Let a server in JupyterLab's place write down what the gateway passes on."""
    listener = """
import http.server, json, socket
class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
import os
http.server.HTTPServer((os.environ["LISTEN"], 8888), Echo).serve_forever()
"""
    stack.compose("stop", "jupyterlab")
    name = f"{stack.settings['COMPOSE_PROJECT_NAME']}-echo"
    command = [
        "run",
        "--detach",
        "--rm",
        "--use-aliases",
        "--name",
        name,
        "jupyterlab",
        "python",
        "-c",
        listener,
    ]
    listen = f"LISTEN={name}.{stack.settings['COMPOSE_PROJECT_NAME']}_jupyterlab"
    stack.compose(*command[:2], "--env", listen, *command[2:])
    try:
        cookies = {"grafana_session": "stolen", "anything": "else"}

        def received() -> dict:
            with httpx.Client(auth=stack.owner, cookies=cookies) as client:
                return client.get(f"{stack.lab_url}/echo").raise_for_status().json()

        headers = {
            key.lower(): value for key, value in until(received, 30, "the listener answers").items()
        }
        assert "cookie" not in headers
        assert headers["authorization"] == f"token {stack.settings['JUPYTERLAB_TOKEN']}"
        seen = json.dumps(headers)
        assert stack.owner[1] not in seen
        assert base64.b64encode(":".join(stack.owner).encode()).decode() not in seen
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True)
        stack.compose("up", "--detach", "--wait", "--no-deps", "jupyterlab")


def test_prometheus_can_only_be_read(visitor):
    assert visitor.post("/prometheus/-/quit").status_code in (403, 404, 405)
    assert visitor.post("/prometheus/-/reload").status_code in (403, 404, 405)


def test_storage_is_not_administered_from_outside(stack):
    assert (
        httpx.get(
            f"http://127.0.0.1:{stack.settings['STORAGE_PORT']}/minio/v2/metrics/cluster"
        ).status_code
        == 403
    )


def test_an_edited_caddyfile_takes_effect_by_itself(stack):
    file = stack.project / "gateway" / "platform.Caddyfile"
    before = file.read_text()
    try:
        file.write_text(
            before.replace(
                "handle /up {\n\t\trespond 200", "handle /up {\n\t\trespond edited 200", 1
            )
        )
        until(lambda: httpx.get(f"{stack.url}/up").text == "edited", 15, "the edit takes effect")
    finally:
        file.write_text(before)
    until(lambda: httpx.get(f"{stack.url}/up").text == "", 15, "and so does taking it back")


def test_with_a_domain_everything_is_tls_and_a_key_over_plain_http_is_refused(stack):
    http_port, https_port = free_ports(2)
    domain = "flights.example.org"
    public = {
        "DOMAIN": domain,
        "CERTIFICATES": "internal",
        "PUBLIC_HTTP": f"127.0.0.1:{http_port}:8080",
        "PUBLIC_HTTPS": f"127.0.0.1:{https_port}:8443",
    }
    import os

    try:
        stack.compose("up", "--detach", "--wait", "--no-deps", "gateway", env=os.environ | public)
        authority = stack.compose(
            "exec",
            "-T",
            "gateway",
            "sh",
            "-c",
            "cat $XDG_DATA_HOME/caddy/pki/authorities/local/root.crt",
        ).stdout
        trust = ssl.create_default_context(cadata=authority)

        def ask(
            path: str, host: str = domain, tls: bool = True, **headers
        ) -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection(
                host, https_port if tls else http_port, timeout=20
            )
            connection.sock = socket.create_connection(
                ("127.0.0.1", https_port if tls else http_port), 20
            )
            if tls:
                connection.sock = trust.wrap_socket(connection.sock, server_hostname=host)
            connection.request("GET", path, headers=headers | {"Host": host})
            return connection.getresponse()

        key = {"Authorization": f"Bearer {stack.settings['API_KEY']}"}
        until(lambda: ask("/v1/model", **key).status == 200, 60, "the API answers over TLS")
        assert ask("/").status == 401
        assert ask("/", host=f"lab.{domain}").status == 401
        assert ask("/raw", host=f"s3.{domain}").status == 403
        refused = ask("/v1/model", tls=False, **key)
        assert refused.status == 403 and "https" in refused.read().decode()
        redirected = ask("/", tls=False)
        assert redirected.status == 301 and redirected.headers["Location"] == f"https://{domain}/"
    finally:
        stack.compose("up", "--detach", "--wait", "--no-deps", "gateway")
    until(lambda: httpx.get(f"{stack.url}/up").status_code == 200, 30, "the gateway is back")


def test_docs_take_everything_from_here(stack, visitor):
    page = visitor.get("/docs").text
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert assets
    assert [asset for asset in assets if asset.startswith(("http:", "https:", "//"))] == []
    assert all(
        visitor.get(httpx.URL(f"{stack.url}/docs").join(asset)).status_code == 200
        for asset in assets
    )
    schema = visitor.get("/openapi.json").json()
    question = schema["components"]["schemas"]["Question"]
    assert question["properties"]["distance"]["unit"] == "miles"
    assert question["properties"]["distance"]["minimum"] == 10


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://shop.example.org", 204), ("https://shop.example", 403), ("null", 403)],
)
def test_a_page_elsewhere_asks_the_api_only_if_its_origin_is_allowed(api, origin, status):
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    first = api.request("OPTIONS", "/v1/predict", headers=asks)
    assert first.status_code == status
    assert status == 204 or "ALLOWED_ORIGINS" in first.json()["detail"]
    for answer in (first, api.get("/v1/model", headers={"Origin": origin})):
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        assert allowed == (origin if status == 204 else None)
