# Run a job of this folder, copy, tidy or rehearse, one at a time, and keep for monitoring how it went.
set -u
. /backup/common.sh
kind=$1

exec 9> /state/lock
flock 9
date +%s > "/state/$kind.begun"
if sh "/backup/$kind.sh" > "/tmp/$kind.log" 2>&1; then
    date +%s > "/state/$kind.newest"
    rm -f "/state/$kind.failed"
    code=0
else
    tail -n 1 "/tmp/$kind.log" | cut -c 1-300 > "/state/$kind.failed"
    code=1
fi
publish
cat "/tmp/$kind.log"
exit $code
