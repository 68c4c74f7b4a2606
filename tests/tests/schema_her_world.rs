//! The rules of the schema about her days, her people, her mood and her psyche.

use end_to_end::schema_world::World;

const EVENT: &str = "INSERT INTO nikita_life_events (user_id, event_date, time_of_day, domain, event_type, description) VALUES";
const ARC: &str = "INSERT INTO nikita_narrative_arcs (user_id, domain, arc_type, start_date) VALUES";

/// case: schema 20, 63
#[tokio::test]
async fn her_days_hold_events_of_known_kinds_each_once() {
    let world = World::new().await;
    let arc = format!("{ARC} ($A, 'work', 'project_deadline', '2026-02-20')");
    let win = |day: &str| format!("{EVENT} ($A, '{day}', 'morning', 'work', 'win', 'won the pitch today')");
    world
        .check(&[
            (
                &format!("{EVENT} ($A, '2026-02-20', 'morning', 'work', 'gym', 'lifted weights')"),
                "23514 check_life_event_type",
            ),
            (&format!("{EVENT} ($A, '2026-02-20', 'morning', 'work', 'win', 'too short')"), "23514"),
            (&format!("{EVENT} ($A, '2026-02-20', 'noon', 'work', 'win', 'won the pitch today')"), "23514"),
            (&win("2026-02-20"), "ok 1"),
            (&win("2026-02-20"), "23505 uq_life_events_user_date_type"),
            (&win("2026-02-21"), "ok 1"),
            (&arc, "ok 1"),
            (&arc, "23505 uq_narrative_arcs_active_type"),
            ("UPDATE nikita_narrative_arcs SET status = 'resolved', outcome = 'scope_changed'", "ok 1"),
            (&arc, "ok 1"),
        ])
        .await;
}

/// case: schema 21
#[tokio::test]
async fn an_event_outlives_its_arc() {
    let world = World::new().await;
    world
        .run(&format!(
            "{ARC} ($A, 'work', 'project_deadline', '2026-02-20');
             {EVENT} ($A, '2026-02-20', 'morning', 'work', 'win', 'won the pitch today');
             UPDATE nikita_life_events SET narrative_arc_id = (SELECT arc_id FROM nikita_narrative_arcs);
             DELETE FROM nikita_narrative_arcs"
        ))
        .await;
    assert_eq!(world.rows("SELECT narrative_arc_id FROM nikita_life_events").await, ["-"]);
}

/// case: schema 22
#[tokio::test]
async fn people_and_places_are_known_by_a_name_that_forgives_spelling() {
    let world = World::new().await;
    let entity = |kind: &str, name: &str| {
        format!("INSERT INTO nikita_entities (user_id, entity_type, name) VALUES ($A, '{kind}', '{name}')")
    };
    let friend = |name: &str, sentiment: &str| {
        format!(
            "INSERT INTO user_social_circles (user_id, friend_name, friend_role, sentiment)
             VALUES ($A, '{name}', 'best friend', '{sentiment}')"
        )
    };
    world
        .check(&[
            (&entity("friend", "Lena"), "ok 1"),
            (&entity("friend", "LENA"), "23505 uq_entities_user_type_name"),
            (&entity("place", "lena"), "ok 1"),
            (&entity("place", "The  Office!"), "ok 1"),
            (&entity("place", "office"), "23505 uq_entities_user_type_name"),
            (&entity("place", "..."), "23514"),
            (&friend("Lena", "neutral"), "ok 1"),
            (&friend("lena", "neutral"), "23505 uq_user_friend_name"),
            (&friend("Viktor", "angry"), "23514 check_social_sentiment"),
        ])
        .await;
    let key = world.row("SELECT name_key FROM nikita_entities WHERE name = 'The  Office!'").await;
    assert_eq!(key, "office");
}

/// case: schema 23
#[tokio::test]
async fn a_conflict_has_a_start_and_only_a_conflict_has_one() {
    let world = World::new().await;
    let state = |conflict: &str, started: &str, arousal: &str| {
        format!(
            "INSERT INTO nikita_emotional_states (user_id, conflict_state, conflict_started_at, arousal)
             VALUES ($A, '{conflict}', {started}, {arousal})"
        )
    };
    world
        .check(&[
            (&state("cold", "NULL", "0.5"), "23514 check_emotional_conflict_started"),
            (&state("none", "now()", "0.5"), "23514 check_emotional_conflict_started"),
            (&state("none", "NULL", "1.01"), "23514"),
            (&state("cold", "now()", "1"), "ok 1"),
        ])
        .await;
}

/// case: schema 24
#[tokio::test]
async fn a_player_has_one_psyche_which_begins_with_counters_only() {
    let world = World::new().await;
    world
        .check(&[
            ("INSERT INTO psyche_states (user_id) VALUES ($D)", "23503"),
            ("INSERT INTO psyche_states (user_id) VALUES ($A)", "ok 1"),
            ("INSERT INTO psyche_states (user_id) VALUES ($A)", "23505"),
        ])
        .await;
    let row = world
        .row(
            "SELECT state, model, generated_at, token_count, tier2_today, tier3_today, tokens_today, usage_day
               FROM psyche_states",
        )
        .await;
    assert_eq!(row, "{} | sonnet-4.5 | - | 0 | 0 | 0 | 0 | -");
}

/// case: schema 31
#[tokio::test]
async fn words_of_a_fixed_list_are_refused_outside_it() {
    let world = World::new().await;
    world
        .check(&[
            (
                "INSERT INTO job_executions (job_name, status) VALUES ('decay', 'skipped')",
                "23514 check_job_status",
            ),
            ("INSERT INTO error_logs (level, message, source) VALUES ('fatal', 'x', 'x')", "23514"),
            (
                "INSERT INTO conversation_threads (user_id, thread_type, content) VALUES ($A, 'gossip', 'x')",
                "23514 check_thread_type",
            ),
            (
                "INSERT INTO nikita_thoughts (user_id, thought_type, content) VALUES ($A, 'rage', 'x')",
                "23514 check_thought_type",
            ),
            (
                "INSERT INTO user_narrative_arcs (user_id, template_name, category, current_stage)
                 VALUES ($A, 'promotion', 'career', 'resolved')",
                "23514 check_arc_resolved",
            ),
        ])
        .await;
}
