-- The roles and the databases they may connect to. Run as root in the database postgres.

\getenv orchestrator_password ORCHESTRATOR_DATABASE_PASSWORD
\getenv writer_password WRITER_DATABASE_PASSWORD
\getenv reader_password READER_DATABASE_PASSWORD

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['orchestrator', 'writer', 'reader', 'notebook']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

-- The limits keep connections free for the other roles.
ALTER ROLE orchestrator LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
    CONNECTION LIMIT 60 PASSWORD :'orchestrator_password';
ALTER ROLE writer LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
    CONNECTION LIMIT 10 PASSWORD :'writer_password';
ALTER ROLE reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
    CONNECTION LIMIT 20 PASSWORD :'reader_password';
ALTER ROLE reader SET statement_timeout = '30s';
ALTER ROLE reader SET default_transaction_read_only = on;
ALTER ROLE reader SET temp_file_limit = '256MB';

SELECT format('CREATE DATABASE %I OWNER %I', name, owner)
FROM (VALUES ('dagster', 'orchestrator'), ('summaries', 'root')) AS wanted (name, owner)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name)
\gexec

-- Without this every role may connect to every database and make temporary tables there.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', datname) FROM pg_database
\gexec

GRANT CONNECT ON DATABASE summaries TO writer, reader, notebook;

\ir notebook.sql
