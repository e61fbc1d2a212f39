"""Who asks: the API key in the header `Authorization: Bearer KEY`."""

from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from core.keys import ApiKey
from prediction.keys import Keys

bearer = HTTPBearer(scheme_name="Bearer", description="An API key, `slipway_…`", auto_error=False)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


class KeyWith:
    """A dependency: the client's API key, which must have this right, or be any key for None."""

    def __init__(self, keys: Keys, right: str | None):
        self.keys = keys
        self.right = right

    async def __call__(self, request: Request, credentials: Credentials) -> ApiKey:
        """Return the key. Raise a Problem if there is none, or if it lacks the right."""
        key = self.keys.check(credentials.credentials if credentials else None, self.right)
        request.scope["client_name"] = key.name
        return key
