"""Follow the logs of all parts, or of those in SERVICE, until someone presses Ctrl-C."""

from contextlib import suppress

from ops import arguments, compose

if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        compose.run("logs", "--follow", "--tail", "200", *arguments.optional("SERVICE").split())
