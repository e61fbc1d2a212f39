-- The summary tables that people and boards read. Run as root in the database summaries.

CREATE TABLE IF NOT EXISTS raw_files (
    source text,
    etag text,
    arrived timestamptz,
    checked timestamptz,
    rows_in int,
    rows_accepted int,
    rows_rejected int,
    rows_without_outcome int,
    error text,
    PRIMARY KEY (source, etag)
);

CREATE TABLE IF NOT EXISTS rejections (
    source text,
    etag text,
    reason text,
    rows int,
    PRIMARY KEY (source, etag, reason)
);

-- For numbers the mean outcome, for two classes the share of the second, for more the share of each. A month whose parts
-- are those in made_of is not read again.
CREATE TABLE IF NOT EXISTS months (
    month date PRIMARY KEY,
    made_of text,
    rows int,
    rows_with_outcome int,
    mean_outcome double precision,
    shares jsonb
);

-- When work was last looked for, when a run last began and last failed, when each step of it last finished (the steps are
-- those of processing/way.py), and when answers were last counted and joined with outcomes.
CREATE TABLE IF NOT EXISTS stages (
    stage text PRIMARY KEY,
    newest_event timestamptz,
    finished timestamptz,
    run text
);

CREATE TABLE IF NOT EXISTS models (
    version text PRIMARY KEY,
    created timestamptz,
    window_from timestamp,
    window_to timestamp,
    training_rows int,
    judging_rows int,
    error double precision,
    baseline_error double precision,
    rule_of_thumb_error double precision,
    champion_version text,
    champion_error double precision,
    verdict text CHECK (verdict IN ('promoted', 'refused', 'undecided')),
    reason text
);

CREATE TABLE IF NOT EXISTS promotions (
    number int PRIMARY KEY,
    version text,
    time timestamptz,
    reason text,
    by_hand boolean
);

-- What the boards and monitoring need to know of model/: one row.
CREATE TABLE IF NOT EXISTS facts (
    one boolean PRIMARY KEY CHECK (one),
    outcome text,
    unit text,
    task text,
    zone text,
    expected_days double precision
);

-- How far the newest rows are from those that trained and evaluated the champion: one row for each
-- thing that processing/training/drift.py measures. Only what was measured last counts.
CREATE TABLE IF NOT EXISTS drift (
    name text PRIMARY KEY,
    score double precision,
    threshold double precision,
    alarm boolean,
    measured timestamptz,
    rows int
);

-- The same over time: the rows that are new to the champion in up to twelve parts, each with how many days after all
-- rows that the champion knows it ends. Only what was measured last counts.
CREATE TABLE IF NOT EXISTS drift_by_age (
    name text,
    part int,
    days double precision,
    score double precision,
    threshold double precision,
    measured timestamptz,
    rows int,
    PRIMARY KEY (name, part)
);

-- Which stored object, in which state, the rows of a table were made of.
CREATE TABLE IF NOT EXISTS summarised (
    name text,
    object text,
    made_of text,
    PRIMARY KEY (name, object)
);

-- Answers given, by weekday (0 is Monday) and hour of the event. A stored object holds those of an hour.
CREATE TABLE IF NOT EXISTS live_predictions (
    object text,
    model text,
    weekday int,
    hour int,
    predictions int,
    PRIMARY KEY (object, model, weekday, hour)
);

-- The newest batch of each month, likewise. Compared are the rows with an outcome that are newer than those the model
-- was trained on; of more than two classes, the table classes has the rest.
CREATE TABLE IF NOT EXISTS batch_predictions (
    object text,
    month date,
    model text,
    weekday int,
    hour int,
    predictions int,
    compared int,
    predicted_total double precision,
    actual_total double precision,
    PRIMARY KEY (object, weekday, hour)
);

-- For more than two classes: how often a batch expected each (the sum of its probabilities), and
-- how often it occurred, in the rows compared.
CREATE TABLE IF NOT EXISTS classes (
    object text,
    month date,
    class text,
    compared int,
    expected double precision,
    actual int,
    PRIMARY KEY (object, class)
);

