# Make a copy, restore it beside the platform, and compare: what was there before and after must be in it.
set -u
. /backup/common.sh
there=/state/rehearsal
trap 'rm -rf $there' EXIT
rm -rf $there && mkdir $there

taken=$(du -sk /platform/storage-2 | cut -f 1)
free=$(df -Pk /state | awk 'NR == 2 {print $4}')
[ "$free" -gt $((taken * 5 / 4)) ] \
    || fail "A restore could not be rehearsed: it takes $((taken * 5 / 4096)) MB of disk, and $((free / 1024)) are free."

sh /backup/contents.sh /platform > /tmp/before || fail "The platform's files can't be listed."
sh /backup/copy.sh || exit 1
for tree in platform state; do # by tar, because restic would give each file to its owner, and may not
    restic dump --quiet --retry-lock=10m --host="$BACKUP_HOST" "latest:/$tree" / | tar -x -o -C $there \
        || fail "The newest copy could not be restored."
done
sh /backup/contents.sh /platform > /tmp/after
sh /backup/contents.sh $there > /tmp/restored
LC_ALL=C comm -12 /tmp/before /tmp/after | LC_ALL=C comm -23 - /tmp/restored > /tmp/lost
[ ! -s /tmp/lost ] \
    || fail "$(wc -l < /tmp/lost) files are missing or different in the restored copy, such as $(head -n 1 /tmp/lost | cut -c 67-)."
for name in $DATABASES; do
    pg_restore --file=/dev/null "$there/databases/$name" || fail "The dump of $name can't be read."
done
echo "Restored and compared: $(wc -l < /tmp/restored) files and both databases are whole."
