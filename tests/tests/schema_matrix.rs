//! Who may do what with whose rows: every table, every caller, every kind of statement.
//!
//! One row of A's stands in each table. A table of the catalog that is missing here fails the test.

use std::collections::BTreeSet;

use end_to_end::schema_world::{Caller, World};

/// How a table is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// A player reads their own rows, an admin all of them; the service writes.
    OwnRead,
    /// An admin reads; others see nothing.
    AdminRead,
    /// Everybody who is signed in reads.
    Lookup,
    /// A player reads and writes their own rows, and nobody else but the service does.
    OwnWrite,
    /// Only the service.
    Closed,
    /// Only the service, and it only adds.
    AppendOnly,
}

/// Each table, its class, and columns and values of a row of A's.
const TABLES: [(&str, Class, &str); 40] = [
    ("users", Class::OwnRead, "(id) VALUES ($A)"),
    ("user_metrics", Class::OwnRead, "(user_id) VALUES ($A)"),
    ("user_profiles", Class::OwnRead, "(id) VALUES ($A)"),
    ("user_backstories", Class::OwnRead, "(user_id) VALUES ($A)"),
    (
        "user_social_circles",
        Class::OwnRead,
        "(user_id, friend_name, friend_role) VALUES ($A, 'Lena', 'friend')",
    ),
    ("user_vice_preferences", Class::OwnRead, "(user_id, category) VALUES ($A, 'dark_humor')"),
    ("user_narrative_arcs", Class::OwnRead, "(user_id, template_name, category) VALUES ($A, 'x', 'career')"),
    ("conversations", Class::OwnRead, "(user_id, platform) VALUES ($A, 'telegram')"),
    ("conversation_threads", Class::OwnRead, "(user_id, thread_type, content) VALUES ($A, 'promise', 'x')"),
    ("daily_summaries", Class::OwnRead, "(user_id, date) VALUES ($A, '2026-02-20')"),
    (
        "memory_facts",
        Class::OwnRead,
        "(user_id, graph_type, fact, source, confidence, is_active) VALUES ($A, 'user', 'x', 'onboarding', 1, false)",
    ),
    ("score_history", Class::OwnRead, "(user_id, score, chapter) VALUES ($A, 50, 1)"),
    ("nikita_emotional_states", Class::OwnRead, "(user_id) VALUES ($A)"),
    ("nikita_thoughts", Class::OwnRead, "(user_id, thought_type, content) VALUES ($A, 'worry', 'x')"),
    ("engagement_state", Class::OwnRead, "(user_id) VALUES ($A)"),
    ("engagement_history", Class::OwnRead, "(user_id, to_state) VALUES ($A, 'in_zone')"),
    ("psyche_states", Class::OwnRead, "(user_id) VALUES ($A)"),
    (
        "portal_notifications",
        Class::OwnRead,
        "(user_id, type, title, message, dedupe_key) VALUES ($A, 'score_change', 'x', 'x', 'x')",
    ),
    (
        "generated_prompts",
        Class::AdminRead,
        "(user_id, prompt_content, token_count, generation_time_ms, meta_prompt_template) VALUES ($A, 'x', 1, 1, 'x')",
    ),
    (
        "ready_prompts",
        Class::AdminRead,
        "(user_id, platform, prompt_text, token_count, pipeline_version, generation_time_ms)
         VALUES ($A, 'text', 'x', 1, '1', 1)",
    ),
    ("context_packages", Class::AdminRead, "(user_id) VALUES ($A)"),
    (
        "scheduled_events",
        Class::AdminRead,
        "(user_id, platform, event_type, content, scheduled_at) VALUES ($A, 'telegram', 'follow_up', '{}', now())",
    ),
    (
        "scheduled_touchpoints",
        Class::AdminRead,
        "(user_id, trigger_type, delivery_at) VALUES ($A, 'gap', now())",
    ),
    ("onboarding_states", Class::AdminRead, "(telegram_id) VALUES (1001)"),
    ("pending_registrations", Class::AdminRead, "(telegram_id, email) VALUES (1001, 'a@example.test')"),
    ("job_executions", Class::AdminRead, "(job_name) VALUES ('decay')"),
    (
        "pipeline_stage_runs",
        Class::AdminRead,
        "(user_id, attempt, stage, status) VALUES ($A, 1, 'extraction', 'ok')",
    ),
    ("venue_cache", Class::Lookup, "(city, scene) VALUES ('berlin', 'techno')"),
    ("push_subscriptions", Class::OwnWrite, "(user_id, endpoint, p256dh, auth) VALUES ($A, 'x', 'x', 'x')"),
    (
        "audit_logs",
        Class::AppendOnly,
        "(admin_id, admin_email, action, resource_type) VALUES ($A, 'x', 'view', 'user')",
    ),
    ("error_logs", Class::Closed, "(message, source) VALUES ('x', 'x')"),
    ("nikita_entities", Class::Closed, "(user_id, entity_type, name) VALUES ($A, 'place', 'office')"),
    (
        "nikita_life_events",
        Class::Closed,
        "(user_id, event_date, time_of_day, domain, event_type, description)
         VALUES ($A, '2026-02-20', 'morning', 'work', 'win', 'won the pitch')",
    ),
    (
        "nikita_narrative_arcs",
        Class::Closed,
        "(user_id, domain, arc_type, start_date) VALUES ($A, 'work', 'pitch', '2026-02-20')",
    ),
    ("telegram_link_codes", Class::Closed, "(code, user_id) VALUES ('AB12CD', $A)"),
    ("rate_limits", Class::Closed, "(user_id, \"window\", expires_at) VALUES ($A, 'day:2026-02-20', now())"),
    (
        "api_rate_limits",
        Class::Closed,
        "(scope, subject, window_start, expires_at) VALUES ('x', 'x', now(), now())",
    ),
    ("inbound_events", Class::Closed, "(source, external_id) VALUES ('telegram', '1')"),
    ("llm_usage", Class::Closed, "(user_id, purpose, model) VALUES ($A, 'chat', 'x')"),
    ("account_deletions", Class::Closed, "(user_id) VALUES ($A)"),
];

