-- What: the checks and the foreign and unique keys of the tables that existed before, the same for a new database and
--       for one that has been running.
-- Why:  the rules that every writer relies on hold whoever writes. Checks and foreign keys come as NOT VALID, which asks
--       for a lock but no scan; V008 validates them in a transaction of its own.
-- Safe while old code runs: yes for the values that old code writes; V006 has repaired the rows.

-- Old checks of these tables are replaced, whatever their names.
DO $old_checks$
DECLARE
    old_check record;
BEGIN
    FOR old_check IN
        SELECT constraint_row.conname, table_row.relname
          FROM pg_constraint AS constraint_row
          JOIN pg_class AS table_row ON table_row.oid = constraint_row.conrelid
         WHERE constraint_row.contype = 'c'
           AND table_row.relnamespace = 'public'::regnamespace
           AND table_row.relname IN (
               'users', 'user_metrics', 'user_profiles', 'user_backstories', 'user_social_circles', 'conversations',
               'conversation_threads', 'daily_summaries', 'memory_facts', 'context_packages', 'score_history',
               'user_vice_preferences', 'user_narrative_arcs', 'nikita_emotional_states', 'nikita_entities',
               'nikita_life_events', 'nikita_narrative_arcs', 'engagement_state', 'engagement_history',
               'scheduled_events', 'scheduled_touchpoints', 'nikita_thoughts', 'ready_prompts', 'generated_prompts',
               'psyche_states', 'pending_registrations', 'onboarding_states', 'venue_cache', 'job_executions',
               'error_logs', 'audit_logs', 'telegram_link_codes', 'push_subscriptions', 'rate_limits')
    LOOP
        EXECUTE format('ALTER TABLE public.%I DROP CONSTRAINT %I', old_check.relname, old_check.conname);
    END LOOP;
END
$old_checks$;

ALTER TABLE public.users
    ADD CONSTRAINT check_relationship_score_range CHECK (relationship_score BETWEEN 0 AND 100) NOT VALID,
    ADD CONSTRAINT check_chapter_range CHECK (chapter BETWEEN 1 AND 5) NOT VALID,
    ADD CONSTRAINT check_boss_attempts_range CHECK (boss_attempts BETWEEN 0 AND 3) NOT VALID,
    ADD CONSTRAINT check_days_played CHECK (days_played >= 0) NOT VALID,
    ADD CONSTRAINT check_game_status_values
        CHECK (game_status IN ('active', 'boss_fight', 'game_over', 'won')) NOT VALID,
    ADD CONSTRAINT check_onboarding_status_values
        CHECK (onboarding_status IN ('pending', 'in_progress', 'completed', 'skipped')) NOT VALID,
    ADD CONSTRAINT check_users_json CHECK (
        jsonb_typeof(onboarding_profile) = 'object'
        AND jsonb_typeof(routine_config) = 'object'
        AND jsonb_typeof(meta_instructions) = 'object'
        AND (conflict_details IS NULL OR jsonb_typeof(conflict_details) = 'object')) NOT VALID;

ALTER TABLE public.user_metrics
    ADD CONSTRAINT check_intimacy_range CHECK (intimacy BETWEEN 0 AND 100) NOT VALID,
    ADD CONSTRAINT check_passion_range CHECK (passion BETWEEN 0 AND 100) NOT VALID,
    ADD CONSTRAINT check_trust_range CHECK (trust BETWEEN 0 AND 100) NOT VALID,
    ADD CONSTRAINT check_secureness_range CHECK (secureness BETWEEN 0 AND 100) NOT VALID,
    ADD CONSTRAINT check_vulnerability_exchanges CHECK (vulnerability_exchanges >= 0) NOT VALID;

ALTER TABLE public.user_profiles
    ADD CONSTRAINT check_drug_tolerance_range CHECK (drug_tolerance BETWEEN 1 AND 5) NOT VALID;

ALTER TABLE public.user_backstories
    ADD CONSTRAINT check_scenario_type
        CHECK (scenario_type IN ('romantic', 'intellectual', 'chaotic', 'custom')) NOT VALID;

ALTER TABLE public.user_social_circles
    ADD CONSTRAINT check_social_age CHECK (age BETWEEN 0 AND 120) NOT VALID,
    ADD CONSTRAINT check_social_sentiment
        CHECK (sentiment IN ('positive', 'negative', 'neutral', 'mixed')) NOT VALID;

