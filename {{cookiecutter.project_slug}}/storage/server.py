"""The storage server as its root user sees it."""

import os
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import urllib3
from minio import Minio, MinioAdmin
from minio.credentials import StaticProvider
from minio.error import S3Error

WAIT_SECONDS = 60


def address() -> dict[str, Any]:
    """Return the address of storage as arguments of its clients."""
    url = urlsplit(os.environ.get("STORAGE_URL", "http://storage:9000"))
    http_client = urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=60), retries=False)
    return {"endpoint": url.netloc, "secure": url.scheme == "https", "http_client": http_client}


def client(user: str, secret: str) -> Minio:
    """Return a client that acts as this user."""
    region = os.environ.get("STORAGE_REGION", "us-east-1")
    return Minio(**address(), access_key=user, secret_key=secret, region=region)


def root_secret() -> str:
    """Return the root user's secret. Without one, end with a sentence."""
    secret = os.environ.get("STORAGE_ROOT_PASSWORD")
    return secret or sys.exit("Not set: STORAGE_ROOT_PASSWORD. Run `make env`.")


def root() -> Minio:
    """Return a client that acts as the root user."""
    return client("root", root_secret())


def admin() -> MinioAdmin:
    """Return the root user's client for users and policies."""
    return MinioAdmin(**address(), credentials=StaticProvider("root", root_secret()))


def accepts(user: str, secret: str) -> bool:
    """Return whether this secret is the user's, whatever the user's rights."""
    try:
        client(user, secret).list_buckets()
    except S3Error as error:
        return error.code == "AccessDenied"
    return True


def wait() -> None:
    """Return when storage answers its root user. If it does not, end with a sentence."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            root().list_buckets()
            return
        except S3Error as error:
            if error.code in ("SignatureDoesNotMatch", "InvalidAccessKeyId"):
                sys.exit("Storage was started with another STORAGE_ROOT_PASSWORD. Run `make up`.")
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.5)
    sys.exit(
        f"Storage has not answered for {WAIT_SECONDS} seconds. See `docker compose logs storage`."
    )
