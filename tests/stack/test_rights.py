"""Each service's own key and role: what it may do works, the servers refuse all else."""

import database_rights
import storage_rights
from minio import Minio


def test_storage_refuses_what_is_not_a_services_own(stack):
    services = {
        name: stack.settings[f"{name.upper()}_STORAGE_SECRET"]
        for name in ("processing", "prediction", "jupyterlab")
    }
    storage_rights.check(
        f"http://{stack.address('storage')}:9000", services, stack.settings["STORAGE_ROOT_PASSWORD"]
    )


def test_the_database_refuses_what_is_not_a_roles_own(stack):
    roles = {
        name: stack.settings[f"{name.upper()}_DATABASE_PASSWORD"]
        for name in database_rights.MAY_ENTER
    }
    database_rights.check(stack.address("database"), 5432, roles)


def test_a_storage_key_for_another_application_works_through_the_gateway_and_only_as_told(stack):
    secret = stack.storage_key("reports", "raw:write,predictions:read")
    client = storage_rights.client(stack.storage_url, "reports", secret)
    deeds = {
        (deed, name): act
        for name in storage_rights.BUCKETS
        for deed, act in storage_rights.deeds(client, name)
    }
    root = storage_rights.client(
        f"http://{stack.address('storage')}:9000", "root", stack.settings["STORAGE_ROOT_PASSWORD"]
    )
    try:
        for name in storage_rights.BUCKETS:
            storage_rights.put(root, name, "proof/object")
        done = {deed for deed, act in deeds.items() if storage_rights.allowed(act)}
        assert {("write", "raw"), ("read", "predictions")} <= done
        assert not {deed for deed in done if deed[1] in ("models", "processed", "notebooks")}
        assert not {("delete", "raw"), ("write", "predictions"), ("read", "raw")} & done
        # As most people write it: without a region, so it asks where the bucket is.
        plain = Minio(
            f"127.0.0.1:{stack.settings['STORAGE_PORT']}", "reports", secret, secure=False
        )
        assert storage_rights.allowed(storage_rights.put, plain, "raw", "proof/object")
    finally:
        storage_rights.clean(root)
