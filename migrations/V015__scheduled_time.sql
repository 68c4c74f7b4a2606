-- What: ops.invoke_task tells the scheduled time in the header X-Scheduled-Time.
-- Why:  the minute is the slot of the run: it runs once, and a second call in it takes over one that failed.
-- Safe while old code runs: yes. It reads the header already, and the jobs call the function by its name.

-- POSTs to /api/v1/tasks/<task> with the bearer from the vault and the minute it is called in; returns pg_net's request id.
-- Neither secret nor address stands in cron.job. 22023 for a task that is not a plain name, and when the vault lacks an
-- entry: no empty bearer is sent.
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
                   'Authorization', 'Bearer ' || secret, 'Content-Type', 'application/json',
                   'X-Scheduled-Time', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:00"Z"')),
               timeout_milliseconds := 30000)
      INTO request_id;
    RETURN request_id;
END
$function$;
