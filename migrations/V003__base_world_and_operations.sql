-- What: the tables of her world, of what is scheduled, of prompts and of the running of the service, as they stood
--       before this release. Columns, types, defaults and primary keys; checks and keys follow in V007.
-- Why:  a new database starts from the same state as one that has been running.
-- Safe while old code runs: yes. A table that exists is left as it is.

-- One row per processed conversation; the current one has the greatest last_updated.
CREATE TABLE IF NOT EXISTS public.nikita_emotional_states (
    state_id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id               uuid NOT NULL,
    arousal               numeric NOT NULL DEFAULT 0.5,
    valence               numeric NOT NULL DEFAULT 0.5,
    dominance             numeric NOT NULL DEFAULT 0.5,
    intimacy              numeric NOT NULL DEFAULT 0.5,
    conflict_state        text NOT NULL DEFAULT 'none',
    conflict_started_at   timestamptz,
    conflict_trigger      text,
    ignored_message_count integer NOT NULL DEFAULT 0,
    metadata              jsonb NOT NULL DEFAULT '{}',
    last_updated          timestamptz NOT NULL DEFAULT now(),
    created_at            timestamptz NOT NULL DEFAULT now()
);

-- The people, places and projects that her days name.
CREATE TABLE IF NOT EXISTS public.nikita_entities (
    entity_id    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id      uuid NOT NULL,
    entity_type  varchar(20) NOT NULL,
    name         varchar(100) NOT NULL,
    description  text,
    relationship text,
    created_at   timestamptz NOT NULL DEFAULT now()
);

-- Storylines of her own days.
CREATE TABLE IF NOT EXISTS public.nikita_narrative_arcs (
    arc_id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id           uuid NOT NULL,
    domain            varchar(20) NOT NULL,
    arc_type          varchar(50) NOT NULL,
    status            varchar(20) NOT NULL DEFAULT 'active',
    start_date        date NOT NULL,
    entities          jsonb NOT NULL DEFAULT '[]',
    current_state     text NOT NULL DEFAULT '',
    possible_outcomes jsonb NOT NULL DEFAULT '[]',
    created_at        timestamptz NOT NULL DEFAULT now(),
    resolved_at       timestamptz
);

CREATE TABLE IF NOT EXISTS public.nikita_life_events (
    event_id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id          uuid NOT NULL,
    event_date       date NOT NULL,
    time_of_day      varchar(20) NOT NULL,
    domain           varchar(20) NOT NULL,
    event_type       varchar(50) NOT NULL,
    description      text NOT NULL,
    entities         jsonb NOT NULL DEFAULT '[]',
    emotional_impact jsonb NOT NULL
        DEFAULT '{"arousal_delta": 0, "valence_delta": 0, "dominance_delta": 0, "intimacy_delta": 0}',
    importance       double precision NOT NULL DEFAULT 0.5,
    narrative_arc_id uuid,
    created_at       timestamptz NOT NULL DEFAULT now()
);

-- Messages and calls that wait for their time.
CREATE TABLE IF NOT EXISTS public.scheduled_events (
    id                     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id                uuid NOT NULL,
    platform               varchar(20) NOT NULL,
    event_type             varchar(50) NOT NULL,
    content                jsonb NOT NULL,
    scheduled_at           timestamptz NOT NULL,
    delivered_at           timestamptz,
    status                 varchar(20) NOT NULL DEFAULT 'pending',
    retry_count            integer NOT NULL DEFAULT 0,
    error_message          text,
    source_conversation_id uuid,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now()
);

