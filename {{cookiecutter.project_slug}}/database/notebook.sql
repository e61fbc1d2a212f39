-- The role of notebooks. Who writes one may set these limits anew, except that of temporary files, and may change the
-- role's password for everybody; start.sh runs this again when somebody has, and ends what runs for too long.

\getenv notebook_password NOTEBOOK_DATABASE_PASSWORD

BEGIN;
SELECT pg_advisory_xact_lock(1); -- set-up and start.sh may both be here
ALTER ROLE notebook LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
    CONNECTION LIMIT 5 PASSWORD :'notebook_password';
ALTER ROLE notebook RESET ALL;
SELECT format('ALTER ROLE notebook IN DATABASE %I RESET ALL', datname) FROM pg_database
\gexec
ALTER ROLE notebook SET statement_timeout = '30s';
ALTER ROLE notebook SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE notebook SET default_transaction_read_only = on;
ALTER ROLE notebook SET temp_file_limit = '256MB';
COMMIT;
