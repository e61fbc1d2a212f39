# Copy everything that can't be made again into the repository, unchanged files by their names only.
#
# Nothing stands still meanwhile, so the order counts. restic reads its targets in the order of their names, and
# storage is mounted three times: whatever remembers that something was done is read before what was done, and what
# is merged from others after them. Whenever something happens between, the copy is one of a platform that was killed
# at that moment, and goes on as after a kill: work may be done again, and none is taken for done that is not there.
#   databases  dumped before anything else: the orchestrator may have forgotten a run, never know one too many
#   journal    before storage: an answer on its way is in one of them, or in both under the same name
#   storage-1  what remembers
#   storage-2  the rest
#   storage-3  merged answers, whose originals are deleted when they are there
set -u
. /backup/common.sh

REMEMBERS="processed/files processed/runs processed/quarantine processed/drift.json processed/live_error.json
    models/promotions models/verdicts predictions/truth predictions/withdrawn"
MERGED="predictions/merged"
PIPELINE="raw processed models"
GOES=3 # until one goes by in which the pipeline has written nothing

open_repository() { # make it the first time; never again, or an unmounted disk would look like a new one
    known=$(printf %s "$RESTIC_REPOSITORY" | sha256sum)
    [ "$known" = "$(cat /state/repository 2>/dev/null)" ] \
        || timeout 120 restic init --quiet > /dev/null 2>&1 # where there is one already, it refuses
    # Without a bound, restic tries for a quarter of an hour.
    problem=$(timeout 120 restic cat config 2>&1 > /dev/null)
    case $? in
        0) ;;
        10) fail "There is no repository. Is its disk mounted? To begin anew, delete /state/repository in the container." ;;
        12) fail "BACKUP_PASSWORD in .env is not the one that the repository was made with." ;;
        *) fail "The repository can't be opened: $(echo "${problem:-no answer in two minutes}" | head -n 1)" ;;
    esac
    echo "$known" > /state/repository
    restic unlock --quiet # what a killed one has left behind
}

dump() { # each database as a file that restic finds unchanged parts in
    mkdir -p /state/databases
    for name in $DATABASES; do
        pg_dump --format=custom --compress=none --file="/state/databases/$name.new" "$name" || return
        mv "/state/databases/$name.new" "/state/databases/$name"
    done
}

targets() { # those that are there: a new platform lacks some, and restic demands all
    for place in $REMEMBERS; do echo "/platform/storage-1/$place"; done
    for place in $MERGED; do echo "/platform/storage-3/$place"; done
    for place in dashboard gateway journal notebooks project storage-2; do echo "/platform/$place"; done
    echo /state/databases
}

not_twice() { # the places that storage-2 leaves to the others
    for place in $REMEMBERS $MERGED; do echo "/platform/storage-2/$place"; done
}

copy() {
    targets | while read -r target; do [ ! -e "$target" ] || echo "$target"; done > /tmp/targets
    not_twice > /tmp/not-twice
    restic backup --quiet --no-scan --host="$BACKUP_HOST" --group-by=host --retry-lock=10m \
        --exclude-file=/backup/exclude --exclude-file=/tmp/not-twice --files-from-verbatim=/tmp/targets
}

has_changed() { # whether the pipeline has made or deleted anything since the copy began
    cd /platform/storage-2 && [ -n "$(find $PIPELINE -type d -newer /tmp/begun 2>/dev/null | head -n 1)" ]
}

open_repository
dumped=yes
dump || dumped=no
go=1
while true; do
    touch /tmp/begun
    copy || fail "The copy is not complete: see the line above in \`docker compose logs backup\`."
    [ $go -lt $GOES ] && has_changed || break
    go=$((go + 1))
done
[ $dumped = yes ] || fail "The databases could not be dumped; everything else was copied."
echo "Copied in $go $([ $go = 1 ] && echo go || echo goes)."