ALTER TABLE public.conversations
    ADD CONSTRAINT check_conversation_platform CHECK (platform IN ('telegram', 'voice')) NOT VALID,
    ADD CONSTRAINT check_conversation_messages CHECK (jsonb_typeof(messages) = 'array') NOT VALID,
    ADD CONSTRAINT check_conversation_chapter CHECK (chapter_at_time BETWEEN 1 AND 5) NOT VALID,
    ADD CONSTRAINT check_conversation_status
        CHECK (status IN ('active', 'processing', 'processed', 'failed')) NOT VALID,
    ADD CONSTRAINT check_conversation_attempts CHECK (processing_attempts >= 0) NOT VALID;

-- The second line of each list of types holds legacy values that readers accept.
ALTER TABLE public.conversation_threads
    ADD CONSTRAINT check_thread_type CHECK (thread_type IN (
        'unresolved', 'cliffhanger', 'promise', 'curiosity', 'callback',
        'follow_up', 'question', 'topic')) NOT VALID,
    ADD CONSTRAINT check_thread_status CHECK (status IN ('open', 'resolved', 'expired')) NOT VALID;

ALTER TABLE public.nikita_thoughts
    ADD CONSTRAINT check_thought_type CHECK (thought_type IN (
        'worry', 'curiosity', 'anticipation', 'reflection', 'desire',
        'thinking', 'wants_to_share', 'question', 'feeling', 'missing_him',
        'trigger_response', 'defense_active', 'wound_surfacing', 'attachment_shift', 'healing_moment')) NOT VALID;

ALTER TABLE public.memory_facts
    ADD CONSTRAINT check_memory_fact_graph_type CHECK (graph_type IN ('user', 'relationship', 'nikita')) NOT VALID,
    ADD CONSTRAINT check_memory_fact_confidence_range CHECK (confidence BETWEEN 0 AND 1) NOT VALID,
    ADD CONSTRAINT check_memory_fact_embedding CHECK (embedding IS NOT NULL OR NOT is_active) NOT VALID,
    ADD CONSTRAINT check_memory_fact_supersede
        CHECK (superseded_by IS NULL OR (NOT is_active AND superseded_by <> id)) NOT VALID;

ALTER TABLE public.score_history
    ADD CONSTRAINT check_history_score_range CHECK (score BETWEEN 0 AND 100) NOT VALID,
    ADD CONSTRAINT check_history_chapter_range CHECK (chapter BETWEEN 1 AND 5) NOT VALID;

ALTER TABLE public.user_vice_preferences
    ADD CONSTRAINT check_vice_category CHECK (category IN (
        'intellectual_dominance', 'risk_taking', 'substances', 'sexuality',
        'emotional_intensity', 'rule_breaking', 'dark_humor', 'vulnerability')) NOT VALID,
    ADD CONSTRAINT check_intensity_level_range CHECK (intensity_level BETWEEN 1 AND 5) NOT VALID,
    ADD CONSTRAINT check_vice_engagement CHECK (engagement_score >= 0) NOT VALID;

ALTER TABLE public.user_narrative_arcs
    ADD CONSTRAINT check_arc_category
        CHECK (category IN ('career', 'social', 'personal', 'relationship', 'family')) NOT VALID,
    ADD CONSTRAINT check_arc_stage
        CHECK (current_stage IN ('setup', 'rising', 'climax', 'falling', 'resolved')) NOT VALID,
    ADD CONSTRAINT check_arc_resolved
        CHECK (current_stage <> 'resolved' OR (NOT is_active AND resolved_at IS NOT NULL)) NOT VALID;

ALTER TABLE public.nikita_emotional_states
    ADD CONSTRAINT check_emotional_arousal CHECK (arousal BETWEEN 0 AND 1) NOT VALID,
    ADD CONSTRAINT check_emotional_valence CHECK (valence BETWEEN 0 AND 1) NOT VALID,
    ADD CONSTRAINT check_emotional_dominance CHECK (dominance BETWEEN 0 AND 1) NOT VALID,
    ADD CONSTRAINT check_emotional_intimacy CHECK (intimacy BETWEEN 0 AND 1) NOT VALID,
    ADD CONSTRAINT check_emotional_ignored CHECK (ignored_message_count >= 0) NOT VALID,
    ADD CONSTRAINT check_emotional_conflict_state
        CHECK (conflict_state IN ('none', 'passive_aggressive', 'cold', 'vulnerable', 'explosive')) NOT VALID,
    ADD CONSTRAINT check_emotional_conflict_started
        CHECK ((conflict_started_at IS NOT NULL) = (conflict_state <> 'none')) NOT VALID;

