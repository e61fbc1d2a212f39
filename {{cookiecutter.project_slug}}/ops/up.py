"""Start the platform, wait for its first answer, and say where to go."""

import sys
import time

from ops import api, ask, compose, dotenv, preflight, refresh

PATIENCE = 900  # seconds for the first model; on 2 cores it takes about 90


def check() -> None:
    """End here if something would keep the platform from starting."""
    if found := preflight.problems():
        sys.exit("\n".join(["Nothing was started:", *(f"  - {problem}" for problem in found)]))


def start() -> None:
    """Build and start everything, and wait until it is healthy."""
    refresh.remove_switched_off()
    if compose.attempt("up", "--detach", "--build", "--wait", "--wait-timeout", "600").returncode:
        ill = [
            one["Service"]
            for one in compose.containers()
            if one.get("Health") == "unhealthy" or one["ExitCode"]
        ]
        sys.exit(
            f"Not everything started. `docker compose logs {' '.join(sorted(set(ill)))}` says why."
        )
    refresh.reread_edited_files()


def wait_for_model() -> None:
    """Return as soon as a model answers, and show meanwhile that time passes."""
    started = time.monotonic()
    while True:
        try:
            api.call("/v1/model")
            return say("")
        except api.ApiProblem as problem:
            waited = time.monotonic() - started
            if waited > PATIENCE or problem.status in (401, 403):
                say("")
                sys.exit(
                    f"No model yet: {problem} Look at the runs at {api.base()}/pipelines/ and at `make logs`."
                )
        say(f"The first model is being trained: {waited:.0f} s")
        time.sleep(1)


def say(text: str) -> None:
    """Show how far things are, on one line that is overwritten; a log file gets no such lines."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{text}", end="", flush=True)


def addresses() -> str:
    """Where to go, and how to sign in."""
    settings = dotenv.values()
    parts, domain = settings["COMPOSE_PROFILES"].split(","), settings["DOMAIN"]
    base = api.base()
    lab = f"https://lab.{domain}" if domain else f"http://localhost:{settings['LAB_PORT']}"
    s3 = f"https://s3.{domain}" if domain else f"http://localhost:{settings['STORAGE_PORT']}"
    rows = [
        (f"{base}/", "front page: the parts, the model, how to ask it", True),
        (f"{base}/docs", "the API", True),
        (f"{base}/pipelines/", "the pipeline and its runs", True),
        (f"{base}/dashboard/", "boards", "dashboard" in parts),
        (f"{base}/prometheus/", "metrics", "monitoring" in parts),
        (f"{lab}/", "JupyterLab", "jupyterlab" in parts),
        (s3, "storage, for S3 clients", True),
    ]
    shown = "\n".join(f"  {address:<38} {what}" for address, what, present in rows if present)
    return (
        f"{shown}\n\nSign in as {settings['ADMIN_USER']}; the password is ADMIN_PASSWORD in .env."
    )


def main() -> None:
    dotenv.main()
    check()
    start()
    wait_for_model()
    ask.main()
    print(f"\n{addresses()}")


if __name__ == "__main__":
    main()