-- The errors of live answers, by the hour (UTC) in which their outcome became known. One row for each stored object, and
-- for each value of each slice; slice '' is the total.
CREATE TABLE IF NOT EXISTS live_errors (
    object text,
    model text,
    day date,
    hour int,
    slice text,
    value text,
    rows int,
    error_total double precision,
    error_square_total double precision,
    PRIMARY KEY (object, model, day, hour, slice, value)
);

-- The newest live answers whose outcome is known, for two classes as the probability of the second.
CREATE TABLE IF NOT EXISTS pairs (
    id uuid PRIMARY KEY,
    model text,
    known timestamptz,
    predicted double precision,
    actual double precision
);

-- What was set aside because it failed, and why; steps of the pipeline are named as in
-- processing/way.py. It is tried again when it or the code changes.
CREATE TABLE IF NOT EXISTS quarantine (
    kind text,
    name text,
    reason text,
    count int,
    time timestamptz,
    PRIMARY KEY (kind, name)
);

-- What people should look at before they trust a model: errors that are too good to be true, and fields that are missing
-- where the model is asked, or are known only after the event.
CREATE TABLE IF NOT EXISTS warnings (
    version text,
    kind text,
    warning text,
    PRIMARY KEY (version, kind, warning)
);

-- The live error of the champion since its promotion, one row; an alert fires when at_least is
-- above tolerated. estimated is what its newest answers lead to expect before their outcomes are known.
CREATE TABLE IF NOT EXISTS live_error (
    version text PRIMARY KEY,
    rows int,
    error double precision,
    at_least double precision,
    promised double precision,
    tolerated double precision,
    alarm boolean
);
ALTER TABLE live_error ADD COLUMN IF NOT EXISTS estimated double precision;

-- Results of `make replay`: the mean error of each way to answer in each file, by its first event, with 95 % intervals.
CREATE TABLE IF NOT EXISTS replay (
    month date,
    line text,
    error double precision,
    low double precision,
    high double precision,
    rows int,
    PRIMARY KEY (month, line)
);
ALTER TABLE replay DROP CONSTRAINT IF EXISTS replay_line_check;

-- How late outcomes become known, as the newest candidate's card says: of all (name ''), and of each class, or of smaller
-- numbers and larger ones. Rows younger than horizon days neither taught nor judged.
CREATE TABLE IF NOT EXISTS outcomes (
    name text PRIMARY KEY,
    half_after int,
    ninety_after int,
    horizon int,
    missing double precision
);

-- What boards read in place of the tables that grow with the answers; whoever writes those refreshes these.
DROP MATERIALIZED VIEW IF EXISTS predictions_by_weekday, live_errors_by_hour;

CREATE MATERIALIZED VIEW predictions_by_weekday AS
SELECT kind, weekday, hour, sum(predictions)::bigint AS predictions
FROM (
    SELECT 'live' AS kind, weekday, hour, predictions FROM live_predictions
    UNION ALL SELECT 'batch', weekday, hour, predictions FROM batch_predictions
) AS all_predictions
GROUP BY kind, weekday, hour;

CREATE MATERIALIZED VIEW live_errors_by_hour AS
SELECT model, slice, value, day, hour, sum(rows)::bigint AS rows,
    sum(error_total) AS error_total, sum(error_square_total) AS error_square_total
FROM live_errors
GROUP BY model, slice, value, day, hour;

CREATE INDEX ON live_errors_by_hour (slice, day);

GRANT MAINTAIN ON predictions_by_weekday, live_errors_by_hour TO writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO writer;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader, notebook;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- What a role that may only read could still keep or fill: locks that the pipeline waits for, large objects, the
-- server's log of changes, its queue of notifications, and programs that go on when they are cancelled.
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure)
FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace
  AND (proname ~ '^(pg_(try_)?advisory_|lo_|lowrite$|loread$|pg_create_|pg_copy_|pg_drop_replication)'
       OR proname IN ('pg_logical_emit_message', 'pg_notify', 'pg_export_snapshot'))
\gexec
SELECT format('GRANT EXECUTE ON FUNCTION %s TO writer', oid::regprocedure)
FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^pg_(try_)?advisory_'
\gexec
