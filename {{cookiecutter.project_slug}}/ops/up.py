"""Start the platform, wait for its first answer, and print its addresses."""

import sys
import time

from ops import api, ask, compose, dotenv, preflight, refresh

PATIENCE = 900  # seconds for the first model; on 2 cores it takes about 90


def check() -> None:
    """End here if something would keep the platform from starting."""
    if problems := preflight.problems():
        sys.exit("\n  - ".join(["Nothing was started:", *problems]))


def start() -> None:
    """Build and start everything, and wait until it is healthy."""
    refresh.remove_switched_off()
    hold_the_autoscaler()
    if compose.attempt("up", "--detach", "--build", "--wait", "--wait-timeout", "600").returncode:
        failed = {
            container["Service"]
            for container in compose.containers()
            if container.get("Health") == "unhealthy" or container["ExitCode"]
        }
        compose.attempt("start", "autoscaler", capture_output=True)
        logs = " ".join(["docker compose logs", *sorted(failed)])
        sys.exit(f"Not everything started. `{logs}` shows why.")
    refresh.reread_edited_files()


def hold_the_autoscaler() -> None:
    """Stop it if it runs: it would stop replicas that are waited for. `up` starts it again."""
    if compose.has_running("autoscaler"):
        compose.run("stop", "autoscaler")


def wait_for_model() -> None:
    """Return as soon as a model answers, and show meanwhile that time passes."""
    started = time.monotonic()
    while True:
        try:
            api.call("/v1/model")
            return show("")
        except api.ApiProblem as problem:
            waited = time.monotonic() - started
            if waited > PATIENCE or problem.status in (401, 403):
                show("")
                runs = f"{api.base()}/pipelines/"
                sys.exit(f"No model yet: {problem} Look at the runs at {runs} and at `make logs`.")
        show(f"The first model is being trained: {waited:.0f} s")
        time.sleep(1)


def show(text: str) -> None:
    """Show progress on one line that is overwritten; a log file gets no such lines."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{text}", end="", flush=True)


def addresses() -> str:
    """Return the platform's addresses, and how to sign in."""
    settings = dotenv.values()
    profiles, domain = settings["COMPOSE_PROFILES"].split(","), settings["DOMAIN"]
    base = api.base()
    lab = f"https://lab.{domain}" if domain else f"http://localhost:{settings['LAB_PORT']}"
    s3 = f"https://s3.{domain}" if domain else f"http://localhost:{settings['STORAGE_PORT']}"
    rows = [
        (f"{base}/", "front page: the parts, the model, how to ask it", True),
        (f"{base}/docs", "the API", True),
        (f"{base}/pipelines/", "the pipeline and its runs", True),
        (f"{base}/dashboard/", "boards", "dashboard" in profiles),
        (f"{base}/prometheus/", "metrics", "monitoring" in profiles),
        (f"{lab}/", "JupyterLab", "jupyterlab" in profiles),
        (s3, "storage, for S3 clients", True),
    ]
    lines = [f"  {address:<38} {purpose}" for address, purpose, present in rows if present]
    user = settings["ADMIN_USER"]
    sign_in = f"Sign in as {user}; the password is ADMIN_PASSWORD in .env."
    return "\n".join([*lines, "", sign_in])


def main() -> None:
    dotenv.main()
    if overruled := dotenv.from_the_shell():
        print(f"Taken from this shell, not from .env: {', '.join(overruled)}.", flush=True)
    check()
    start()
    wait_for_model()
    ask.main()
    print(f"\n{addresses()}")


if __name__ == "__main__":
    main()
