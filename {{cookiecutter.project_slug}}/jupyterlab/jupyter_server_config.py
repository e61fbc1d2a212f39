"""Configuration of JupyterLab behind the gateway: sign-in, address, and what is switched off."""

import os
from hmac import compare_digest

from jupyter_server.auth.identity import IdentityProvider, User

TOKEN = os.environ["JUPYTERLAB_TOKEN"]
if not TOKEN:
    raise SystemExit("JUPYTERLAB_TOKEN is empty. Run `make env`, then `make up`.")

HOURS = 3600


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


c = get_config()  # noqa: F821, Jupyter defines it  # pyrefly: ignore[unknown-name]

c.ServerApp.identity_provider_class = SignedInAtGateway
c.ServerApp.disable_check_xsrf = True  # needs a cookie; the check of origins does the same without
c.ServerApp.ip = os.environ["LISTEN"]
c.ServerApp.port = 8888
c.ServerApp.port_retries = 0
c.ServerApp.allow_remote_access = True
c.ServerApp.open_browser = False
c.ServerApp.root_dir = "/notebooks"
c.ServerApp.jpserver_extensions = {"jupyter_lsp": False, "notebook_shim": False}

c.LabApp.extension_manager = "readonly"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"

# A kernel that nobody uses gives its memory back, also when its tab was left open.
c.MappingKernelManager.cull_idle_timeout = 4 * HOURS
c.MappingKernelManager.cull_connected = True
c.TerminalManager.cull_inactive_timeout = 4 * HOURS
