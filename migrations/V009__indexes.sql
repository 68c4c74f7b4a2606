-- What: the indexes that are not the index of a key.
-- Why:  each serves a query that is run often or over many rows; the names marked below were missing on the old database.
-- Safe while old code runs: yes, but a write to a table waits while its index is built. The command runs a migration in
--       one transaction, where CONCURRENTLY is not allowed; the tables of one deployment are small when this first runs,
--       and the only large one, job_executions, gets a partial index over rows that do not exist yet. An operator with
--       large tables builds the indexes by hand with CONCURRENTLY first: IF NOT EXISTS then finds them.

CREATE UNIQUE INDEX IF NOT EXISTS uq_users_phone ON public.users (phone) WHERE phone IS NOT NULL;
CREATE INDEX IF NOT EXISTS ix_users_game_status ON public.users (game_status);
CREATE INDEX IF NOT EXISTS idx_users_last_interaction ON public.users (last_interaction_at DESC);

CREATE UNIQUE INDEX IF NOT EXISTS uq_user_friend_name ON public.user_social_circles (user_id, lower(friend_name));
CREATE INDEX IF NOT EXISTS idx_social_circles_active ON public.user_social_circles (user_id) WHERE is_active;

-- The first three were missing.
CREATE INDEX IF NOT EXISTS idx_conversations_status ON public.conversations (status);
CREATE INDEX IF NOT EXISTS idx_conversations_platform ON public.conversations (platform, started_at DESC);
CREATE INDEX IF NOT EXISTS idx_conversations_user_status ON public.conversations (user_id, status);
CREATE INDEX IF NOT EXISTS idx_conversations_user_started ON public.conversations (user_id, started_at DESC);
CREATE INDEX IF NOT EXISTS idx_conversations_started_at ON public.conversations (started_at DESC);
CREATE INDEX IF NOT EXISTS idx_conversations_session_detection
    ON public.conversations (user_id, status, last_message_at) WHERE status = 'active';
CREATE INDEX IF NOT EXISTS idx_conversations_stale ON public.conversations (last_message_at) WHERE status = 'active';
CREATE INDEX IF NOT EXISTS idx_conversations_stuck_detection
    ON public.conversations (status, processing_started_at) WHERE status = 'processing';
CREATE INDEX IF NOT EXISTS ix_conversations_search_vector ON public.conversations USING gin (search_vector);
-- One open text conversation per player.
CREATE UNIQUE INDEX IF NOT EXISTS uq_conversations_open_text
    ON public.conversations (user_id) WHERE status = 'active' AND platform = 'telegram' AND ended_at IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS uq_conversations_voice_session
    ON public.conversations (elevenlabs_session_id) WHERE elevenlabs_session_id IS NOT NULL;

CREATE INDEX IF NOT EXISTS idx_conversation_threads_user_status
    ON public.conversation_threads (user_id, status) WHERE status = 'open';
