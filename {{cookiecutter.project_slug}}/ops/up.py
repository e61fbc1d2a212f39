"""Start the platform, wait for its first answer, and print its addresses."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ops import api, ask, compose, dotenv, images, preflight, refresh, release

PATIENCE = 900  # seconds for the first model; on 2 cores it takes about 90


def check() -> None:
    """End here if something would keep the platform from starting."""
    if problems := preflight.problems():
        sys.exit("\n  - ".join(["Nothing was started:", *problems]))


def start(take_images: Callable[[], dict[str, str]]) -> None:
    """Start everything from these images, prediction without a pause, and wait until it is healthy.

    `take_images` builds or chooses them, and returns the ids of those that they replace.
    """
    refresh.remove_switched_off()
    with autoscaler_held():
        replaced = take_images()
        try:
            release.replace()
        except release.Refused as reason:
            images.tag(replaced, "latest")
            sys.exit(f"The release was refused, and the one before goes on answering. {reason}")
        images.tag(replaced, "previous")
        start_the_rest()
    refresh.reread_edited_files()
    images.prune()


def start_the_rest() -> None:
    """Start what does not run, and wait until everything is healthy."""
    if compose.attempt("up", "--detach", "--wait", "--wait-timeout", "600").returncode:
        failed = {
            container["Service"]
            for container in compose.containers()
            if container.get("Health") == "unhealthy" or container["ExitCode"]
        }
        logs = " ".join(["docker compose logs", *sorted(failed)])
        sys.exit(f"Not everything started. `{logs}` shows why.")


@contextmanager
def autoscaler_held() -> Iterator[None]:
    """Stop the autoscaler meanwhile: it would stop replicas that are waited for."""
    held = compose.has_running("autoscaler")
    if held:
        compose.run("stop", "autoscaler")
    try:
        yield
    except SystemExit:
        if held:
            compose.attempt("start", "autoscaler")
        raise


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
        (f"{base}/logs/", "logs", "logs" in profiles),
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
    start(images.build)
    wait_for_model()
    ask.main()
    print(f"\n{addresses()}")


if __name__ == "__main__":
    main()