ALTER TABLE public.nikita_entities
    ADD CONSTRAINT check_entity_type CHECK (entity_type IN ('colleague', 'friend', 'place', 'project')) NOT VALID,
    ADD CONSTRAINT check_entity_name CHECK (length(name) >= 1) NOT VALID,
    ADD CONSTRAINT check_entity_name_key CHECK (length(name_key) >= 1) NOT VALID;

ALTER TABLE public.nikita_life_events
    ADD CONSTRAINT check_life_event_time_of_day
        CHECK (time_of_day IN ('morning', 'afternoon', 'evening', 'night')) NOT VALID,
    ADD CONSTRAINT check_life_event_description CHECK (length(description) BETWEEN 10 AND 500) NOT VALID,
    ADD CONSTRAINT check_life_event_importance CHECK (importance BETWEEN 0 AND 1) NOT VALID,
    ADD CONSTRAINT check_life_event_type CHECK (
        (domain = 'work' AND event_type IN (
            'project_update', 'meeting', 'colleague_interaction', 'deadline', 'win', 'setback'))
        OR (domain = 'social' AND event_type IN (
            'friend_hangout', 'friend_drama', 'plans_made', 'plans_cancelled', 'new_person'))
        OR (domain = 'personal' AND event_type IN (
            'gym', 'errand', 'hobby_activity', 'self_care', 'health', 'travel'))) NOT VALID;

ALTER TABLE public.nikita_narrative_arcs
    ADD CONSTRAINT check_narrative_arc_domain CHECK (domain IN ('work', 'social', 'personal')) NOT VALID,
    ADD CONSTRAINT check_narrative_arc_type CHECK (length(arc_type) >= 3) NOT VALID,
    ADD CONSTRAINT check_narrative_arc_status
        CHECK (status IN ('active', 'resolved', 'abandoned', 'escalated')) NOT VALID,
    ADD CONSTRAINT check_narrative_arc_state CHECK (length(current_state) <= 500) NOT VALID;

ALTER TABLE public.engagement_state
    ADD CONSTRAINT check_calibration_score CHECK (calibration_score BETWEEN 0 AND 1) NOT VALID,
    ADD CONSTRAINT check_engagement_multiplier CHECK (multiplier BETWEEN 0 AND 1) NOT VALID,
    ADD CONSTRAINT check_needy_score CHECK (needy_score BETWEEN 0 AND 1) NOT VALID,
    ADD CONSTRAINT check_distracted_score CHECK (distracted_score BETWEEN 0 AND 1) NOT VALID;

ALTER TABLE public.scheduled_events
    ADD CONSTRAINT check_event_platform CHECK (platform IN ('telegram', 'voice')) NOT VALID,
    ADD CONSTRAINT check_event_type
        CHECK (event_type IN ('message_delivery', 'call_reminder', 'boss_prompt', 'follow_up')) NOT VALID,
    ADD CONSTRAINT check_event_content CHECK (jsonb_typeof(content) = 'object') NOT VALID,
    ADD CONSTRAINT check_event_status
        CHECK (status IN ('pending', 'delivered', 'cancelled', 'failed')) NOT VALID,
    ADD CONSTRAINT check_event_delivered CHECK ((status = 'delivered') = (delivered_at IS NOT NULL)) NOT VALID;

ALTER TABLE public.scheduled_touchpoints
    ADD CONSTRAINT check_touchpoint_trigger CHECK (trigger_type IN ('time', 'event', 'gap')) NOT VALID,
    ADD CONSTRAINT check_touchpoint_outcome CHECK (NOT (delivered AND skipped)) NOT VALID;

ALTER TABLE public.ready_prompts
    ADD CONSTRAINT check_ready_prompt_platform CHECK (platform IN ('text', 'voice')) NOT VALID;

ALTER TABLE public.generated_prompts
    ADD CONSTRAINT check_generated_prompt_platform CHECK (platform IN ('text', 'voice')) NOT VALID;

ALTER TABLE public.psyche_states
    ADD CONSTRAINT check_psyche_model CHECK (model IN ('opus-4.6', 'sonnet-4.5')) NOT VALID,
    ADD CONSTRAINT check_psyche_quota
        CHECK (tier2_today >= 0 AND tier3_today >= 0 AND tokens_today >= 0) NOT VALID;

ALTER TABLE public.pending_registrations
    ADD CONSTRAINT check_otp_state CHECK (otp_state IN ('pending', 'code_sent', 'verified', 'expired')) NOT VALID;

ALTER TABLE public.onboarding_states
    ADD CONSTRAINT check_onboarding_step CHECK (current_step IN (
        'age_gate', 'registration', 'choice', 'voice_phone', 'voice_confirm', 'voice_call', 'voice_deferred',
        'location', 'life_stage', 'scene', 'interest', 'drug_tolerance', 'venue_research', 'scenario_selection',
        'complete')) NOT VALID;

