-- What: ops.invoke_task, which calls a task of the service, and ops.register_jobs, which puts the jobs on the schedule of
--       pg_cron.
-- Why:  the schedule lives beside the data where the platform has pg_cron, pg_net and the vault; without any of them an
--       outside scheduler calls the same tasks, and this migration only says so.
-- Safe while old code runs: yes. Jobs of the same name are replaced by ones that call the same paths. A bearer that stood
--       in plain text in a job's command counts as leaked: rotate it when this is applied.

-- POSTs to /api/v1/tasks/<task> with the bearer from the vault; returns pg_net's request id. Neither secret nor address
-- stands in cron.job. 22023 for a task that is not a plain name, and when the vault lacks an entry: no empty bearer is sent.
CREATE OR REPLACE FUNCTION ops.invoke_task(task text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS
$function$
DECLARE
    secret     text;
    base_url   text;
    request_id bigint;
BEGIN
    IF task IS NULL OR task !~ '^[a-z][a-z-]{1,40}$' THEN
        RAISE EXCEPTION 'not the name of a task' USING ERRCODE = '22023';
    END IF;

    SELECT rtrim(max(decrypted_secret) FILTER (WHERE name = 'task_auth_secret'), E'\r\n'),
           rtrim(max(decrypted_secret) FILTER (WHERE name = 'task_base_url'), E'/\r\n')
      INTO secret, base_url
      FROM vault.decrypted_secrets
     WHERE name IN ('task_auth_secret', 'task_base_url');
    IF coalesce(secret, '') = '' OR coalesce(base_url, '') = '' THEN
        RAISE EXCEPTION 'the vault lacks task_auth_secret or task_base_url' USING ERRCODE = '22023';
    END IF;

    SELECT net.http_post(
               url := base_url || '/api/v1/tasks/' || task,
               body := '{}'::jsonb,
               headers := jsonb_build_object(
                   'Authorization', 'Bearer ' || secret, 'Content-Type', 'application/json'),
               timeout_milliseconds := 30000)
      INTO request_id;
    RETURN request_id;
END
$function$;

-- Registers the jobs and unschedules every other one whose name begins with "nikita-". Returns how many are registered:
-- 0 where an extension is missing. May be run again at any time, such as after the extensions were switched on.
CREATE OR REPLACE FUNCTION ops.register_jobs() RETURNS integer
    LANGUAGE plpgsql SET search_path = '' AS
$function$
DECLARE
    job        record;
    registered integer := 0;
BEGIN
    IF to_regclass('cron.job') IS NULL
       OR to_regclass('vault.decrypted_secrets') IS NULL
       OR NOT EXISTS (SELECT FROM pg_proc WHERE proname = 'http_post' AND pronamespace = to_regnamespace('net')) THEN
        RAISE NOTICE 'pg_cron, pg_net or the vault is missing: an outside scheduler has to call the tasks';
        RETURN 0;
    END IF;

    FOR job IN SELECT jobname FROM cron.job WHERE jobname LIKE 'nikita-%' LOOP
        PERFORM cron.unschedule(job.jobname);
    END LOOP;

    FOR job IN
        SELECT * FROM (VALUES
            ('nikita-decay',                 '0 * * * *',    'decay'),
            ('nikita-summary',               '59 23 * * *',  'summary'),
            ('nikita-cleanup',               '*/30 * * * *', 'cleanup'),
            ('nikita-process-conversations', '*/5 * * * *',  'process-conversations'),
            ('nikita-deliver',               '*/5 * * * *',  'deliver'),
            ('nikita-psyche-batch',          '0 5 * * *',    'psyche-batch'),
            ('nikita-life-gen',              '0 4 * * *',    'life-gen'),
            ('nikita-cron-cleanup',          '0 3 * * *',    NULL)
        ) AS jobs (name, schedule, task)
    LOOP
        PERFORM cron.schedule(job.name, job.schedule, CASE
            WHEN job.task IS NOT NULL THEN format('SELECT ops.invoke_task(%L)', job.task)
            ELSE 'DELETE FROM cron.job_run_details WHERE end_time < now() - interval ''7 days'''
        END);
        registered := registered + 1;
    END LOOP;
    RETURN registered;
END
$function$;

REVOKE ALL ON FUNCTION ops.invoke_task(text), ops.register_jobs() FROM PUBLIC;

SELECT ops.register_jobs();
