-- What: one trigger per table that has the column updated_at, over one function.
-- Why:  the column tells the truth whoever writes, and no writer has to think of it.
-- Safe while old code runs: yes. A trigger of old code on the same tables does the same; they are replaced by these.

CREATE OR REPLACE FUNCTION public.set_updated_at() RETURNS trigger
    LANGUAGE plpgsql SET search_path = '' AS
$function$
BEGIN
    -- The time of the statement's end, not of the transaction's begin: two updates in one transaction differ.
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$function$;

REVOKE ALL ON FUNCTION public.set_updated_at() FROM PUBLIC;

DO $triggers$
DECLARE
    table_name  text;
    old_trigger name;
BEGIN
    FOREACH table_name IN ARRAY ARRAY[
        'users', 'user_metrics', 'user_profiles', 'user_backstories', 'user_social_circles', 'user_vice_preferences',
        'conversations', 'daily_summaries', 'memory_facts', 'user_narrative_arcs', 'engagement_state',
        'scheduled_events', 'scheduled_touchpoints', 'psyche_states', 'onboarding_states', 'job_executions']
    LOOP
        FOR old_trigger IN
            SELECT trigger_row.tgname
              FROM pg_trigger AS trigger_row
              JOIN pg_proc AS function_row ON function_row.oid = trigger_row.tgfoid
             WHERE trigger_row.tgrelid = format('public.%I', table_name)::regclass
               AND NOT trigger_row.tgisinternal
               AND function_row.proname IN
                   ('set_updated_at', 'trigger_set_updated_at', 'update_updated_at_column')
        LOOP
            EXECUTE format('DROP TRIGGER %I ON public.%I', old_trigger, table_name);
        END LOOP;
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE UPDATE ON public.%I FOR EACH ROW EXECUTE FUNCTION public.set_updated_at()',
            'trg_' || table_name || '_updated_at', table_name);
    END LOOP;
END
$triggers$;
