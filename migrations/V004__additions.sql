-- What: the table of her psyche and the new columns of existing tables.
-- Why:  conflicts, decay, leases, idempotency keys and daily quotas need a place.
-- Safe while old code runs: yes. Every column may be empty or has a constant default, and old statements name neither.

CREATE TABLE IF NOT EXISTS public.psyche_states (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id      uuid NOT NULL,
    state        jsonb NOT NULL DEFAULT '{}',
    -- NULL: the row holds only counters, nothing was generated yet.
    generated_at timestamptz,
    model        text NOT NULL DEFAULT 'sonnet-4.5',
    token_count  integer NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);

-- The quota of a UTC day.
ALTER TABLE public.psyche_states
    ADD COLUMN IF NOT EXISTS created_at   timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS updated_at   timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS usage_day    date,
    ADD COLUMN IF NOT EXISTS tier2_today  integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS tier3_today  integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS tokens_today integer NOT NULL DEFAULT 0,
    ALTER COLUMN generated_at DROP NOT NULL,
    ALTER COLUMN generated_at DROP DEFAULT;

ALTER TABLE public.users
    ADD COLUMN IF NOT EXISTS routine_config        jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS meta_instructions     jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS last_conflict_at      timestamptz,
    ADD COLUMN IF NOT EXISTS conflict_details      jsonb,
    ADD COLUMN IF NOT EXISTS boss_fight_started_at timestamptz,
    ADD COLUMN IF NOT EXISTS cool_down_until       timestamptz,
    ADD COLUMN IF NOT EXISTS grace_started_at      timestamptz,
    ADD COLUMN IF NOT EXISTS last_decay_at         timestamptz,
    ADD COLUMN IF NOT EXISTS telegram_blocked_at   timestamptz;

ALTER TABLE public.user_metrics
    ADD COLUMN IF NOT EXISTS vulnerability_exchanges integer NOT NULL DEFAULT 0;

ALTER TABLE public.user_social_circles
    ADD COLUMN IF NOT EXISTS last_event timestamptz,
    ADD COLUMN IF NOT EXISTS sentiment  text NOT NULL DEFAULT 'neutral';

ALTER TABLE public.nikita_emotional_states
    ADD COLUMN IF NOT EXISTS conflict_details jsonb NOT NULL DEFAULT '{}';

-- Idempotency: one row per player, event type and source.
ALTER TABLE public.score_history
    ADD COLUMN IF NOT EXISTS source_key text;

-- A fact waits, inactive, for its vector.
ALTER TABLE public.memory_facts
    ALTER COLUMN embedding DROP NOT NULL;

-- The conversation that moved the arc last, so that a repeated run does not move it again.
ALTER TABLE public.user_narrative_arcs
    ADD COLUMN IF NOT EXISTS last_conversation_id uuid;

ALTER TABLE public.nikita_narrative_arcs
    ADD COLUMN IF NOT EXISTS outcome text;

-- The name as it is compared: trimmed, in small letters, one space between words, without a leading article or "her",
-- without punctuation at the end.
ALTER TABLE public.nikita_entities
    ADD COLUMN IF NOT EXISTS name_key text GENERATED ALWAYS AS (
        regexp_replace(
            regexp_replace(
                btrim(regexp_replace(lower(name), '\s+', ' ', 'g')),
                '^(the|a|an|her) ', ''),
            '[[:punct:][:space:]]+$', '')) STORED;

-- The machine's memory between calls.
ALTER TABLE public.engagement_state
    ADD COLUMN IF NOT EXISTS consecutive_high_scores     integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS consecutive_low_scores      integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS consecutive_recovery_scores integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS consecutive_good_days       integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS state_entered_at            timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS last_day_closed             date,
    ADD COLUMN IF NOT EXISTS needy_score                 numeric(3,2) NOT NULL DEFAULT 0.00,
    ADD COLUMN IF NOT EXISTS distracted_score            numeric(3,2) NOT NULL DEFAULT 0.00;

-- The lease of the run that delivers the row.
ALTER TABLE public.scheduled_events
    ADD COLUMN IF NOT EXISTS locked_until timestamptz;

ALTER TABLE public.scheduled_touchpoints
    ADD COLUMN IF NOT EXISTS retry_count  integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS locked_until timestamptz,
    ADD COLUMN IF NOT EXISTS expires_at   timestamptz,
    ADD COLUMN IF NOT EXISTS dedup_key    text;

-- The limits of sending a code again.
ALTER TABLE public.pending_registrations
    ADD COLUMN IF NOT EXISTS sends_count     integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS sends_window_at timestamptz,
    ADD COLUMN IF NOT EXISTS last_sent_at    timestamptz;

-- The minute that a run stands for, and who asked for it.
ALTER TABLE public.job_executions
    ADD COLUMN IF NOT EXISTS slot     text,
    ADD COLUMN IF NOT EXISTS trigger  text,
    ADD COLUMN IF NOT EXISTS attempts integer NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS trace_id text;

-- The code writes `details`; an old database has only `metadata`, whose values the clean-up takes over.
ALTER TABLE public.audit_logs
    ADD COLUMN IF NOT EXISTS details jsonb NOT NULL DEFAULT '{}';