CREATE INDEX IF NOT EXISTS idx_conversation_threads_user_created
    ON public.conversation_threads (user_id, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_conversation_threads_source ON public.conversation_threads (source_conversation_id);

CREATE INDEX IF NOT EXISTS idx_nikita_thoughts_user_active
    ON public.nikita_thoughts (user_id, used_at, expires_at, created_at);
CREATE INDEX IF NOT EXISTS idx_nikita_thoughts_source ON public.nikita_thoughts (source_conversation_id);

CREATE INDEX IF NOT EXISTS idx_memory_facts_user_graph_active
    ON public.memory_facts (user_id, graph_type, created_at DESC) WHERE is_active;
-- Kept because the old database has it. No search may use it: it covers all players, and with one probe and a filter by
-- player a small player gets too few rows or none. A search takes the player's active facts first and sorts those.
CREATE INDEX IF NOT EXISTS idx_memory_facts_embedding_cosine
    ON public.memory_facts USING ivfflat (embedding vector_cosine_ops) WITH (lists = 50);
CREATE INDEX IF NOT EXISTS idx_memory_facts_waiting
    ON public.memory_facts (user_id) WHERE NOT is_active AND metadata ? 'embedding_pending';
CREATE INDEX IF NOT EXISTS idx_memory_facts_superseded_by
    ON public.memory_facts (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_memory_facts_conversation ON public.memory_facts (conversation_id);
CREATE UNIQUE INDEX IF NOT EXISTS uq_memory_facts_hash
    ON public.memory_facts (user_id, graph_type, (metadata->>'content_hash')) WHERE is_active;

CREATE INDEX IF NOT EXISTS idx_context_packages_expires ON public.context_packages (expires_at);

CREATE INDEX IF NOT EXISTS idx_score_history_user_recorded ON public.score_history (user_id, recorded_at DESC);
-- Was missing.
CREATE INDEX IF NOT EXISTS idx_score_history_recorded_at ON public.score_history (recorded_at DESC);
CREATE UNIQUE INDEX IF NOT EXISTS uq_score_history_source
    ON public.score_history (user_id, event_type, source_key) WHERE source_key IS NOT NULL;

CREATE INDEX IF NOT EXISTS idx_user_narrative_arcs_active ON public.user_narrative_arcs (user_id) WHERE is_active;
CREATE UNIQUE INDEX IF NOT EXISTS uq_user_arc_active_template
    ON public.user_narrative_arcs (user_id, template_name) WHERE is_active;

CREATE INDEX IF NOT EXISTS idx_emotional_states_last_updated
    ON public.nikita_emotional_states (user_id, last_updated DESC);
CREATE INDEX IF NOT EXISTS idx_emotional_states_conflict
    ON public.nikita_emotional_states (user_id, conflict_state) WHERE conflict_state <> 'none';
CREATE INDEX IF NOT EXISTS idx_emotional_states_conflict_details
    ON public.nikita_emotional_states USING gin (conflict_details);

CREATE INDEX IF NOT EXISTS idx_life_events_user_date ON public.nikita_life_events (user_id, event_date);
CREATE INDEX IF NOT EXISTS idx_life_events_domain ON public.nikita_life_events (user_id, domain);
CREATE INDEX IF NOT EXISTS idx_life_events_arc ON public.nikita_life_events (narrative_arc_id);

CREATE INDEX IF NOT EXISTS idx_narrative_arcs_user_status ON public.nikita_narrative_arcs (user_id, status);
CREATE UNIQUE INDEX IF NOT EXISTS uq_narrative_arcs_active_type
    ON public.nikita_narrative_arcs (user_id, arc_type) WHERE status = 'active';

CREATE INDEX IF NOT EXISTS idx_engagement_history_user_created
    ON public.engagement_history (user_id, created_at DESC);

CREATE INDEX IF NOT EXISTS idx_scheduled_events_due
    ON public.scheduled_events (status, scheduled_at) WHERE status = 'pending';
CREATE INDEX IF NOT EXISTS idx_scheduled_events_user_status ON public.scheduled_events (user_id, status);
CREATE INDEX IF NOT EXISTS idx_scheduled_events_source ON public.scheduled_events (source_conversation_id);
-- One queued message per response.
CREATE UNIQUE INDEX IF NOT EXISTS uq_scheduled_events_response
    ON public.scheduled_events ((content->>'response_id')) WHERE content ? 'response_id';

CREATE INDEX IF NOT EXISTS idx_scheduled_touchpoints_due
    ON public.scheduled_touchpoints (delivered, skipped, delivery_at) WHERE NOT delivered AND NOT skipped;
CREATE INDEX IF NOT EXISTS idx_scheduled_touchpoints_user_created
    ON public.scheduled_touchpoints (user_id, created_at);

CREATE UNIQUE INDEX IF NOT EXISTS idx_ready_prompts_current
    ON public.ready_prompts (user_id, platform) WHERE is_current;
CREATE INDEX IF NOT EXISTS idx_ready_prompts_user_created ON public.ready_prompts (user_id, created_at DESC);

-- Was missing.
CREATE INDEX IF NOT EXISTS idx_generated_prompts_created_at ON public.generated_prompts (created_at DESC);
CREATE INDEX IF NOT EXISTS idx_generated_prompts_user_created
    ON public.generated_prompts (user_id, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_generated_prompts_conversation ON public.generated_prompts (conversation_id);
CREATE INDEX IF NOT EXISTS idx_generated_prompts_template ON public.generated_prompts (meta_prompt_template);

CREATE INDEX IF NOT EXISTS ix_pending_registrations_expires_at ON public.pending_registrations (expires_at);
CREATE INDEX IF NOT EXISTS idx_pending_registrations_email ON public.pending_registrations (lower(email));

CREATE INDEX IF NOT EXISTS idx_onboarding_states_step ON public.onboarding_states (current_step);
CREATE INDEX IF NOT EXISTS idx_onboarding_states_updated ON public.onboarding_states (updated_at);

CREATE INDEX IF NOT EXISTS idx_venue_cache_expires ON public.venue_cache (expires_at);

CREATE INDEX IF NOT EXISTS idx_job_executions_job_name_started
    ON public.job_executions (job_name, started_at DESC);
CREATE INDEX IF NOT EXISTS idx_job_executions_status ON public.job_executions (status);
CREATE INDEX IF NOT EXISTS idx_job_executions_started_at ON public.job_executions (started_at);
-- A slot runs once.
CREATE UNIQUE INDEX IF NOT EXISTS uq_job_executions_slot
    ON public.job_executions (job_name, slot) WHERE slot IS NOT NULL;

CREATE INDEX IF NOT EXISTS idx_error_logs_occurred ON public.error_logs (occurred_at DESC);
CREATE INDEX IF NOT EXISTS idx_error_logs_level ON public.error_logs (level);
CREATE INDEX IF NOT EXISTS idx_error_logs_source ON public.error_logs (source);
CREATE INDEX IF NOT EXISTS idx_error_logs_user ON public.error_logs (user_id);
CREATE INDEX IF NOT EXISTS idx_error_logs_unresolved ON public.error_logs (resolved) WHERE NOT resolved;

CREATE INDEX IF NOT EXISTS idx_audit_logs_admin_created ON public.audit_logs (admin_id, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_audit_logs_user_created ON public.audit_logs (user_id, created_at DESC);

CREATE INDEX IF NOT EXISTS idx_rate_limits_expires ON public.rate_limits (expires_at);
CREATE INDEX IF NOT EXISTS idx_api_rate_limits_expires ON public.api_rate_limits (expires_at);
CREATE INDEX IF NOT EXISTS idx_telegram_link_codes_expires ON public.telegram_link_codes (expires_at);

CREATE INDEX IF NOT EXISTS idx_portal_notifications_user_created
    ON public.portal_notifications (user_id, created_at DESC);

CREATE INDEX IF NOT EXISTS idx_account_deletions_open
    ON public.account_deletions (requested_at) WHERE done_at IS NULL;

CREATE INDEX IF NOT EXISTS idx_inbound_events_queue
    ON public.inbound_events (telegram_id, seq) WHERE status IN ('received', 'processing');
CREATE INDEX IF NOT EXISTS idx_inbound_events_sender ON public.inbound_events (telegram_id, received_at);
CREATE INDEX IF NOT EXISTS idx_inbound_events_received ON public.inbound_events (received_at);

CREATE INDEX IF NOT EXISTS idx_pipeline_stage_runs_started ON public.pipeline_stage_runs (started_at, stage);
CREATE INDEX IF NOT EXISTS idx_pipeline_stage_runs_user
    ON public.pipeline_stage_runs (user_id, started_at DESC);

CREATE INDEX IF NOT EXISTS idx_llm_usage_created ON public.llm_usage (created_at);
CREATE INDEX IF NOT EXISTS idx_llm_usage_user_purpose ON public.llm_usage (user_id, purpose, created_at);
CREATE INDEX IF NOT EXISTS idx_llm_usage_conversation ON public.llm_usage (conversation_id);
