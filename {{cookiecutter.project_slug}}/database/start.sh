#!/bin/sh
# Start PostgreSQL with bounds that nobody can lift from inside a connection.
set -eu
cd "$(dirname "$0")"
root="psql --no-psqlrc --quiet --no-align --tuples-only --username=root --dbname=postgres --set=ON_ERROR_STOP=1"

# All that the role of notebooks may change of itself.
settings() {
    $root --command="SELECT oid, rolpassword, (SELECT array_agg((setdatabase, setconfig))
        FROM pg_db_role_setting WHERE setrole = role.oid) FROM pg_authid AS role WHERE rolname = 'notebook'"
}

follow() {
    known=
    while sleep 5; do
        $root --file=end_long_work.sql || continue
        [ "$(settings)" = "$known" ] && continue
        $root --file=notebook.sql && known=$(settings)
    done
}

# A role may ask for any amount of memory. With a limit for each process, its statement fails, and not the server.
# (Docker's `ulimits` would hold for what starts the container too, which needs more.)
ulimit -d 49152

follow 2>/dev/null &
# One line an event, and no value of any statement. PostgreSQL's own word for the severity follows the prefix.
exec docker-entrypoint.sh postgres -c shared_buffers=64MB -c maintenance_work_mem=16MB -c max_worker_processes=1 \
    -c jit=off -c authentication_timeout=5s \
    -c log_line_prefix='user=%u database=%d level=' -c log_error_verbosity=terse -c log_min_error_statement=panic