const CALLERS: [Caller; 7] = [
    Caller::Anon,
    Caller::Nobody,
    Caller::A,
    Caller::B,
    Caller::PretendedAdmin,
    Caller::Admin,
    Caller::Service,
];

const STATEMENTS: [&str; 4] = ["select", "insert", "update", "delete"];

const REFUSED: &str = "42501";
const NO_ROW: &str = "ok 0";
const THE_ROW: &str = "ok 1";

/// The outcome of a caller's statement on A's row.
fn expected(class: Class, caller: Caller, statement: &str) -> &'static str {
    match caller {
        Caller::Anon => REFUSED,
        Caller::Service => of_the_service(class, statement),
        Caller::Nobody | Caller::A | Caller::B | Caller::PretendedAdmin | Caller::Admin => {
            of_somebody_signed_in(class, caller, statement)
        }
    }
}

fn of_the_service(class: Class, statement: &str) -> &'static str {
    let changes = matches!(statement, "update" | "delete");
    if class == Class::AppendOnly && changes { REFUSED } else { THE_ROW }
}

fn of_somebody_signed_in(class: Class, caller: Caller, statement: &str) -> &'static str {
    let sees = match class {
        Class::Closed | Class::AppendOnly => return REFUSED,
        Class::OwnWrite => caller == Caller::A,
        Class::OwnRead => matches!(caller, Caller::A | Caller::Admin),
        Class::AdminRead => caller == Caller::Admin,
        Class::Lookup => true,
    };
    match statement {
        "select" if sees => THE_ROW,
        "select" => NO_ROW,
        _ if class != Class::OwnWrite => REFUSED,
        _ if sees => THE_ROW,
        // A row in another's name fails the check; another's row is not there.
        "insert" => REFUSED,
        _ => NO_ROW,
    }
}

/// A statement of each kind on `table`, whose first key column is `key`.
fn statement(kind: &str, table: &str, key: &str, row: &str) -> String {
    match kind {
        "select" => format!("SELECT 1 FROM {table}"),
        "insert" => format!("INSERT INTO {table} {row}"),
        "update" => format!("UPDATE {table} SET {key} = {key}"),
        _ => format!("DELETE FROM {table}"),
    }
}

/// case: schema 36, 39, 40
#[tokio::test]
async fn every_table_is_open_to_whom_it_should_be_and_to_nobody_else() {
    let world = World::new().await;
    world.run("DELETE FROM users").await;
    for (table, _, row) in TABLES {
        world.run(&format!("INSERT INTO {table} {row}")).await;
    }

    let mut wrong = Vec::new();
    for (table, class, row) in TABLES {
        let key = world
            .row(&format!(
                "SELECT quote_ident(attname) FROM pg_attribute
                   JOIN pg_index ON indrelid = attrelid AND indisprimary AND attnum = indkey[0]
                  WHERE attrelid = 'public.{table}'::regclass"
            ))
            .await;
        for caller in CALLERS {
            for kind in STATEMENTS {
                // The row may be the only one that its keys allow: then the new one takes its place.
                let preparation =
                    if kind == "insert" { format!("DELETE FROM {table}") } else { String::new() };
                let outcome =
                    world.outcome_after(&preparation, caller, &statement(kind, table, &key, row)).await;
                let expected = expected(class, caller, kind);
                if outcome != expected {
                    wrong.push(format!("{table}: {caller:?} {kind}: {outcome} instead of {expected}"));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn the_matrix_knows_every_table() {
    let world = World::new().await;
    let in_catalog: BTreeSet<String> = world
        .rows("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')")
        .await
        .into_iter()
        .collect();
    let in_matrix: BTreeSet<String> = TABLES.iter().map(|(table, _, _)| (*table).to_owned()).collect();
    assert_eq!(in_catalog, in_matrix);
}

/// No table grants anything to anon or to everybody, and each has the service's policy.
#[tokio::test]
async fn grants_and_policies_are_those_of_the_classes() {
    let world = World::new().await;
    let granted = world
        .rows(
            "SELECT DISTINCT table_name || ' ' || grantee FROM information_schema.role_table_grants
              WHERE table_schema = 'public' AND grantee IN ('anon', 'PUBLIC')",
        )
        .await;
    assert_eq!(granted, Vec::<String>::new());

    let without = world
        .rows(
            "SELECT relname FROM pg_class
              WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                AND NOT EXISTS (SELECT FROM pg_policies
                                 WHERE tablename = relname AND policyname = relname || '_service_all')",
        )
        .await;
    assert_eq!(without, Vec::<String>::new());

    // One evaluation per statement, not one per row.
    let per_row = world
        .rows(
            "SELECT policyname FROM pg_policies
              WHERE schemaname = 'public' AND (qual || coalesce(with_check, '')) ~ '(uid|is_admin|is_service)\\(\\)'
                AND NOT (qual || coalesce(with_check, '')) ~ 'SELECT (auth\\.|public\\.)?(uid|is_admin|is_service)\\(\\)'",
        )
        .await;
    assert_eq!(per_row, Vec::<String>::new());
}
