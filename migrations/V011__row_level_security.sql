-- What: row level security on every table, its grants and its policies; the old policies go.
-- Why:  a player reads only their own rows and writes two settings; an admin reads; everything else is the service's.
--       "Closed" is row security on and no grant. FORCE is not set: the owner, which runs migrations and retention, is
--       exempt. Always (SELECT auth.uid()), not auth.uid(): evaluated once per statement, not once per row.
-- Safe while old code runs: yes for code that connects as the owner or the service. Clients that wrote to tables through
--       the platform's REST layer are refused from here on, which is the point.

DO $policies$
DECLARE
    target     record;
    old_policy record;
BEGIN
    FOR target IN
        SELECT * FROM (VALUES
            ('own-read', 'users', 'id'), ('own-read', 'user_profiles', 'id'),
            ('own-read', 'user_metrics', 'user_id'), ('own-read', 'user_backstories', 'user_id'),
            ('own-read', 'user_social_circles', 'user_id'), ('own-read', 'user_vice_preferences', 'user_id'),
            ('own-read', 'user_narrative_arcs', 'user_id'), ('own-read', 'conversations', 'user_id'),
            ('own-read', 'conversation_threads', 'user_id'), ('own-read', 'daily_summaries', 'user_id'),
            ('own-read', 'memory_facts', 'user_id'), ('own-read', 'score_history', 'user_id'),
            ('own-read', 'nikita_emotional_states', 'user_id'), ('own-read', 'nikita_thoughts', 'user_id'),
            ('own-read', 'engagement_state', 'user_id'), ('own-read', 'engagement_history', 'user_id'),
            ('own-read', 'psyche_states', 'user_id'), ('own-read', 'portal_notifications', 'user_id'),

            ('admin-read', 'generated_prompts', NULL), ('admin-read', 'ready_prompts', NULL),
            ('admin-read', 'context_packages', NULL), ('admin-read', 'scheduled_events', NULL),
            ('admin-read', 'scheduled_touchpoints', NULL), ('admin-read', 'onboarding_states', NULL),
            ('admin-read', 'pending_registrations', NULL), ('admin-read', 'job_executions', NULL),
            ('admin-read', 'pipeline_stage_runs', NULL),

            ('lookup', 'venue_cache', NULL),
            ('own-write', 'push_subscriptions', 'user_id'),

            ('closed', 'audit_logs', NULL), ('closed', 'error_logs', NULL), ('closed', 'nikita_entities', NULL),
            ('closed', 'nikita_life_events', NULL), ('closed', 'nikita_narrative_arcs', NULL),
            ('closed', 'telegram_link_codes', NULL), ('closed', 'rate_limits', NULL),
            ('closed', 'api_rate_limits', NULL), ('closed', 'inbound_events', NULL), ('closed', 'llm_usage', NULL),
            ('closed', 'account_deletions', NULL)
        ) AS classes (class, table_name, owner_column)
    LOOP
        FOR old_policy IN
            SELECT policyname FROM pg_policies WHERE schemaname = 'public' AND tablename = target.table_name
        LOOP
            EXECUTE format('DROP POLICY %I ON public.%I', old_policy.policyname, target.table_name);
        END LOOP;

        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', target.table_name);
        EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, anon, authenticated', target.table_name);
        EXECUTE format('GRANT ALL ON public.%I TO service_role', target.table_name);
        EXECUTE format(
            'CREATE POLICY %I ON public.%I FOR ALL
             USING ((SELECT public.is_service())) WITH CHECK ((SELECT public.is_service()))',
            target.table_name || '_service_all', target.table_name);

        CASE target.class
            WHEN 'own-read' THEN
                EXECUTE format('GRANT SELECT ON public.%I TO authenticated', target.table_name);
                EXECUTE format(
                    'CREATE POLICY %I ON public.%I FOR SELECT TO authenticated
                     USING (%I = (SELECT auth.uid()) OR (SELECT public.is_admin()))',
                    target.table_name || '_read', target.table_name, target.owner_column);
            WHEN 'admin-read' THEN
                EXECUTE format('GRANT SELECT ON public.%I TO authenticated', target.table_name);
                EXECUTE format(
                    'CREATE POLICY %I ON public.%I FOR SELECT TO authenticated USING ((SELECT public.is_admin()))',
                    target.table_name || '_admin_read', target.table_name);
            WHEN 'lookup' THEN
                EXECUTE format('GRANT SELECT ON public.%I TO authenticated', target.table_name);
                EXECUTE format('CREATE POLICY %I ON public.%I FOR SELECT TO authenticated USING (true)',
                    target.table_name || '_read', target.table_name);
            WHEN 'own-write' THEN
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO authenticated', target.table_name);
                EXECUTE format(
                    'CREATE POLICY %1$I ON public.%2$I FOR ALL TO authenticated
                     USING (%3$I = (SELECT auth.uid())) WITH CHECK (%3$I = (SELECT auth.uid()))',
                    target.table_name || '_own', target.table_name, target.owner_column);
            WHEN 'closed' THEN
                NULL;
        END CASE;
    END LOOP;
END
$policies$;

-- The only two columns that a player writes.
GRANT UPDATE (timezone, notifications_enabled) ON public.users TO authenticated;
CREATE POLICY users_self_settings ON public.users FOR UPDATE TO authenticated
    USING (id = (SELECT auth.uid())) WITH CHECK (id = (SELECT auth.uid()));

-- What admins saw and did is only added to; ops.run_retention alone removes it.
REVOKE ALL ON public.audit_logs FROM service_role;
GRANT SELECT, INSERT ON public.audit_logs TO service_role;

REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, anon, authenticated;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO service_role;

-- A table of a later migration begins closed.
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM anon, authenticated;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON FUNCTIONS FROM PUBLIC;
