-- What: the tables that are new: HTTP limits, the inbox, stage runs, model usage, notifications, the deletion outbox.
-- Why:  what comes from outside has its effect once; runs, calls and costs can be counted; a deletion is never lost.
-- Safe while old code runs: yes. Only new objects.

-- HTTP limits, and the day's model budget in micro-dollars (scope `llm_day`). A subject may be an address or a hash.
CREATE TABLE IF NOT EXISTS public.api_rate_limits (
    scope        text NOT NULL,
    subject      text NOT NULL,
    window_start timestamptz NOT NULL,
    count        bigint NOT NULL DEFAULT 0,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (scope, subject, window_start)
);

-- Everything received from outside. The row is written before the answer, and its key makes the effect happen once.
CREATE TABLE IF NOT EXISTS public.inbound_events (
    source       text NOT NULL
        CONSTRAINT check_inbound_source CHECK (source IN ('telegram', 'elevenlabs')),
    external_id  text NOT NULL,
    -- The update id as a number: the order of one sender's updates.
    seq          bigint GENERATED ALWAYS AS
        (CASE WHEN source = 'telegram' AND external_id ~ '^[0-9]{1,18}$' THEN external_id::bigint END) STORED,
    kind         text NOT NULL DEFAULT 'other',
    telegram_id  bigint,
    chat_id      bigint,
    payload      jsonb,
    status       text NOT NULL DEFAULT 'received'
        CONSTRAINT check_inbound_status CHECK (status IN ('received', 'processing', 'done', 'failed', 'ignored')),
    attempts     integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    outcome      text,
    error        text CHECK (length(error) <= 500),
    received_at  timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz,
    PRIMARY KEY (source, external_id),
    CONSTRAINT check_inbound_telegram_id CHECK (source <> 'telegram' OR external_id ~ '^[0-9]{1,18}$'),
    CONSTRAINT check_inbound_processed
        CHECK ((processed_at IS NOT NULL) = (status IN ('done', 'failed', 'ignored')))
);

-- One row per conversation, attempt and stage, written when the stage ends.
CREATE TABLE IF NOT EXISTS public.pipeline_stage_runs (
    id              bigserial PRIMARY KEY,
    conversation_id uuid REFERENCES public.conversations (id) ON DELETE SET NULL,
    user_id         uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    attempt         integer NOT NULL,
    stage           text NOT NULL,
    tries           integer NOT NULL DEFAULT 1,
    status          text NOT NULL
        CONSTRAINT check_stage_status CHECK (status IN ('ok', 'failed', 'skipped')),
    error           text CHECK (length(error) <= 500),
    result          jsonb,
    duration_ms     integer,
    started_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_stage_run UNIQUE (conversation_id, attempt, stage)
);

-- One row per call to a model, also the failed ones.
CREATE TABLE IF NOT EXISTS public.llm_usage (
    id                 bigserial PRIMARY KEY,
    user_id            uuid REFERENCES public.users (id) ON DELETE SET NULL,
    conversation_id    uuid REFERENCES public.conversations (id) ON DELETE SET NULL,
    purpose            text NOT NULL,
    platform           varchar(10) CHECK (platform IN ('text', 'voice')),
    model              text NOT NULL,
    input_tokens       integer NOT NULL DEFAULT 0,
    output_tokens      integer NOT NULL DEFAULT 0,
    cache_read_tokens  integer NOT NULL DEFAULT 0,
    cache_write_tokens integer NOT NULL DEFAULT 0,
    -- Millionths of a dollar.
    cost_microusd      bigint NOT NULL DEFAULT 0,
    latency_ms         integer,
    status             text NOT NULL DEFAULT 'ok'
        CONSTRAINT check_llm_status CHECK (status IN ('ok', 'error', 'timeout')),
    created_at         timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.portal_notifications (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id     uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    type        text NOT NULL
        CONSTRAINT check_notification_type
        CHECK (type IN ('score_change', 'chapter_advance', 'boss_encounter', 'decay_warning', 'engagement_shift')),
    title       text NOT NULL,
    message     text NOT NULL,
    action_href text,
    dedupe_key  text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    read_at     timestamptz,
    CONSTRAINT uq_notification_dedupe UNIQUE (user_id, dedupe_key)
);

-- The outbox of deleted accounts: done when the auth account is gone as well. No key: it outlives the player.
CREATE TABLE IF NOT EXISTS public.account_deletions (
    user_id      uuid PRIMARY KEY,
    requested_at timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    last_error   text,
    done_at      timestamptz
);