ALTER TABLE public.venue_cache
    ADD CONSTRAINT check_venue_key_lower CHECK (city = lower(city) AND scene = lower(scene)) NOT VALID;

ALTER TABLE public.job_executions
    ADD CONSTRAINT check_job_status CHECK (status IN ('running', 'completed', 'failed')) NOT VALID,
    ADD CONSTRAINT check_job_trigger
        CHECK (trigger IN ('schedule', 'http', 'manual', 'retry', 'chain')) NOT VALID;

ALTER TABLE public.error_logs
    ADD CONSTRAINT check_error_level CHECK (level IN ('critical', 'error', 'warning', 'info')) NOT VALID;

ALTER TABLE public.telegram_link_codes
    ADD CONSTRAINT check_link_code CHECK (code ~ '^[A-Z0-9]{6}$') NOT VALID;

-- Foreign keys. One with the right action stays; one on the same column with another action is replaced.
CREATE OR REPLACE FUNCTION pg_temp.ensure_foreign_key(
    table_name text, column_name text, referenced text, referenced_key text, on_delete text)
    RETURNS void LANGUAGE plpgsql AS
$function$
DECLARE
    existing  record;
    satisfied boolean := false;
    action    "char" := CASE on_delete WHEN 'CASCADE' THEN 'c' ELSE 'n' END;
BEGIN
    FOR existing IN
        SELECT key.conname, key.confdeltype
          FROM pg_constraint AS key
          JOIN pg_attribute AS attribute
            ON attribute.attrelid = key.conrelid AND key.conkey = ARRAY[attribute.attnum]
         WHERE key.contype = 'f'
           AND key.conrelid = format('public.%I', table_name)::regclass
           AND key.confrelid = referenced::regclass
           AND attribute.attname = column_name
    LOOP
        IF existing.confdeltype = action AND NOT satisfied THEN
            satisfied := true;
        ELSE
            EXECUTE format('ALTER TABLE public.%I DROP CONSTRAINT %I', table_name, existing.conname);
        END IF;
    END LOOP;
    IF NOT satisfied THEN
        EXECUTE format(
            'ALTER TABLE public.%I ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES %s (%I) ON DELETE %s NOT VALID',
            table_name, format('fk_%s_%s_%s', table_name, column_name, replace(referenced, '.', '_')),
            column_name, referenced, referenced_key, on_delete);
    END IF;
END
$function$;

