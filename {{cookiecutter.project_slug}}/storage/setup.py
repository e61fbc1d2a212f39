"""Make the buckets, users and rights that are missing. Running it twice changes nothing."""

import json
import os
import sys
from collections.abc import Iterable, Iterator

from minio import Minio, MinioAdmin
from minio.commonconfig import ENABLED, Filter
from minio.lifecycleconfig import Expiration, LifecycleConfig, NoncurrentVersionExpiration, Rule
from minio.versioningconfig import VersioningConfig

from core.retention import REPLACED
from storage import server
from storage.rights import BUCKETS, SERVICES, VERSIONED, policy


def old_versions_expire(days: int) -> LifecycleConfig:
    """Return the rule that what was deleted or overwritten can be restored for so many days."""
    rule = Rule(
        rule_id="old-versions-go",
        status=ENABLED,
        rule_filter=Filter(prefix=""),
        expiration=Expiration(expired_object_delete_marker=True),
        noncurrent_version_expiration=NoncurrentVersionExpiration(noncurrent_days=days),
    )
    return LifecycleConfig([rule])


def bucket(root: Minio, name: str) -> Iterator[str]:
    """Make what this bucket lacks, and yield what was done."""
    if not root.bucket_exists(bucket_name=name):
        root.make_bucket(bucket_name=name)
        yield "made"
    if name in VERSIONED and root.get_bucket_versioning(bucket_name=name).status != ENABLED:
        root.set_bucket_versioning(bucket_name=name, config=VersioningConfig(ENABLED))
        yield "keeps versions from now on"
    days = REPLACED.get(name)
    if old_versions_go_after(root, name) == days:
        return
    if days is None:
        root.delete_bucket_lifecycle(bucket_name=name)
        yield "keeps old versions for ever"
    else:
        root.set_bucket_lifecycle(bucket_name=name, config=old_versions_expire(days))
        yield f"old versions expire after {days} days"


def old_versions_go_after(root: Minio, name: str) -> int | None:
    """Return after how many days storage deletes old versions in a bucket; None: it does not."""
    present = root.get_bucket_lifecycle(bucket_name=name)
    rules = [rule.noncurrent_version_expiration for rule in present.rules] if present else []
    return next((rule.noncurrent_days for rule in rules if rule), None)


def same_policy(first: dict, second: dict) -> bool:
    """Return whether two policies are equal but for their order, as storage sorts them."""

    def canonical(document):
        if isinstance(document, dict):
            return sorted((key, canonical(value)) for key, value in document.items())
        if isinstance(document, list):
            return sorted(map(canonical, document), key=repr)
        return document

    return canonical(first) == canonical(second)


def user(admin: MinioAdmin, name: str, secret: str, rights: Iterable[str]) -> Iterator[str]:
    """Make what this user lacks, and yield what was done. Its policy has its name."""
    required = policy(rights)
    present = json.loads(admin.policy_list()).get(name, {})
    if not same_policy(present, required):
        admin.policy_add(policy_name=name, policy=required)
        yield "rights set"
    if not server.accepts(name, secret):
        admin.user_add(access_key=name, secret_key=secret)
        yield "secret set"
    if json.loads(admin.user_list())[name].get("policyName") != name:
        admin.policy_set(policy_name=name, user=name)
        yield "rights given"


def secrets() -> dict[str, str]:
    """Return each service's secret from the environment. If one is missing, end."""
    names = {service: f"{service.upper()}_STORAGE_SECRET" for service in SERVICES}
    missing = [name for name in names.values() if not os.environ.get(name)]
    if missing:
        sys.exit(f"Not set: {', '.join(missing)}. Run `make env`.")
    return {service: os.environ[name] for service, name in names.items()}


def main() -> None:
    secret = secrets()
    server.wait()
    root, admin = server.root(), server.admin()
    for name in BUCKETS:
        report(f"bucket {name}", bucket(root, name))
    for name, rights in SERVICES.items():
        report(f"user {name}", user(admin, name, secret[name], rights))


def report(subject: str, changes: Iterable[str]) -> None:
    """Make these changes, and print them."""
    print(f"{subject}:", ", ".join(changes) or "nothing to do")


if __name__ == "__main__":
    main()
