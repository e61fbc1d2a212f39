# Make a copy every quarter of an hour, tidy up every night, and rehearse a restore every month.
set -u
. /backup/common.sh

INTERVAL=840 # a minute less than a quarter of an hour, which a copy may take itself
A_DAY=86400

if [ -z "$RESTIC_REPOSITORY" ]; then
    publish
    echo "There is no backup: BACKUP_REPOSITORY in .env is empty."
    touch /tmp/started
    exec sleep 2147483647
fi

due() { # KIND SECONDS: whether it was last begun so long ago
    [ $(($(date +%s) - $(seconds "/state/$1.begun"))) -ge "$2" ]
}

for kind in copy tidy rehearse; do
    [ -e "/state/$kind.newest" ] || date +%s > "/state/$kind.newest"
done
[ -e /state/tidy.begun ] || date +%s > /state/tidy.begun
[ -e /state/rehearse.begun ] || echo $(($(date +%s) - 29 * A_DAY)) > /state/rehearse.begun
publish
touch /tmp/started

while true; do
    due copy $INTERVAL && sh /backup/job.sh copy
    due tidy $((A_DAY * 3 / 4)) && [ "$(date -u +%H)" = 03 ] && sh /backup/job.sh tidy
    due rehearse $((30 * A_DAY)) && sh /backup/job.sh rehearse
    sleep 15
done
