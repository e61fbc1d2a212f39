"""Configuration of JupyterLab behind the gateway: sign-in, address, and what is switched off."""

import os
from hmac import compare_digest

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

TOKEN = os.environ["JUPYTERLAB_TOKEN"]
if not TOKEN:
    raise SystemExit("JUPYTERLAB_TOKEN is empty. Run `make env`, then `make up`.")

HOURS = 3600
MEGABYTES = 1 << 20


class SignedInAtGateway(IdentityProvider):
    """Accepts whoever the gateway lets through as the owner: it adds the token to their requests.

    The token thus says nothing about which page a request comes from, so unlike Jupyter's own this
    provider keeps the check of origins, and it never hands the token to the browser.
    """

    token = ""
    # Jupyter's are properties without a type, so the checker takes True for all they may be.
    auth_enabled = True  # pyrefly: ignore[bad-override]
    login_available = logout_available = False  # pyrefly: ignore[bad-override]

    def get_user(self, handler) -> User | None:
        """Return the owner if the request has the token, otherwise None."""
        header = handler.request.headers.get("Authorization", "")
        authorized = compare_digest(header.encode(), f"token {TOKEN}".encode())
        return User("owner") if authorized else None


class Connection(ZMQChannelsWebsocketConnection):
    """Says what the author of a cell can do; Jupyter's own text names an option of the server."""

    def write_stderr(self, error_message: str, parent_header) -> None:  # noqa: ARG002, Jupyter's
        """Show this instead of Jupyter's advice below a cell that prints too fast."""
        text = (
            "This cell prints faster than the page can show it, so some of its output was left "
            "out; it goes on running. Print less, or write to a file."
        )
        super().write_stderr(text, parent_header)


c = get_config()  # noqa: F821, Jupyter defines it  # pyrefly: ignore[unknown-name]

c.ServerApp.logging_config = {"formatters": {"console": {"class": "core.logs.JsonLine"}}}
c.ServerApp.identity_provider_class = SignedInAtGateway
c.ServerApp.disable_check_xsrf = True  # needs a cookie; the check of origins does the same without
c.ServerApp.ip = os.environ["LISTEN"]
c.ServerApp.port = 8888
c.ServerApp.port_retries = 0
c.ServerApp.allow_remote_access = True
c.ServerApp.open_browser = False
c.ServerApp.root_dir = "/notebooks"
c.ServerApp.jpserver_extensions = {"jupyter_lsp": False, "notebook_shim": False}

# What comes in one piece is held in memory several times; the page uploads files in small ones.
c.ServerApp.max_body_size = c.ServerApp.max_buffer_size = 64 * MEGABYTES

# The page asks before it deletes, and has no way to empty a trash.
c.FileContentsManager.delete_to_trash = False
c.FileContentsManager.always_delete_dir = True

c.ServerApp.kernel_websocket_connection_class = Connection
c.ZMQChannelsWebsocketConnection.iopub_data_rate_limit = 10 * MEGABYTES  # a second

# As in kernel.json: the server and watch.py have the processor first (chrt --idle), and what a
# kernel or terminal starts stays below it (tini -s), also what leaves its session, so that watch.py
# knows whose it is.
BOUNDED = ["chrt", "--idle", "0", "tini", "-s", "-g", "-p", "SIGKILL", "--"]
c.ServerApp.terminado_settings = {"shell_command": [*BOUNDED, "bash"]}

c.LabApp.extension_manager = "readonly"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"

# A kernel that nobody uses gives its memory back, also when its tab was left open.
c.MappingKernelManager.cull_idle_timeout = 4 * HOURS
c.MappingKernelManager.cull_connected = True
c.TerminalManager.cull_inactive_timeout = 4 * HOURS
