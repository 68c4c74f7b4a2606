-- What: brings rows that old code wrote into the shape that the coming constraints and unique indexes ask for.
-- Why:  a constraint can only be validated, and a unique index only be built, over rows that keep it.
-- Safe while old code runs: yes. No row is lost but exact repeats of life events, entities and cached venues; on a new
--       database, and the second time, nothing is found to change.

-- JSON columns without a value get the empty one. (A mapper may have stored JSON's own null.)
DO $json$
DECLARE
    target record;
BEGIN
    FOR target IN
        SELECT * FROM (VALUES
            ('users', 'onboarding_profile', '{}'), ('users', 'routine_config', '{}'), ('users', 'meta_instructions', '{}'),
            ('user_social_circles', 'storyline_potential', '[]'), ('user_social_circles', 'trigger_conditions', '[]'),
            ('user_social_circles', 'adapted_traits', '{}'),
            ('conversations', 'messages', '[]'),
            ('memory_facts', 'metadata', '{}'),
            ('context_packages', 'package', '{}'),
            ('user_narrative_arcs', 'involved_characters', '[]'), ('user_narrative_arcs', 'emotional_impact', '{}'),
            ('nikita_emotional_states', 'metadata', '{}'), ('nikita_emotional_states', 'conflict_details', '{}'),
            ('nikita_narrative_arcs', 'entities', '[]'), ('nikita_narrative_arcs', 'possible_outcomes', '[]'),
            ('nikita_life_events', 'entities', '[]'),
            ('nikita_life_events', 'emotional_impact',
             '{"arousal_delta": 0, "valence_delta": 0, "dominance_delta": 0, "intimacy_delta": 0}'),
            ('scheduled_events', 'content', NULL),
            ('scheduled_touchpoints', 'trigger_context', '{}'),
            ('psyche_states', 'state', '{}'),
            ('onboarding_states', 'collected_answers', '{}'),
            ('venue_cache', 'venues', '[]'),
            ('error_logs', 'context', '{}')
        ) AS json_columns (table_name, column_name, empty)
    LOOP
        EXECUTE format(
            'UPDATE public.%1$I SET %2$I = %3$L WHERE %2$I IS NULL OR jsonb_typeof(%2$I) = ''null''',
            target.table_name, target.column_name, coalesce(target.empty, '{}'));
        IF target.empty IS NOT NULL THEN
            EXECUTE format('ALTER TABLE public.%I ALTER COLUMN %I SET DEFAULT %L',
                target.table_name, target.column_name, target.empty);
        END IF;
        EXECUTE format('ALTER TABLE public.%I ALTER COLUMN %I SET NOT NULL', target.table_name, target.column_name);
    END LOOP;
END
$json$;

UPDATE public.users SET conflict_details = NULL WHERE jsonb_typeof(conflict_details) = 'null';

-- Conversations: the chapter of their time, and the platform's name.
UPDATE public.conversations SET chapter_at_time = 1 WHERE chapter_at_time IS NULL;
ALTER TABLE public.conversations
    ALTER COLUMN chapter_at_time SET DEFAULT 1,
    ALTER COLUMN chapter_at_time SET NOT NULL;

-- The old check may not know the name yet.
ALTER TABLE public.conversations DROP CONSTRAINT IF EXISTS check_conversation_platform;
DO $platform$
DECLARE
    old_check name;
BEGIN
    FOR old_check IN
        SELECT conname FROM pg_constraint
         WHERE conrelid = 'public.conversations'::regclass AND contype = 'c'
           AND pg_get_constraintdef(oid) LIKE '%platform%'
    LOOP
        EXECUTE format('ALTER TABLE public.conversations DROP CONSTRAINT %I', old_check);
    END LOOP;
END
$platform$;
UPDATE public.conversations SET platform = 'telegram' WHERE platform = 'text';

-- Of a player's open text conversations the latest stays open.
UPDATE public.conversations AS older
   SET ended_at = coalesce(older.last_message_at, older.started_at)
  FROM (SELECT id, row_number() OVER (
                   PARTITION BY user_id ORDER BY coalesce(last_message_at, started_at) DESC, id DESC) AS position
          FROM public.conversations
         WHERE status = 'active' AND platform = 'telegram' AND ended_at IS NULL) AS open_ones
 WHERE older.id = open_ones.id AND open_ones.position > 1;

-- One row per call: of repeated deliveries the oldest keeps the session, the others keep their text.
UPDATE public.conversations AS repeated
   SET elevenlabs_session_id = NULL
  FROM (SELECT id, row_number() OVER (PARTITION BY elevenlabs_session_id ORDER BY created_at, id) AS position
          FROM public.conversations WHERE elevenlabs_session_id IS NOT NULL) AS calls
 WHERE repeated.id = calls.id AND calls.position > 1;

-- A conflict has a start, and only a conflict has one.
UPDATE public.nikita_emotional_states
   SET conflict_started_at = last_updated
 WHERE conflict_state <> 'none' AND conflict_started_at IS NULL;
UPDATE public.nikita_emotional_states
   SET conflict_started_at = NULL
 WHERE conflict_state = 'none' AND conflict_started_at IS NOT NULL;

-- Of equal life events the oldest stays.
DELETE FROM public.nikita_life_events AS repeated
 USING (SELECT event_id, row_number() OVER (
                   PARTITION BY user_id, event_date, event_type ORDER BY created_at, event_id) AS position
          FROM public.nikita_life_events) AS events
 WHERE repeated.event_id = events.event_id AND events.position > 1;

-- Of active arcs of one type the oldest stays active.
UPDATE public.nikita_narrative_arcs AS repeated
   SET status = 'abandoned', resolved_at = coalesce(repeated.resolved_at, now())
  FROM (SELECT arc_id, row_number() OVER (PARTITION BY user_id, arc_type ORDER BY created_at, arc_id) AS position
          FROM public.nikita_narrative_arcs WHERE status = 'active') AS arcs
 WHERE repeated.arc_id = arcs.arc_id AND arcs.position > 1;

UPDATE public.user_narrative_arcs
   SET is_active = false, resolved_at = coalesce(resolved_at, updated_at)
 WHERE current_stage = 'resolved' AND (is_active OR resolved_at IS NULL);
UPDATE public.user_narrative_arcs AS repeated
   SET is_active = false
  FROM (SELECT id, row_number() OVER (PARTITION BY user_id, template_name ORDER BY created_at, id) AS position
          FROM public.user_narrative_arcs WHERE is_active) AS arcs
 WHERE repeated.id = arcs.id AND arcs.position > 1;

-- A superseded fact is inactive; of active facts with one hash the oldest stays active.
UPDATE public.memory_facts SET superseded_by = NULL WHERE superseded_by = id;
UPDATE public.memory_facts SET is_active = false WHERE is_active AND (superseded_by IS NOT NULL OR embedding IS NULL);
UPDATE public.memory_facts AS repeated
   SET is_active = false
  FROM (SELECT id, row_number() OVER (
                   PARTITION BY user_id, graph_type, metadata->>'content_hash' ORDER BY created_at, id) AS position
          FROM public.memory_facts WHERE is_active AND metadata->>'content_hash' IS NOT NULL) AS facts
 WHERE repeated.id = facts.id AND facts.position > 1;

-- Of entities of one key the oldest stays.
DELETE FROM public.nikita_entities AS repeated
 USING (SELECT entity_id, row_number() OVER (
                   PARTITION BY user_id, entity_type, name_key ORDER BY created_at, entity_id) AS position
          FROM public.nikita_entities) AS entities
 WHERE repeated.entity_id = entities.entity_id AND entities.position > 1;

-- An event is delivered exactly when it has the time of its delivery; a touchpoint has one outcome.
UPDATE public.scheduled_events SET delivered_at = updated_at WHERE status = 'delivered' AND delivered_at IS NULL;
UPDATE public.scheduled_events SET status = 'delivered' WHERE status <> 'delivered' AND delivered_at IS NOT NULL;
UPDATE public.scheduled_touchpoints SET skipped = false WHERE delivered AND skipped;

-- Cached venues are found in small letters; of equal keys the latest fetch stays.
DELETE FROM public.venue_cache AS repeated
 USING (SELECT id, row_number() OVER (
                   PARTITION BY lower(city), lower(scene) ORDER BY fetched_at DESC, id) AS position
          FROM public.venue_cache) AS venues
 WHERE repeated.id = venues.id AND venues.position > 1;
UPDATE public.venue_cache SET city = lower(city), scene = lower(scene)
 WHERE city <> lower(city) OR scene <> lower(scene);
