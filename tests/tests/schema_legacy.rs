//! A database that old code has been using is brought to the same schema as a new one, and loses nothing on the way.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use end_to_end::database::{TestDatabase, connect};
use end_to_end::rows::{execute, row, rows};
use store::migrations;

const SEED_STATE: &str = include_str!("../fixtures/seed_state.sql");

/// The old database, migrated.
async fn migrated() -> TestDatabase {
    let database = TestDatabase::empty().await;
    execute(&database.pool(), SEED_STATE).await;
    let mut client = connect(database.direct_url()).await;
    let report = migrations::run(&mut client).await.expect("the migrations run over old data");
    assert_eq!(report.applied.len(), 16);
    assert_eq!(report.scheduled_jobs, 0);
    database
}

/// How many rows each table holds, as "table | rows".
async fn counts(database: &TestDatabase) -> Vec<String> {
    let pool = database.pool();
    let tables = rows(
        &pool,
        "SELECT relname FROM pg_class
          WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname",
    )
    .await;
    let each: Vec<String> =
        tables.iter().map(|table| format!("SELECT '{table}', count(*) FROM {table}")).collect();
    rows(&pool, &each.join(" UNION ALL ")).await
}

#[tokio::test]
async fn no_row_is_lost_but_exact_repeats() {
    let database = TestDatabase::empty().await;
    execute(&database.pool(), SEED_STATE).await;
    let before = counts(&database).await;
    migrations::run(&mut connect(database.direct_url()).await)
        .await
        .expect("the migrations run over old data");
    let after = counts(&database).await;

    let lost: Vec<&String> = before.iter().filter(|count| !after.contains(count)).collect();
    assert_eq!(lost, ["nikita_entities | 2", "nikita_life_events | 2"]);
    assert!(
        after.contains(&"nikita_entities | 1".to_owned())
            && after.contains(&"nikita_life_events | 1".to_owned())
    );
}

