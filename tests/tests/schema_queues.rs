//! The rules of the schema about what waits: messages, touchpoints, registrations, runs, the inbox.

use end_to_end::schema_world::World;

/// case: schema 26, 27, 64
#[tokio::test]
async fn a_queued_message_is_unique_by_its_response_and_has_one_outcome() {
    let world = World::new().await;
    let event = |user: &str, platform: &str, content: &str, status: &str| {
        format!(
            "INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at, status)
             VALUES ({user}, '{platform}', 'message_delivery', '{content}', now(), '{status}')"
        )
    };
    let touchpoint = |user: &str, kind: &str, dedup_key: &str, outcome: &str| {
        format!(
            "INSERT INTO scheduled_touchpoints (user_id, trigger_type, delivery_at, dedup_key, delivered, skipped)
             VALUES ({user}, '{kind}', now(), {dedup_key}, {outcome}, {outcome})"
        )
    };
    let keyed = r#"{"response_id": "r-1"}"#;
    world
        .check(&[
            (&event("$A", "telegram", keyed, "pending"), "ok 1"),
            (&event("$B", "telegram", keyed, "pending"), "23505 uq_scheduled_events_response"),
            (&event("$A", "telegram", "{}", "pending"), "ok 1"),
            (&event("$A", "telegram", "{}", "pending"), "ok 1"),
            (&event("$A", "telegram", "{}", "delivered"), "23514 check_event_delivered"),
            (&event("$A", "sms", "{}", "pending"), "23514"),
            (&touchpoint("$A", "gap", "NULL", "true"), "23514 check_touchpoint_outcome"),
            (&touchpoint("$A", "mood", "NULL", "false"), "23514"),
            (&touchpoint("$A", "gap", "'gap:2026-02-20'", "false"), "ok 1"),
            (&touchpoint("$A", "gap", "'gap:2026-02-20'", "false"), "23505 uq_touchpoint_dedup"),
            (&touchpoint("$B", "gap", "'gap:2026-02-20'", "false"), "ok 1"),
            (&touchpoint("$A", "gap", "NULL", "false"), "ok 1"),
            (&touchpoint("$A", "gap", "NULL", "false"), "ok 1"),
        ])
        .await;
}

/// case: schema 28
#[tokio::test]
async fn what_expires_says_when() {
    let world = World::new().await;
    world
        .run(
            "INSERT INTO pending_registrations (telegram_id, email) VALUES (7, 'a@example.test');
             INSERT INTO context_packages (user_id) VALUES ($A);
             INSERT INTO venue_cache (city, scene) VALUES ('berlin', 'techno')",
        )
        .await;
    for (query, expected) in [
        (
            "SELECT extract(epoch FROM expires_at - created_at)::integer, otp_state, otp_attempts
               FROM pending_registrations",
            "600 | pending | 0",
        ),
        ("SELECT extract(epoch FROM expires_at - created_at)::integer FROM context_packages", "86400"),
        ("SELECT extract(day FROM expires_at - fetched_at)::integer, venues FROM venue_cache", "30 | []"),
    ] {
        assert_eq!(world.row(query).await, expected);
    }
}

/// case: schema 29, 30, 65
#[tokio::test]
async fn keys_of_places_and_codes_are_written_one_way() {
    let world = World::new().await;
    world
        .check(&[
            (
                "INSERT INTO venue_cache (city, scene) VALUES ('Berlin', 'techno')",
                "23514 check_venue_key_lower",
            ),
            ("INSERT INTO venue_cache (city, scene) VALUES ('berlin', 'techno')", "ok 1"),
            ("INSERT INTO venue_cache (city, scene) VALUES ('berlin', 'techno')", "23505"),
            ("INSERT INTO telegram_link_codes (code, user_id) VALUES ('ab12cd', $A)", "23514"),
            ("INSERT INTO telegram_link_codes (code, user_id) VALUES ('AB12CD', $A)", "ok 1"),
            ("INSERT INTO telegram_link_codes (code, user_id) VALUES ('EF34GH', $A)", "23505"),
            ("INSERT INTO onboarding_states (telegram_id) VALUES (7)", "ok 1"),
            ("INSERT INTO onboarding_states (telegram_id, current_step) VALUES (8, 'age_gate')", "ok 1"),
            ("INSERT INTO onboarding_states (telegram_id, current_step) VALUES (9, 'voice_confirm')", "ok 1"),
            (
                "INSERT INTO onboarding_states (telegram_id, current_step) VALUES (10, 'in_call')",
                "23514 check_onboarding_step",
            ),
        ])
        .await;
    let first = world.row("SELECT current_step FROM onboarding_states WHERE telegram_id = 7").await;
    assert_eq!(first, "location");
}

/// case: schema 66, 68
#[tokio::test]
async fn a_slot_and_a_stage_run_once() {
    let world = World::new().await;
    let run = |job: &str, slot: &str, trigger: &str| {
        format!("INSERT INTO job_executions (job_name, slot, trigger) VALUES ('{job}', {slot}, '{trigger}')")
    };
    let stage = |attempt: u8, status: &str| {
        format!(
            "INSERT INTO pipeline_stage_runs (conversation_id, user_id, attempt, stage, status)
             SELECT id, user_id, {attempt}, 'extraction', '{status}' FROM conversations"
        )
    };
    let slot = "'2026-02-17T10:00Z'";
    world
        .check(&[
            (&run("decay", slot, "schedule"), "ok 1"),
            (&run("decay", slot, "schedule"), "23505 uq_job_executions_slot"),
            (&run("summary", slot, "schedule"), "ok 1"),
            (&run("decay", "NULL", "http"), "ok 1"),
            (&run("decay", "NULL", "http"), "ok 1"),
            (&run("decay", "NULL", "cron"), "23514 check_job_trigger"),
            ("INSERT INTO conversations (user_id, platform) VALUES ($A, 'telegram')", "ok 1"),
            (&stage(1, "ok"), "ok 1"),
            (&stage(1, "ok"), "23505 uq_stage_run"),
            (&stage(2, "ok"), "ok 1"),
            (&stage(3, "running"), "23514 check_stage_status"),
        ])
        .await;
}

/// case: schema 67
#[tokio::test]
async fn updates_are_ordered_by_number_and_settled_with_a_time() {
    let world = World::new().await;
    let received = |source: &str, id: &str| {
        format!(
            "INSERT INTO inbound_events (source, external_id, telegram_id) VALUES ('{source}', '{id}', 1001)"
        )
    };
    world
        .check(&[
            (&received("telegram", "10"), "ok 1"),
            (&received("telegram", "9"), "ok 1"),
            (&received("telegram", "abc"), "23514 check_inbound_telegram_id"),
            (&received("sms", "1"), "23514"),
            (&received("elevenlabs", "post_call_transcription:conv_1"), "ok 1"),
            (
                "UPDATE inbound_events SET status = 'done' WHERE external_id = '9'",
                "23514 check_inbound_processed",
            ),
        ])
        .await;
    let in_order =
        world.rows("SELECT external_id FROM inbound_events WHERE source = 'telegram' ORDER BY seq").await;
    assert_eq!(in_order, ["9", "10"]);
    assert_eq!(world.rows("SELECT seq FROM inbound_events WHERE source = 'elevenlabs'").await, ["-"]);
}
