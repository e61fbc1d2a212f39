#!/bin/sh
# Create the roles, databases and tables that are missing, and set the passwords from .env. Running it twice is safe.
# The passwords stay in the environment, where roles.sql reads them; no command line shows them.
set -eu
cd "$(dirname "$0")"

for name in PGHOST PGPASSWORD ORCHESTRATOR_DATABASE_PASSWORD WRITER_DATABASE_PASSWORD READER_DATABASE_PASSWORD; do
    eval "[ -n \"\${$name:-}\" ]" || { echo "Not set: $name. Run \`make env\`." >&2; exit 1; }
done
export PGUSER=root PGCONNECT_TIMEOUT=5 PGOPTIONS="--client-min-messages=warning"

tries=0
until pg_isready --quiet; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || { echo "The database has not answered for a minute. See \`docker compose logs database\`." >&2; exit 1; }
    sleep 1
done

if ! said=$(psql --no-psqlrc --quiet --dbname=postgres --command="SELECT" 2>&1); then
    echo "$said" >&2
    echo "The database keeps the DATABASE_ROOT_PASSWORD of its first start. Put that one back into .env." >&2
    exit 1
fi

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=postgres --file=roles.sql
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=summaries --single-transaction --file=tables.sql
echo "The roles orchestrator, writer and reader and the databases dagster and summaries are ready."