#[tokio::test]
async fn old_rows_are_repaired() {
    let database = migrated().await;
    for (query, expected) in [
        ("SELECT relationship_score, chapter, onboarding_profile, routine_config FROM users", "61.25 | 2 | {} | {}"),
        ("SELECT trust, vulnerability_exchanges FROM user_metrics", "71.00 | 0"),
        (
            "SELECT string_agg(concat_ws(' ', right(id::text, 2), platform, chapter_at_time, messages <> '[]',
                                         ended_at IS NOT NULL, elevenlabs_session_id), ', ' ORDER BY id)
               FROM conversations",
            "c1 telegram 1 t t, c2 telegram 2 f f, c3 voice 1 f f conv_1, c4 voice 1 f f",
        ),
        (
            "SELECT string_agg(concat_ws(' ', right(id::text, 2), is_active, metadata, right(superseded_by::text, 2)),
                               ', ' ORDER BY id) FROM memory_facts",
            r#"f1 t {"content_hash": "h1"}, f2 f {"content_hash": "h1"}, f3 t {}, f4 f {} f3"#,
        ),
        (
            "SELECT string_agg(conflict_state || coalesce(' since ' || conflict_started_at::date, ''), ', '
                               ORDER BY last_updated) FROM nikita_emotional_states",
            "cold since 2026-02-05, none",
        ),
        ("SELECT description FROM nikita_life_events", "the first telling"),
        ("SELECT name FROM nikita_entities", "The Office"),
        ("SELECT string_agg(status, ', ' ORDER BY created_at) FROM nikita_narrative_arcs", "active, abandoned"),
        (
            "SELECT string_agg(current_stage || ' ' || is_active, ', ' ORDER BY created_at) FROM user_narrative_arcs",
            "rising true, setup false, resolved false",
        ),
        (
            "SELECT string_agg(status || ' ' || (delivered_at IS NOT NULL), ', ' ORDER BY status)
               FROM scheduled_events",
            "delivered true, delivered true, pending false",
        ),
        ("SELECT delivered, skipped FROM scheduled_touchpoints", "t | f"),
        ("SELECT city, scene FROM venue_cache", "berlin | techno"),
    ] {
        assert_eq!(row(&database.pool(), query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn old_policies_and_grants_are_gone() {
    let database = migrated().await;
    let old = rows(
        &database.pool(),
        "SELECT policyname FROM pg_policies
          WHERE schemaname = 'public' AND policyname ~ ' '
            AND tablename NOT IN ('user_facts', 'research_queue', 'nikita_state', 'engagement_metrics', 'message_embeddings')",
    )
    .await;
    assert_eq!(old, Vec::<String>::new());

    // Only the dead tables are as they were, until they go.
    let open = rows(
        &database.pool(),
        "SELECT DISTINCT table_name FROM information_schema.role_table_grants
          WHERE table_schema = 'public' AND grantee = 'anon' ORDER BY 1",
    )
    .await;
    assert_eq!(
        open,
        ["engagement_metrics", "message_embeddings", "nikita_state", "research_queue", "user_facts"]
    );
}

/// Every step, not only the command that skips applied ones, changes nothing the second time.
#[tokio::test]
async fn every_step_can_be_run_again() {
    let database = migrated().await;
    let before = (shape(&database).await, counts(&database).await);

    execute(&database.pool(), "DROP TABLE ops.schema_history").await;
    let again =
        migrations::run(&mut connect(database.direct_url()).await).await.expect("a second run of every step");

    assert_eq!(again.applied.len(), 16);
    assert_eq!((shape(&database).await, counts(&database).await), before);
}

/// The same on a new database.
/// case: schema 43
#[tokio::test]
async fn every_step_can_be_run_again_on_a_new_database() {
    let database = TestDatabase::new().await;
    let before = shape(&database).await;

    execute(&database.pool(), "DROP TABLE ops.schema_history").await;
    migrations::run(&mut connect(database.direct_url()).await).await.expect("a second run of every step");

    assert_eq!(shape(&database).await, before);
}

#[tokio::test]
async fn after_the_clean_up_the_old_database_is_like_a_new_one() {
    let database = migrated().await;
    for _ in 0..2 {
        migrations::clean_up(&mut connect(database.direct_url()).await, false).await.expect("the clean-up");
    }

    let fresh = shape(&TestDatabase::new().await).await;
    let old = shape(&database).await;
    let missing: Vec<&String> = fresh.iter().filter(|line| !old.contains(line)).collect();
    let surplus: Vec<&String> = old.iter().filter(|line| !fresh.contains(line)).collect();
    assert_eq!((missing, surplus), (Vec::<&String>::new(), Vec::<&String>::new()));

    let pool = database.pool();
    let details = rows(&pool, "SELECT details FROM audit_logs ORDER BY details DESC").await;
    assert_eq!(details, [r#"{"reason": "support"}"#, "{}"]);
    let found = row(
        &pool,
        "SELECT right(id::text, 2) FROM conversations WHERE search_vector @@ plainto_tsquery('simple', 'BERLIN')",
    )
    .await;
    assert_eq!(found, "c1");
}

/// case: schema 53
#[tokio::test]
async fn a_dead_table_with_rows_stops_the_clean_up() {
    let database = migrated().await;
    let pool = database.pool();
    let mut client = connect(database.direct_url()).await;
    execute(&pool, "INSERT INTO nikita_state (user_id, energy, happiness) SELECT id, 80, 20 FROM users")
        .await;
    execute(&pool, "DELETE FROM nikita_emotional_states").await;

    let refused = migrations::clean_up(&mut client, false).await.expect_err("a table with rows");
    let migrations::Error::Database(refused) = refused else { unreachable!("a refusal of the database") };
    let refused = refused.as_db_error().expect("an answer");
    assert_eq!(refused.code().code(), "55000");
    assert_eq!(refused.message(), "the table nikita_state holds rows");
    assert_eq!(row(&pool, "SELECT count(*) FROM nikita_state").await, "1");
    assert_eq!(row(&pool, "SELECT to_regclass('user_facts') IS NOT NULL").await, "t");

    // Allowed, her old state becomes the first emotional state; absent, there is no error.
    migrations::clean_up(&mut client, true).await.expect("the clean-up with permission");
    let state = row(
        &pool,
        "SELECT arousal, valence, dominance, intimacy, conflict_state, metadata FROM nikita_emotional_states",
    )
    .await;
    assert_eq!(
        state,
        "0.80 | 0.20 | 0.5 | 0.5 | none | {\"social\": 50, \"stress\": 30, \"migrated_from\": \"nikita_state\", \
         \"current_activity\": \"relaxing\"}"
    );
    assert_eq!(row(&pool, "SELECT to_regclass('nikita_state') IS NULL").await, "t");
    migrations::clean_up(&mut client, false).await.expect("nothing left to do");
}

/// The catalog, one line per column, constraint, index, policy, trigger, function and grant.
async fn shape(database: &TestDatabase) -> Vec<String> {
    rows(
        &database.pool(),
        "SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod)
                || CASE WHEN attnotnull THEN ' not null' ELSE '' END || ' ' || attgenerated::text
                || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
           FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
           LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
          WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
         UNION ALL
         SELECT 'constraint ' || conrelid::regclass || ' '
                || CASE contype WHEN 'f' THEN '' ELSE conname || ' ' END || pg_get_constraintdef(oid) || convalidated
           FROM pg_constraint WHERE connamespace = 'public'::regnamespace
         UNION ALL
         SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
         UNION ALL
         SELECT concat_ws(' ', 'policy', tablename, policyname, cmd, roles, qual, with_check)
           FROM pg_policies WHERE schemaname = 'public'
         UNION ALL
         SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
         UNION ALL
         SELECT 'function ' || pg_get_functiondef(pg_proc.oid) || coalesce(proacl::text, '')
           FROM pg_proc WHERE pronamespace IN ('public'::regnamespace, 'ops'::regnamespace)
         UNION ALL
         SELECT concat_ws(' ', 'grant', table_name, grantee, privilege_type)
           FROM information_schema.role_table_grants WHERE table_schema = 'public'
         ORDER BY 1",
    )
    .await
}
