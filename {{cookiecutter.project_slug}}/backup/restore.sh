# Restore a copy into empty volumes: restore.sh SNAPSHOT. The project's folder comes otherwise, through ops/restore.py.
set -u
. /backup/common.sh

for volume in dashboard gateway journal notebooks storage-2; do
    [ -z "$(ls -A /platform/$volume)" ] || fail "The volume of $volume holds data already; nothing was restored."
done
restic restore --quiet --retry-lock=10m "$1:/platform" --target=/platform --exclude=/project > /dev/null \
    && restic restore --quiet --retry-lock=10m "$1:/state" --target=/state > /dev/null \
    || fail "Not everything could be restored."
