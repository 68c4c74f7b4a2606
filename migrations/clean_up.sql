-- What: takes away what only old code used. A command of its own, run by hand once old code is gone for good; not one of
--       the numbered steps.
-- Why:  dead tables, doubled indexes and dead functions mislead whoever reads the schema, and cost on every write.
-- Safe while old code runs: no. That is why it waits.

-- A dead table that holds rows stops everything, unless the setting says that they may go.
DO $guard$
DECLARE
    table_name text;
    occupied   boolean;
BEGIN
    FOREACH table_name IN ARRAY ARRAY[
        'user_facts', 'research_queue', 'nikita_state', 'engagement_metrics', 'message_embeddings', 'voice_calls']
    LOOP
        CONTINUE WHEN to_regclass(format('public.%I', table_name)) IS NULL;
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', table_name) INTO occupied;
        IF occupied AND coalesce(current_setting('nikita.allow_drop_nonempty', true), '') <> 'on' THEN
            RAISE EXCEPTION 'the table % holds rows', table_name
                USING ERRCODE = '55000', HINT = 'Set nikita.allow_drop_nonempty to "on" to drop it all the same.';
        END IF;
    END LOOP;
END
$guard$;

-- Her old state becomes the first emotional state of players who have none. Her three hard-coded friends are not taken
-- over: user_social_circles is the authority.
DO $nikita_state$
BEGIN
    IF to_regclass('public.nikita_state') IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO public.nikita_emotional_states (user_id, arousal, valence, dominance, intimacy, conflict_state, metadata)
    SELECT old.user_id,
           round(least(1, greatest(0, old.energy::numeric / 100)), 2),
           round(least(1, greatest(0, old.happiness::numeric / 100)), 2),
           0.5, 0.5, 'none',
           jsonb_build_object(
               'migrated_from', 'nikita_state', 'social', old.social, 'stress', old.stress,
               'current_activity', old.current_activity)
      FROM public.nikita_state AS old
      JOIN public.users AS player ON player.id = old.user_id
     WHERE NOT EXISTS (SELECT FROM public.nikita_emotional_states AS state WHERE state.user_id = old.user_id);
END
$nikita_state$;

DROP TABLE IF EXISTS
    public.user_facts, public.research_queue, public.nikita_state, public.engagement_metrics,
    public.message_embeddings, public.voice_calls CASCADE;

ALTER TABLE public.users DROP COLUMN IF EXISTS graphiti_group_id;

-- The search column was a plain one that nothing filled. This rewrites the table.
DO $search_vector$
BEGIN
    IF EXISTS (SELECT FROM pg_attribute
                WHERE attrelid = 'public.conversations'::regclass AND attname = 'search_vector'
                  AND NOT attisdropped AND attgenerated = 's') THEN
        RETURN;
    END IF;
    ALTER TABLE public.conversations DROP COLUMN IF EXISTS search_vector CASCADE;
    ALTER TABLE public.conversations ADD COLUMN search_vector tsvector GENERATED ALWAYS AS
        (jsonb_to_tsvector('simple', jsonb_path_query_array(messages, '$[*].content'), '["string"]')) STORED;
    CREATE INDEX ix_conversations_search_vector ON public.conversations USING gin (search_vector);
END
$search_vector$;

-- The code writes `details`; the old database had `metadata`.
DO $audit_details$
BEGIN
    IF EXISTS (SELECT FROM pg_attribute
                WHERE attrelid = 'public.audit_logs'::regclass AND attname = 'metadata' AND NOT attisdropped) THEN
        UPDATE public.audit_logs SET details = metadata || details WHERE jsonb_typeof(metadata) = 'object';
        ALTER TABLE public.audit_logs DROP COLUMN metadata;
    END IF;
END
$audit_details$;

-- Indexes that repeat another one, by name.
DROP INDEX IF EXISTS
    public.ix_conversations_user_id, public.idx_conversations_user_id, public.ix_conversations_started_at,
    public.ix_score_history_user_id, public.idx_score_history_user_time, public.ix_score_history_recorded_at,
    public.idx_generated_prompts_created, public.idx_generated_prompts_user,
    public.idx_venue_cache_city_scene, public.idx_daily_summaries_user_date, public.idx_context_packages_gin;

-- Plain or doubled indexes on a column that a unique key serves already, whatever their names.
DO $doubled$
DECLARE
    doubled record;
BEGIN
    FOR doubled IN
        SELECT index_class.relname AS index_name
          FROM pg_index AS index_row
          JOIN pg_class AS index_class ON index_class.oid = index_row.indexrelid
          JOIN (VALUES ('users', 'telegram_id'), ('user_metrics', 'user_id'), ('user_backstories', 'user_id'),
                       ('psyche_states', 'user_id'), ('engagement_state', 'user_id'))
               AS single (table_name, column_name)
            ON index_row.indrelid = format('public.%I', single.table_name)::regclass
          JOIN pg_attribute AS attribute
            ON attribute.attrelid = index_row.indrelid AND attribute.attname = single.column_name
         WHERE index_row.indkey::text = attribute.attnum::text
           -- Neither the key itself nor a constraint.
           AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index_row.indexrelid)
    LOOP
        EXECUTE format('DROP INDEX public.%I', doubled.index_name);
    END LOOP;
END
$doubled$;

-- Functions that refer to dropped tables or were replaced, with any arguments.
DO $dead_functions$
DECLARE
    dead regprocedure;
BEGIN
    FOR dead IN
        SELECT oid::regprocedure FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace
           AND proname IN (
               'create_user_with_state', 'get_recent_conversations', 'get_user_context_summary', 'match_user_facts',
               'search_user_facts', 'update_fact_reference', 'update_user_scores', 'trigger_set_updated_at',
               'update_updated_at_column', 'cleanup_expired_registrations', 'cleanup_expired_rate_limits')
    LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', dead);
    END LOOP;
END
$dead_functions$;
