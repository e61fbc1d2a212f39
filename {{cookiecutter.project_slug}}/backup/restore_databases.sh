# Put the dumps that were restored into the databases, in place of what set-up has made there.
set -u
. /backup/common.sh

for name in $DATABASES; do
    pg_restore --clean --if-exists --single-transaction --dbname="$name" "/state/databases/$name" \
        || fail "The database $name could not be restored."
done
