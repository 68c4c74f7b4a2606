-- What: ops.run_retention counts the rows of the inbox that only lose their text apart from those that it removes.
-- Why:  what was removed is told as a sum; a run that removed nothing has to say so.
-- Safe while old code runs: yes. It sums the new count up with the others, as before. Only where one run clears more than 10,000
-- texts does it look for a table of that name, and the run is told as failed; what it did is done.

-- Removes at most `batch` rows per table, in the order of the key, in the caller's transaction. Returns {table: rows} and, as
-- inbound_payloads, how many rows of the inbox only lost their text; a caller repeats it while one came back full. Every
-- boundary is "strictly older", but for expires_at, which is over when it is reached.
CREATE OR REPLACE FUNCTION ops.run_retention(now timestamptz, batch integer DEFAULT 5000) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS
$function$
DECLARE
    rule    record;
    removed bigint;
    report  jsonb := '{}';
BEGIN
    FOR rule IN
        -- $1 is the time.
        SELECT * FROM (VALUES
            ('pending_registrations', 'telegram_id', $$expires_at < $1 - interval '1 hour'$$),
            ('telegram_link_codes', 'code', $$expires_at <= $1$$),
            ('rate_limits', 'id', $$expires_at <= $1$$),
            ('api_rate_limits', 'scope, subject, window_start', $$expires_at <= $1$$),
            ('context_packages', 'id', $$expires_at <= $1$$),
            ('venue_cache', 'id', $$expires_at < $1 - interval '7 days'$$),
            ('onboarding_states', 'telegram_id', $$updated_at < $1 - interval '30 days'$$),
            ('inbound_events', 'source, external_id', $$received_at < $1 - interval '7 days'$$),
            -- A completed run that did nothing is gone after two days. The newest run and the newest completed run of
            -- each job stay, so that "when did it last run" always has an answer.
            ('job_executions', 'id', $$
                ((status = 'completed' AND coalesce(completed_at, started_at) < $1 - interval '30 days')
                 OR (status = 'completed' AND coalesce(completed_at, started_at) < $1 - interval '48 hours'
                     AND NOT jsonb_path_exists(coalesce(result, '{}'), '$.* ? (@.type() == "number" && @ != 0)'))
                 OR (status = 'failed' AND coalesce(completed_at, started_at) < $1 - interval '90 days'))
                AND id NOT IN (
                    SELECT DISTINCT ON (replace(job_name, '_', '-')) id
                      FROM public.job_executions
                     ORDER BY replace(job_name, '_', '-'), started_at DESC, id DESC)
                AND id NOT IN (
                    SELECT DISTINCT ON (replace(job_name, '_', '-')) id
                      FROM public.job_executions
                     WHERE status = 'completed'
                     ORDER BY replace(job_name, '_', '-'), started_at DESC, id DESC)$$),
            ('pipeline_stage_runs', 'id', $$started_at < $1 - interval '30 days'$$),
            ('nikita_life_events', 'event_id', $$
                event_date < ($1 AT TIME ZONE 'UTC')::date - 30
                AND NOT EXISTS (
                    SELECT FROM public.nikita_narrative_arcs AS arc
                     WHERE arc.arc_id = narrative_arc_id AND arc.status IN ('active', 'escalated'))$$),
            ('nikita_thoughts', 'id', $$coalesce(used_at, expires_at) < $1 - interval '30 days'$$),
            ('nikita_emotional_states', 'state_id', $$
                last_updated < $1 - interval '90 days'
                AND EXISTS (
                    SELECT FROM public.nikita_emotional_states AS newer
                     WHERE newer.user_id = doomed.user_id
                       AND (newer.last_updated, newer.state_id) > (doomed.last_updated, doomed.state_id))$$),
            ('engagement_history', 'id', $$created_at < $1 - interval '90 days'$$),
            ('generated_prompts', 'id', $$created_at < $1 - interval '90 days'$$),
            -- The ten newest of a player and platform stay beside the current one.
            ('ready_prompts', 'id', $$
                NOT is_current
                AND 10 <= (
                    SELECT count(*) FROM public.ready_prompts AS newer
                     WHERE newer.user_id = doomed.user_id AND newer.platform = doomed.platform AND NOT newer.is_current
                       AND (newer.created_at, newer.id) > (doomed.created_at, doomed.id))$$),
            ('error_logs', 'id', $$
                (resolved AND coalesce(resolved_at, occurred_at) < $1 - interval '90 days')
                OR (NOT resolved AND occurred_at < $1 - interval '180 days')$$),
            ('llm_usage', 'id', $$created_at < $1 - interval '400 days'$$),
            ('audit_logs', 'id', $$created_at < $1 - interval '400 days'$$),
            ('portal_notifications', 'id', $$created_at < $1 - interval '90 days'$$),
            ('account_deletions', 'user_id', $$done_at < $1 - interval '30 days'$$),
            ('scheduled_events', 'id', $$
                status IN ('delivered', 'cancelled', 'failed')
                AND coalesce(delivered_at, scheduled_at) < $1 - interval '90 days'$$),
            ('scheduled_touchpoints', 'id', $$
                (delivered OR skipped) AND coalesce(delivered_at, delivery_at) < $1 - interval '90 days'$$),
            ('memory_facts', 'id', $$NOT is_active AND updated_at < $1 - interval '180 days'$$)
        ) AS rules (table_name, key, expired)
    LOOP
        EXECUTE format(
            'DELETE FROM public.%1$I WHERE (%2$s) IN
                (SELECT %2$s FROM public.%1$I AS doomed WHERE %3$s ORDER BY %2$s LIMIT $2)',
            rule.table_name, rule.key, rule.expired)
            USING now, batch;
        GET DIAGNOSTICS removed = ROW_COUNT;
        report := report || jsonb_build_object(rule.table_name, removed);
    END LOOP;

    -- What was said does not stay in the inbox longer than it takes to look into a failure.
    UPDATE public.inbound_events
       SET payload = NULL
     WHERE (source, external_id) IN (
           SELECT source, external_id FROM public.inbound_events AS settled
            WHERE settled.payload IS NOT NULL AND settled.processed_at < run_retention.now - interval '24 hours'
            ORDER BY source, external_id LIMIT batch);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN report || jsonb_build_object('inbound_payloads', removed);
END
$function$;
