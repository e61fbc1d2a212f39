"""The prototype: the whole pipeline and the API on this machine, without Docker.

Until it is stopped it looks for new files as the platform does, and the API answers with the models
that they lead to. With `--once` it stops after the first answer.
"""

import os
import socket
import subprocess
import sys
import time

from ops import api, ask, dotenv, virtualenv


def free_port() -> int:
    """Return 8000 if it is free, otherwise any other port."""
    for port in (8000, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as listener:
                return listener.getsockname()[1]
        except OSError:
            continue
    raise OSError("no port is free")


def start(*module: str, **variables: str) -> subprocess.Popen:
    """Start a module of the project as a process of its own."""
    return subprocess.Popen(
        [virtualenv.PYTHON, "-m", *module], cwd=dotenv.PROJECT, env=os.environ | variables
    )


def wait_until_ready(service: subprocess.Popen, port: int) -> None:
    """Return when the API answers with a model. If it can't, end with its last problem."""
    reason = ""
    for _ in range(300):
        try:
            api.call("/v1/model", port=port)
            return
        except api.ApiProblem as problem:
            reason = str(problem)
        if service.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(
        f"The API does not answer: {reason}\nIf no model was promoted, the steps `candidate` and "
        "`champion` above say why. Add rows with `make add`, or change model/, and try again."
    )


def serve(port: int, once: bool) -> None:
    """Start the API, ask it, and keep it running until someone presses Ctrl-C."""
    service = start("prediction", PORT=str(port))
    processes = [service]
    try:
        wait_until_ready(service, port)
        print(f"\nThe API answers at {api.base(port)}, with its page at {api.base(port)}/docs.\n")
        question = ask.ask(port)
        if not once:
            ask.show_how(question, port)
            print("\nNew files in data/raw/ are learned from: `make add FILE=…`.", flush=True)
            print("Ctrl-C ends it.", flush=True)
            processes.append(start("processing.run", "--again", **virtualenv.source_variables()))
            service.wait()
    except KeyboardInterrupt:
        print()
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def main() -> None:
    dotenv.main()
    python = virtualenv.ready()
    print("The pipeline, on the folder data/:", flush=True)
    virtualenv.run(python, "-m", "processing.run")
    serve(free_port(), once="--once" in sys.argv)


if __name__ == "__main__":
    main()
