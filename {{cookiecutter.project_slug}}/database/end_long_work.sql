-- End what notebooks, or people in the boards, run or hold for too long, whatever limits they set themselves.
SELECT CASE WHEN pg_terminate_backend(pid) THEN 'Ended a connection of ' || usename || ', busy or idle for too long.' END
FROM pg_stat_activity
WHERE usename IN ('notebook', 'reader') AND now() - xact_start > interval '1 minute'
   OR usename = 'notebook' AND state = 'idle' AND now() - state_change > interval '10 minutes';
