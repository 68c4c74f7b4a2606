//! Row level security, by its worked cases. The matrix of all tables stands in `schema_matrix`.

use end_to_end::schema_world::{Caller, World};

/// case: schema 33, 34, 39
#[tokio::test]
async fn a_player_sees_themself_and_an_admin_sees_all() {
    let world = World::new().await;
    world.run("INSERT INTO conversations (user_id, platform) VALUES ($A, 'telegram')").await;
    for (caller, statement, expected) in [
        (Caller::A, "SELECT id FROM users", "ok 1"),
        (Caller::A, "SELECT id FROM users WHERE id = $A", "ok 1"),
        (Caller::B, "SELECT id FROM conversations WHERE user_id = $A", "ok 0"),
        (Caller::Nobody, "SELECT id FROM users", "ok 0"),
        (Caller::Anon, "SELECT id FROM users", "42501"),
        (Caller::Admin, "SELECT id FROM users", "ok 2"),
        (Caller::Admin, "UPDATE users SET timezone = 'Europe/Zurich'", "ok 0"),
        (Caller::Admin, "UPDATE users SET chapter = 5", "42501"),
    ] {
        assert_eq!(world.outcome_as(caller, statement).await, expected, "{caller:?}: {statement}");
    }
}

/// case: schema 35, 36
#[tokio::test]
async fn a_player_writes_two_settings_and_nothing_else() {
    let world = World::new().await;
    for (statement, expected) in [
        ("UPDATE users SET relationship_score = 100 WHERE id = $A", "42501"),
        ("UPDATE users SET timezone = 'Europe/Berlin' WHERE id = $A", "ok 1"),
        ("UPDATE users SET notifications_enabled = false WHERE id = $A", "ok 1"),
        ("UPDATE users SET timezone = 'Europe/Berlin' WHERE id = $B", "ok 0"),
        (
            "INSERT INTO memory_facts (user_id, graph_type, fact, source, confidence, is_active)
             VALUES ($A, 'user', 'x', 'user_message', 1, false)",
            "42501",
        ),
        ("DELETE FROM conversations", "42501"),
    ] {
        assert_eq!(world.outcome_as(Caller::A, statement).await, expected, "{statement}");
    }
}

/// case: schema 37, 38, 40, 41
#[tokio::test]
async fn operations_are_for_admins_and_the_audit_is_for_nobody() {
    let world = World::new().await;
    world
        .run(
            "INSERT INTO job_executions (job_name) VALUES ('decay');
             INSERT INTO psyche_states (user_id) VALUES ($A);
             INSERT INTO venue_cache (city, scene) VALUES ('berlin', 'techno')",
        )
        .await;
    let subscribe = |user: &str| {
        format!(
            "INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth) VALUES ({user}, 'x', 'x', 'x')"
        )
    };
    for (caller, statement, expected) in [
        (Caller::A, "SELECT id FROM audit_logs", "42501"),
        (Caller::Admin, "SELECT id FROM audit_logs", "42501"),
        (Caller::A, "SELECT id FROM job_executions", "ok 0"),
        (Caller::Admin, "SELECT id FROM job_executions", "ok 1"),
        (Caller::PretendedAdmin, "SELECT id FROM job_executions", "ok 0"),
        (Caller::A, "SELECT id FROM ready_prompts", "ok 0"),
        (Caller::A, "SELECT entity_id FROM nikita_entities", "42501"),
        (Caller::A, "SELECT id FROM venue_cache", "ok 1"),
        (Caller::A, "SELECT id FROM psyche_states", "ok 1"),
        (Caller::B, "SELECT id FROM psyche_states", "ok 0"),
        (Caller::A, &subscribe("$A"), "ok 1"),
        (Caller::A, &subscribe("$B"), "42501"),
    ] {
        assert_eq!(world.outcome_as(caller, statement).await, expected, "{caller:?}: {statement}");
    }
}

/// case: schema 42
#[tokio::test]
async fn the_service_needs_no_claims_and_only_adds_to_the_audit() {
    let world = World::new().await;
    let audit = "INSERT INTO audit_logs (admin_id, admin_email, action, resource_type)
                 VALUES ($A, 'x', 'view', 'user')";
    for (statement, expected) in [
        ("SELECT id FROM users", "ok 2"),
        (audit, "ok 1"),
        ("UPDATE audit_logs SET action = 'x'", "42501"),
        ("DELETE FROM audit_logs", "42501"),
        ("TRUNCATE audit_logs", "42501"),
        ("SELECT ops.run_retention(now())", "ok 1"),
        ("SELECT ops.invoke_task('decay')", "42501"),
    ] {
        assert_eq!(world.outcome_as(Caller::Service, statement).await, expected, "{statement}");
    }
    assert_eq!(world.outcome_as(Caller::A, "SELECT ops.run_retention(now())").await, "42501");
}

/// A login role that inherits from the three roles is the service by itself, and a player once it has set its role.
#[tokio::test]
async fn the_login_role_is_the_service_until_it_becomes_a_player() {
    let world = World::new().await;
    world
        .run(
            "BEGIN;
             CREATE ROLE login_of_this_test IN ROLE anon, authenticated, service_role;
             SET LOCAL ROLE login_of_this_test",
        )
        .await;
    assert_eq!(world.row("SELECT public.is_service(), count(*) FROM users").await, "t | 2");
    world
        .run("SELECT set_config('role', 'authenticated', true), set_config('request.jwt.claims', '{\"sub\": ' || to_json($A::text) || '}', true)")
        .await;
    assert_eq!(world.row("SELECT public.is_service(), count(*) FROM users").await, "f | 1");
    world.run("ROLLBACK").await;

    let member_of = world
        .rows(
            "SELECT roleid::regrole FROM pg_auth_members
              WHERE member = session_user::regrole AND inherit_option AND set_option
                AND roleid::regrole::text IN ('anon', 'authenticated', 'service_role') ORDER BY 1",
        )
        .await;
    assert_eq!(member_of, ["anon", "authenticated", "service_role"]);
}

/// case: schema 71
#[tokio::test]
async fn a_notification_comes_once_and_is_read_by_its_player() {
    let world = World::new().await;
    let notify = "INSERT INTO portal_notifications (user_id, type, title, message, dedupe_key)
                  VALUES ($A, 'decay_warning', 'x', 'x', 'decay:2026-02-20')";
    let stage_run =
        "INSERT INTO pipeline_stage_runs (user_id, attempt, stage, status) VALUES ($A, 1, 'summary', 'ok')";
    world
        .check(&[
            (notify, "ok 1"),
            (notify, "23505 uq_notification_dedupe"),
            (stage_run, "ok 1"),
            (stage_run, "ok 1"),
        ])
        .await;
    for (caller, statement, expected) in [
        (Caller::A, "SELECT id FROM portal_notifications", "ok 1"),
        (Caller::B, "SELECT id FROM portal_notifications", "ok 0"),
        (Caller::A, "UPDATE portal_notifications SET read_at = now()", "42501"),
        (Caller::A, "SELECT id FROM pipeline_stage_runs", "ok 0"),
        (Caller::Admin, "SELECT id FROM pipeline_stage_runs", "ok 2"),
    ] {
        assert_eq!(world.outcome_as(caller, statement).await, expected, "{caller:?}: {statement}");
    }
    for table in ["inbound_events", "llm_usage", "api_rate_limits", "account_deletions"] {
        for caller in [Caller::A, Caller::Admin] {
            let outcome = world.outcome_as(caller, &format!("SELECT 1 FROM {table}")).await;
            assert_eq!(outcome, "42501", "{caller:?}: {table}");
        }
    }
}
