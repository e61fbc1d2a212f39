# Forget old copies, delete what only they held, and check the rest; in a month, each part of it is read once.
set -u
. /backup/common.sh

grep -v '^#' /backup/keep \
    | xargs restic forget --quiet --host="$BACKUP_HOST" --group-by=host --retry-lock=10m --prune \
    || fail "Old copies could not be deleted."
restic check --quiet --retry-lock=10m --read-data-subset="$(date +%d | sed 's/^0//')/31" \
    || fail "The repository is damaged. \`restic check\` says where; copies made from now on into a new one are whole."
echo "Old copies were deleted, and the repository is whole."