-- Messages that she sends first.
CREATE TABLE IF NOT EXISTS public.scheduled_touchpoints (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id         uuid NOT NULL,
    trigger_type    varchar(20) NOT NULL,
    trigger_context jsonb NOT NULL DEFAULT '{}',
    message_content text NOT NULL DEFAULT '',
    delivery_at     timestamptz NOT NULL,
    delivered       boolean NOT NULL DEFAULT false,
    delivered_at    timestamptz,
    skipped         boolean NOT NULL DEFAULT false,
    skip_reason     varchar(100),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.nikita_thoughts (
    id                     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id                uuid NOT NULL,
    thought_type           text NOT NULL,
    content                text NOT NULL,
    source_conversation_id uuid,
    expires_at             timestamptz,
    used_at                timestamptz,
    psychological_context  jsonb,
    created_at             timestamptz NOT NULL DEFAULT now()
);

-- The prompt that the agent uses. Only is_current ever changes.
CREATE TABLE IF NOT EXISTS public.ready_prompts (
    id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id            uuid NOT NULL,
    platform           text NOT NULL,
    prompt_text        text NOT NULL,
    token_count        integer NOT NULL,
    context_snapshot   jsonb,
    pipeline_version   text NOT NULL,
    generation_time_ms real NOT NULL,
    is_current         boolean NOT NULL DEFAULT true,
    conversation_id    uuid,
    created_at         timestamptz NOT NULL DEFAULT now()
);

-- Append only: the log behind token statistics.
CREATE TABLE IF NOT EXISTS public.generated_prompts (
    id                   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id              uuid NOT NULL,
    conversation_id      uuid,
    prompt_content       text NOT NULL,
    token_count          integer NOT NULL,
    generation_time_ms   double precision NOT NULL,
    meta_prompt_template varchar(100) NOT NULL,
    context_snapshot     jsonb,
    platform             varchar(10) NOT NULL DEFAULT 'text',
    created_at           timestamptz NOT NULL DEFAULT now()
);

-- Somebody who has given an address and not yet the code that was mailed to it.
CREATE TABLE IF NOT EXISTS public.pending_registrations (
    telegram_id  bigint PRIMARY KEY,
    email        varchar(255) NOT NULL,
    chat_id      bigint,
    otp_state    varchar(20) NOT NULL DEFAULT 'pending',
    otp_attempts integer NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL DEFAULT now() + interval '10 minutes'
);

-- Where somebody stands in the onboarding. Deleted on completion.
CREATE TABLE IF NOT EXISTS public.onboarding_states (
    telegram_id       bigint PRIMARY KEY,
    current_step      varchar(30) NOT NULL DEFAULT 'location',
    collected_answers jsonb NOT NULL DEFAULT '{}',
    started_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.venue_cache (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    city       varchar(100) NOT NULL,
    scene      varchar(50) NOT NULL,
    venues     jsonb NOT NULL DEFAULT '[]',
    fetched_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '30 days'
);

-- One row per run of a job.
CREATE TABLE IF NOT EXISTS public.job_executions (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    job_name     varchar(50) NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    status       varchar(20) NOT NULL DEFAULT 'running',
    result       jsonb,
    duration_ms  integer,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.error_logs (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    level            varchar(20) NOT NULL DEFAULT 'error',
    message          text NOT NULL,
    source           varchar(200) NOT NULL,
    user_id          uuid,
    conversation_id  uuid,
    stack_trace      text,
    context          jsonb NOT NULL DEFAULT '{}',
    resolved         boolean NOT NULL DEFAULT false,
    resolution_notes text,
    occurred_at      timestamptz NOT NULL DEFAULT now(),
    resolved_at      timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now()
);

-- Append only, and without keys: it survives the deletion of the player whose data were seen.
CREATE TABLE IF NOT EXISTS public.audit_logs (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    admin_id      uuid NOT NULL,
    admin_email   text NOT NULL,
    action        varchar(50) NOT NULL,
    resource_type varchar(100) NOT NULL,
    resource_id   uuid,
    user_id       uuid,
    details       jsonb NOT NULL DEFAULT '{}',
    created_at    timestamptz NOT NULL DEFAULT now()
);

-- The six characters that link a Telegram account to a player of the portal.
CREATE TABLE IF NOT EXISTS public.telegram_link_codes (
    code       varchar(6) PRIMARY KEY,
    user_id    uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '10 minutes'
);

CREATE TABLE IF NOT EXISTS public.push_subscriptions (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id    uuid NOT NULL,
    endpoint   text NOT NULL,
    p256dh     text NOT NULL,
    auth       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Chat limits: one counter per player and window (`minute:2026-02-17-05-00` or `day:2026-02-17`, UTC).
CREATE TABLE IF NOT EXISTS public.rate_limits (
    id         bigserial PRIMARY KEY,
    user_id    uuid NOT NULL,
    "window"   varchar(50) NOT NULL,
    count      bigint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL
);
