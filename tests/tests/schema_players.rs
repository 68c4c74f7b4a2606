//! The rules of the schema about a player: identity, metrics, tastes, history, engagement.

use end_to_end::schema_world::World;

/// case: schema 1, 2
#[tokio::test]
async fn a_player_begins_with_defaults_and_needs_an_auth_user() {
    let world = World::new().await;
    world.run("DELETE FROM users WHERE id = $A; INSERT INTO users (id) VALUES ($A)").await;

    let row = world
        .row(
            "SELECT relationship_score, chapter, boss_attempts, game_status, timezone, notifications_enabled,
                    onboarding_status, onboarding_profile, routine_config, conflict_details
               FROM users WHERE id = $A",
        )
        .await;

    assert_eq!(row, "50.00 | 1 | 0 | active | UTC | t | pending | {} | {} | -");
    world.check(&[("INSERT INTO users (id) VALUES ('00000000-0000-4000-8000-0000000000ff')", "23503")]).await;
}

/// case: schema 3, 4, 6, 7
#[tokio::test]
async fn a_players_values_stay_in_range() {
    let world = World::new().await;
    world
        .check(&[
            ("UPDATE users SET chapter = 6 WHERE id = $A", "23514 check_chapter_range"),
            ("UPDATE users SET boss_attempts = 4 WHERE id = $A", "23514 check_boss_attempts_range"),
            ("UPDATE users SET game_status = 'paused' WHERE id = $A", "23514 check_game_status_values"),
            (
                "UPDATE users SET onboarding_status = 'in_call' WHERE id = $A",
                "23514 check_onboarding_status_values",
            ),
            ("UPDATE users SET telegram_id = 1001 WHERE id = $B", "23505"),
            ("UPDATE users SET phone = '+41000000001' WHERE id = $B", "23505 uq_users_phone"),
            ("UPDATE users SET onboarding_profile = '[]' WHERE id = $A", "23514 check_users_json"),
            ("UPDATE users SET onboarding_profile = NULL WHERE id = $A", "23502"),
        ])
        .await;
}

/// case: schema 5
#[tokio::test]
async fn a_score_is_rounded_to_cents_and_bounded() {
    let world = World::new().await;
    for (given, expected) in [
        ("100.004", "100.00"),
        ("100.01", "23514 check_relationship_score_range"),
        ("-0.01", "23514 check_relationship_score_range"),
        ("1000", "22003"),
        ("49.995", "50.00"),
    ] {
        world.run("UPDATE users SET relationship_score = 12 WHERE id = $A").await;
        let outcome =
            world.outcome(&format!("UPDATE users SET relationship_score = {given} WHERE id = $A")).await;
        let stored = world.row("SELECT relationship_score FROM users WHERE id = $A").await;
        if outcome == "ok 1" {
            assert_eq!(stored, expected, "{given}");
        } else {
            assert_eq!((outcome.as_str(), stored.as_str()), (expected, "12.00"), "{given}");
        }
    }
}

/// case: schema 8, 9, 10
#[tokio::test]
async fn metrics_tastes_and_profiles_stay_in_range() {
    let world = World::new().await;
    world
        .check(&[
            ("INSERT INTO user_metrics (user_id) VALUES ($A)", "ok 1"),
            ("INSERT INTO user_metrics (user_id) VALUES ($A)", "23505"),
            ("UPDATE user_metrics SET trust = 101", "23514"),
            ("UPDATE user_metrics SET vulnerability_exchanges = -1", "23514"),
            (
                "INSERT INTO user_vice_preferences (user_id, category) VALUES ($A, 'gambling')",
                "23514 check_vice_category",
            ),
            ("INSERT INTO user_vice_preferences (user_id, category) VALUES ($A, 'dark_humor')", "ok 1"),
            ("INSERT INTO user_vice_preferences (user_id, category) VALUES ($A, 'dark_humor')", "23505"),
            ("UPDATE user_vice_preferences SET intensity_level = 6", "23514"),
            (
                "INSERT INTO user_profiles (id, drug_tolerance) VALUES ($A, 0)",
                "23514 check_drug_tolerance_range",
            ),
        ])
        .await;
}

/// case: schema 25
#[tokio::test]
async fn engagement_begins_calibrating() {
    let world = World::new().await;
    world
        .check(&[
            ("INSERT INTO engagement_state (user_id, state) VALUES ($A, 'angry')", "22P02"),
            ("INSERT INTO engagement_state (user_id, multiplier) VALUES ($A, 1.01)", "23514"),
            ("INSERT INTO engagement_state (user_id) VALUES ($A)", "ok 1"),
        ])
        .await;
    let row = world.row("SELECT state, calibration_score, multiplier FROM engagement_state").await;
    assert_eq!(row, "calibrating | 0.50 | 0.90");
}

/// case: schema 32
#[tokio::test]
async fn every_update_moves_updated_at() {
    let world = World::new().await;
    let moved = world
        .row(
            "WITH before AS (SELECT updated_at FROM users WHERE id = $A),
                  changed AS (UPDATE users SET days_played = 1 WHERE id = $A RETURNING updated_at)
             SELECT changed.updated_at > before.updated_at FROM before, changed",
        )
        .await;
    assert_eq!(moved, "t");
}

/// Every table that has the column has the trigger, and no other table has one.
#[tokio::test]
async fn sixteen_tables_keep_their_updated_at() {
    let world = World::new().await;
    let with_trigger = world
        .rows(
            "SELECT tgrelid::regclass FROM pg_trigger
              WHERE NOT tgisinternal AND tgname = 'trg_' || tgrelid::regclass || '_updated_at' ORDER BY 1",
        )
        .await;
    let with_column = world
        .rows(
            "SELECT attrelid::regclass FROM pg_attribute
               JOIN pg_class ON pg_class.oid = attrelid
              WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attname = 'updated_at' ORDER BY 1",
        )
        .await;
    assert_eq!(with_trigger, with_column);
    assert_eq!(with_trigger.len(), 16);
}

/// case: schema 61
#[tokio::test]
async fn a_source_leaves_one_row_of_history_per_event_type() {
    let world = World::new().await;
    let insert = "INSERT INTO score_history (user_id, score, chapter, event_type, source_key) VALUES";
    let quietly = "ON CONFLICT (user_id, event_type, source_key) WHERE source_key IS NOT NULL DO NOTHING";
    for (values, clause, expected) in [
        ("($A, 50, 1, 'conversation', 'tg:900')", "", "ok 1"),
        ("($A, 50, 1, 'conversation', 'tg:900')", "", "23505 uq_score_history_source"),
        ("($A, 50, 1, 'conversation', 'tg:900')", quietly, "ok 0"),
        ("($A, 50, 1, 'voice_call', 'tg:900')", "", "ok 1"),
        ("($B, 50, 1, 'conversation', 'tg:900')", "", "ok 1"),
        ("($A, 50, 1, 'conversation', NULL), ($A, 50, 1, 'conversation', NULL)", "", "ok 2"),
    ] {
        let outcome = world.outcome(&format!("{insert} {values} {clause}")).await;
        assert_eq!(outcome, expected, "{values} {clause}");
    }
}
