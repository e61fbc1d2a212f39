#!/bin/sh
# Make the roles, databases and tables that are missing, and set the passwords of .env. Running it
# twice changes nothing. The passwords stay in the environment, where roles.sql reads them: no
# command line shows them.
set -eu
cd "$(dirname "$0")"

for name in PGHOST PGPASSWORD \
    ORCHESTRATOR_DATABASE_PASSWORD WRITER_DATABASE_PASSWORD READER_DATABASE_PASSWORD \
    NOTEBOOK_DATABASE_PASSWORD; do
    eval "[ -n \"\${$name:-}\" ]" || { echo "Not set: $name. Run \`make env\`." >&2; exit 1; }
done
export PGUSER=root PGCONNECT_TIMEOUT=5 PGOPTIONS="--client-min-messages=warning"

tries=0
until pg_isready --quiet; do
    tries=$((tries + 1))
    if [ $tries -ge 60 ]; then
        echo "The database has not answered for a minute. See \`docker compose logs database\`." >&2
        exit 1
    fi
    sleep 1
done

if ! problem=$(psql --no-psqlrc --quiet --dbname=postgres --command="SELECT" 2>&1); then
    echo "$problem" >&2
    echo "The database keeps the DATABASE_ROOT_PASSWORD of its first start. Restore it in .env." >&2
    exit 1
fi

run="psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1"
$run --dbname=postgres --file=roles.sql
$run --dbname=summaries --single-transaction --file=tables.sql
echo "The roles orchestrator, writer, reader and notebook and the databases dagster and summaries are ready."
