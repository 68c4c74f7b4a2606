-- What: the tables of a player as they stood before this release: identity, conversations, memory, game, engagement.
--       Columns, types, defaults and primary keys; their checks and keys follow in V007, the same for old and new.
-- Why:  a new database starts from the same state as one that has been running.
-- Safe while old code runs: yes. A table that exists is left as it is.

DO $types$
BEGIN
    IF to_regtype('public.engagement_state_enum') IS NULL THEN
        CREATE TYPE public.engagement_state_enum AS ENUM
            ('calibrating', 'in_zone', 'drifting', 'clingy', 'distant', 'out_of_zone');
    END IF;
END
$types$;

-- The player. The id is the auth user's.
CREATE TABLE IF NOT EXISTS public.users (
    id                     uuid PRIMARY KEY,
    telegram_id            bigint,
    phone                  varchar(20),
    relationship_score     numeric(5,2) NOT NULL DEFAULT 50.00,
    chapter                integer NOT NULL DEFAULT 1,
    boss_attempts          integer NOT NULL DEFAULT 0,
    days_played            integer NOT NULL DEFAULT 0,
    last_interaction_at    timestamptz,
    game_status            varchar(20) NOT NULL DEFAULT 'active',
    timezone               varchar(50) NOT NULL DEFAULT 'UTC',
    notifications_enabled  boolean NOT NULL DEFAULT true,
    cached_voice_prompt    text,
    cached_voice_prompt_at timestamptz,
    cached_voice_context   jsonb,
    onboarding_status      text NOT NULL DEFAULT 'pending',
    onboarding_profile     jsonb NOT NULL DEFAULT '{}',
    onboarded_at           timestamptz,
    onboarding_call_id     text,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.user_metrics (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id    uuid NOT NULL,
    intimacy   numeric(5,2) NOT NULL DEFAULT 50.00,
    passion    numeric(5,2) NOT NULL DEFAULT 50.00,
    trust      numeric(5,2) NOT NULL DEFAULT 50.00,
    secureness numeric(5,2) NOT NULL DEFAULT 50.00,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.user_profiles (
    id               uuid PRIMARY KEY,
    location_city    varchar(100),
    location_country varchar(100),
    life_stage       varchar(50),
    social_scene     varchar(50),
    primary_interest varchar(100),
    drug_tolerance   integer NOT NULL DEFAULT 3,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.user_backstories (
    id                       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id                  uuid NOT NULL,
    venue_name               varchar(200),
    venue_city               varchar(100),
    scenario_type            varchar(50),
    how_we_met               text,
    the_moment               text,
    unresolved_hook          text,
    nikita_persona_overrides jsonb,
    created_at               timestamptz NOT NULL DEFAULT now(),
    updated_at               timestamptz NOT NULL DEFAULT now()
);

-- Her friends and family as this player knows them, 5 to 8 rows.
CREATE TABLE IF NOT EXISTS public.user_social_circles (
    id                     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id                uuid NOT NULL,
    friend_name            text NOT NULL,
    friend_role            text NOT NULL,
    age                    integer,
    occupation             text,
    personality            text,
    relationship_to_nikita text,
    storyline_potential    jsonb NOT NULL DEFAULT '[]',
    trigger_conditions     jsonb NOT NULL DEFAULT '[]',
    adapted_traits         jsonb NOT NULL DEFAULT '{}',
    is_active              boolean NOT NULL DEFAULT true,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now()
);

-- One session of texts, or one call.
CREATE TABLE IF NOT EXISTS public.conversations (
    id                    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id               uuid NOT NULL,
    platform              varchar(20) NOT NULL,
    messages              jsonb NOT NULL DEFAULT '[]',
    started_at            timestamptz NOT NULL DEFAULT now(),
    ended_at              timestamptz,
    score_delta           numeric(5,2),
    is_boss_fight         boolean NOT NULL DEFAULT false,
    chapter_at_time       integer NOT NULL DEFAULT 1,
    -- The words that were said, not the keys and roles of the JSON.
    search_vector         tsvector GENERATED ALWAYS AS
        (jsonb_to_tsvector('simple', jsonb_path_query_array(messages, '$[*].content'), '["string"]')) STORED,
    status                text NOT NULL DEFAULT 'active',
    processing_attempts   integer NOT NULL DEFAULT 0,
    processing_started_at timestamptz,
    processed_at          timestamptz,
    last_message_at       timestamptz,
    extracted_entities    jsonb,
    conversation_summary  text,
    emotional_tone        text,
    elevenlabs_session_id text,
    transcript_raw        text,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.conversation_threads (
    id                     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id                uuid NOT NULL,
    thread_type            text NOT NULL,
    content                text NOT NULL,
    source_conversation_id uuid,
    status                 text NOT NULL DEFAULT 'open',
    created_at             timestamptz NOT NULL DEFAULT now(),
    resolved_at            timestamptz
);

-- One row per player and UTC date.
CREATE TABLE IF NOT EXISTS public.daily_summaries (
    id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id             uuid NOT NULL,
    date                date NOT NULL,
    score_start         numeric(5,2),
    score_end           numeric(5,2),
    decay_applied       numeric(5,2),
    conversations_count integer NOT NULL DEFAULT 0,
    nikita_summary_text text,
    key_events          jsonb,
    summary_text        text,
    key_moments         jsonb,
    emotional_tone      text,
    engagement_score    numeric(3,2),
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.memory_facts (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id         uuid NOT NULL,
    graph_type      text NOT NULL,
    fact            text NOT NULL,
    source          text NOT NULL,
    confidence      real NOT NULL,
    embedding       vector(1536),
    metadata        jsonb NOT NULL DEFAULT '{}',
    is_active       boolean NOT NULL DEFAULT true,
    superseded_by   uuid,
    conversation_id uuid,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);

-- Neither written nor read any more; what old code left here expires.
CREATE TABLE IF NOT EXISTS public.context_packages (
    id         bigserial PRIMARY KEY,
    user_id    uuid NOT NULL,
    package    jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours'
);

-- Append only: score and chapter are the values after the event.
CREATE TABLE IF NOT EXISTS public.score_history (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id       uuid NOT NULL,
    score         numeric(5,2) NOT NULL,
    chapter       integer NOT NULL,
    event_type    varchar(50),
    event_details jsonb,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.user_vice_preferences (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id          uuid NOT NULL,
    category         varchar(50) NOT NULL,
    intensity_level  integer NOT NULL DEFAULT 1,
    engagement_score numeric(5,2) NOT NULL DEFAULT 0.00,
    discovered_at    timestamptz NOT NULL DEFAULT now(),
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);

-- A storyline that moves with each conversation.
CREATE TABLE IF NOT EXISTS public.user_narrative_arcs (
    id                    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id               uuid NOT NULL,
    template_name         text NOT NULL,
    category              text NOT NULL,
    current_stage         text NOT NULL DEFAULT 'setup',
    stage_progress        integer NOT NULL DEFAULT 0,
    conversations_in_arc  integer NOT NULL DEFAULT 0,
    max_conversations     integer NOT NULL DEFAULT 5,
    current_description   text,
    involved_characters   jsonb NOT NULL DEFAULT '[]',
    emotional_impact      jsonb NOT NULL DEFAULT '{}',
    is_active             boolean NOT NULL DEFAULT true,
    started_at            timestamptz NOT NULL DEFAULT now(),
    resolved_at           timestamptz,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.engagement_state (
    id                       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id                  uuid NOT NULL,
    state                    public.engagement_state_enum NOT NULL DEFAULT 'calibrating',
    calibration_score        numeric(3,2) NOT NULL DEFAULT 0.50,
    consecutive_in_zone      integer NOT NULL DEFAULT 0,
    consecutive_clingy_days  integer NOT NULL DEFAULT 0,
    consecutive_distant_days integer NOT NULL DEFAULT 0,
    multiplier               numeric(3,2) NOT NULL DEFAULT 0.90,
    last_calculated_at       timestamptz,
    created_at               timestamptz NOT NULL DEFAULT now(),
    updated_at               timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.engagement_history (
    id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id           uuid NOT NULL,
    from_state        public.engagement_state_enum,
    to_state          public.engagement_state_enum NOT NULL,
    reason            text,
    calibration_score numeric(3,2),
    clinginess_score  numeric(3,2),
    neglect_score     numeric(3,2),
    created_at        timestamptz NOT NULL DEFAULT now()
);