SELECT pg_temp.ensure_foreign_key(table_name, column_name, referenced, referenced_key, on_delete)
  FROM (VALUES
    -- The auth user.
    ('users',                   'id',                     'auth.users',    'id', 'CASCADE'),
    ('context_packages',        'user_id',                'auth.users',    'id', 'CASCADE'),
    ('nikita_emotional_states', 'user_id',                'auth.users',    'id', 'CASCADE'),
    ('psyche_states',           'user_id',                'auth.users',    'id', 'CASCADE'),
    -- The player.
    ('user_metrics',            'user_id',                'public.users',  'id', 'CASCADE'),
    ('user_profiles',           'id',                     'public.users',  'id', 'CASCADE'),
    ('user_backstories',        'user_id',                'public.users',  'id', 'CASCADE'),
    ('user_social_circles',     'user_id',                'public.users',  'id', 'CASCADE'),
    ('user_vice_preferences',   'user_id',                'public.users',  'id', 'CASCADE'),
    ('conversations',           'user_id',                'public.users',  'id', 'CASCADE'),
    ('conversation_threads',    'user_id',                'public.users',  'id', 'CASCADE'),
    ('daily_summaries',         'user_id',                'public.users',  'id', 'CASCADE'),
    ('memory_facts',            'user_id',                'public.users',  'id', 'CASCADE'),
    ('context_packages',        'user_id',                'public.users',  'id', 'CASCADE'),
    ('score_history',           'user_id',                'public.users',  'id', 'CASCADE'),
    ('user_narrative_arcs',     'user_id',                'public.users',  'id', 'CASCADE'),
    ('nikita_emotional_states', 'user_id',                'public.users',  'id', 'CASCADE'),
    ('nikita_entities',         'user_id',                'public.users',  'id', 'CASCADE'),
    ('nikita_life_events',      'user_id',                'public.users',  'id', 'CASCADE'),
    ('nikita_narrative_arcs',   'user_id',                'public.users',  'id', 'CASCADE'),
    ('engagement_state',        'user_id',                'public.users',  'id', 'CASCADE'),
    ('engagement_history',      'user_id',                'public.users',  'id', 'CASCADE'),
    ('scheduled_events',        'user_id',                'public.users',  'id', 'CASCADE'),
    ('scheduled_touchpoints',   'user_id',                'public.users',  'id', 'CASCADE'),
    ('nikita_thoughts',         'user_id',                'public.users',  'id', 'CASCADE'),
    ('ready_prompts',           'user_id',                'public.users',  'id', 'CASCADE'),
    ('generated_prompts',       'user_id',                'public.users',  'id', 'CASCADE'),
    ('psyche_states',           'user_id',                'public.users',  'id', 'CASCADE'),
    ('telegram_link_codes',     'user_id',                'public.users',  'id', 'CASCADE'),
    ('push_subscriptions',      'user_id',                'public.users',  'id', 'CASCADE'),
    ('rate_limits',             'user_id',                'public.users',  'id', 'CASCADE'),
    ('error_logs',              'user_id',                'public.users',  'id', 'SET NULL'),
    -- The conversation: what came of it outlives it.
    ('memory_facts',            'conversation_id',        'public.conversations', 'id', 'SET NULL'),
    ('conversation_threads',    'source_conversation_id', 'public.conversations', 'id', 'SET NULL'),
    ('nikita_thoughts',         'source_conversation_id', 'public.conversations', 'id', 'SET NULL'),
    ('generated_prompts',       'conversation_id',        'public.conversations', 'id', 'SET NULL'),
    ('ready_prompts',           'conversation_id',        'public.conversations', 'id', 'SET NULL'),
    ('scheduled_events',        'source_conversation_id', 'public.conversations', 'id', 'SET NULL'),
    ('error_logs',              'conversation_id',        'public.conversations', 'id', 'SET NULL'),
    ('user_narrative_arcs',     'last_conversation_id',   'public.conversations', 'id', 'SET NULL'),
    -- Within a memory and within her life.
    ('memory_facts',            'superseded_by',          'public.memory_facts', 'id', 'SET NULL'),
    ('nikita_life_events',      'narrative_arc_id',       'public.nikita_narrative_arcs', 'arc_id', 'SET NULL')
  ) AS keys (table_name, column_name, referenced, referenced_key, on_delete);

-- Unique keys.
CREATE OR REPLACE FUNCTION pg_temp.ensure_unique(table_name text, constraint_name text, columns text)
    RETURNS void LANGUAGE plpgsql AS
$function$
BEGIN
    IF EXISTS (SELECT FROM pg_constraint
                WHERE conrelid = format('public.%I', table_name)::regclass AND conname = constraint_name) THEN
        RETURN;
    END IF;
    -- A mere index of that name, unique or not, gives way to the constraint.
    EXECUTE format('DROP INDEX IF EXISTS public.%I', constraint_name);
    EXECUTE format('ALTER TABLE public.%I ADD CONSTRAINT %I UNIQUE (%s)', table_name, constraint_name, columns);
END
$function$;

SELECT pg_temp.ensure_unique(table_name, constraint_name, columns)
  FROM (VALUES
    ('users',                 'users_telegram_id_key',                      'telegram_id'),
    ('user_metrics',          'user_metrics_user_id_key',                   'user_id'),
    ('user_backstories',      'user_backstories_user_id_key',               'user_id'),
    ('daily_summaries',       'daily_summaries_user_id_date_key',           'user_id, date'),
    ('context_packages',      'context_packages_user_id_key',               'user_id'),
    ('user_vice_preferences', 'user_vice_preferences_user_id_category_key', 'user_id, category'),
    ('engagement_state',      'engagement_state_user_id_key',               'user_id'),
    ('psyche_states',         'idx_psyche_states_user',                     'user_id'),
    ('venue_cache',           'uq_venue_cache_city_scene',                  'city, scene'),
    ('scheduled_touchpoints', 'uq_touchpoint_dedup',                        'user_id, dedup_key'),
    ('nikita_life_events',    'uq_life_events_user_date_type',              'user_id, event_date, event_type'),
    ('nikita_entities',       'uq_entities_user_type_name',                 'user_id, entity_type, name_key'),
    ('telegram_link_codes',   'telegram_link_codes_user_id_key',            'user_id'),
    ('push_subscriptions',    'push_subscriptions_user_id_endpoint_key',    'user_id, endpoint'),
    ('rate_limits',           'uq_rate_limit_user_window',                  'user_id, "window"')
  ) AS keys (table_name, constraint_name, columns);
