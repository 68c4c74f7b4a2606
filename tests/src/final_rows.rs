//! All rows of all tables, as far as a run that was disturbed must come to the same as one that was not.
//!
//! What differs by nature is left out by name. Ids that chance makes are all the same id here, and what the database's own
//! clock wrote is all the same time: the clock of the functions stands while such runs are compared.

use store::Pool;

use crate::rows::{row, rows};

/// Tables that tell what was tried and what it cost, not what came of it.
const OF_THE_ATTEMPTS: [&str; 3] = ["llm_usage", "pipeline_stage_runs", "refinery_schema_history"];

/// Columns that do so, and leases.
const LEFT_OUT: [(&str, &[&str]); 8] = [
    ("inbound_events", &["attempts", "locked_until", "received_at"]),
    ("scheduled_events", &["retry_count", "locked_until", "scheduled_at", "error_message"]),
    ("conversations", &["processing_attempts", "processing_started_at"]),
    ("job_executions", &["started_at", "attempts", "trigger", "result", "duration_ms"]),
    ("generated_prompts", &["generation_time_ms"]),
    // Made of the id of a conversation, which chance makes.
    ("nikita_emotional_states", &["state_id"]),
    ("ready_prompts", &["generation_time_ms"]),
    ("psyche_states", &["token_count", "tokens_today", "tier2_today", "tier3_today"]),
];

/// Rows that are left out: what is put aside of a budget stays there when nobody is left to settle it, and runs without a
/// slot only see to it that all comes to rest.
const ROWS_LEFT_OUT: [(&str, &str); 2] =
    [("api_rate_limits", "scope = 'llm_day'"), ("job_executions", "slot IS NULL")];

/// A random id, or a number that counts the tries too.
const RANDOM_ID: &str =
    "(?<=\"id\": )[0-9]+|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

/// The rows, in an order of their own.
pub async fn final_rows(pool: &Pool) -> Vec<String> {
    let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename";
    let tables = rows(pool, tables).await;
    let tables = tables.iter().map(String::as_str).filter(|table| !OF_THE_ATTEMPTS.contains(table));
    // Where several runs tried, what the last one found is what counts.
    let stages = "SELECT DISTINCT 'pipeline_stage_runs ' || stage || ' ' || status FROM pipeline_stage_runs AS run
                   WHERE NOT EXISTS (SELECT FROM pipeline_stage_runs AS later
                                      WHERE later.conversation_id = run.conversation_id AND later.attempt > run.attempt)";
    let all: Vec<String> = tables.map(rows_of).chain([stages.to_owned()]).collect();
    rows(pool, &format!("{} ORDER BY 1", all.join(" UNION ALL "))).await
}

fn rows_of(table: &str) -> String {
    let columns = LEFT_OUT.iter().filter(|(of, _)| *of == table).flat_map(|(_, columns)| *columns);
    let columns: Vec<String> = columns.map(|column| format!("'{column}'")).collect();
    let kept = ROWS_LEFT_OUT.iter().find(|(of, _)| *of == table).map_or("false", |(_, which)| *which);
    let days = "to_char(now(), 'YYYY-MM-DD') || '|' || to_char(now() - interval '1 day', 'YYYY-MM-DD')";
    format!(
        "SELECT '{table} ' || regexp_replace(
                    regexp_replace((to_jsonb(told) - ARRAY[{}]::text[])::text, '{RANDOM_ID}', '(an id)', 'g'),
                    '\"(' || {days} || ')T[^\"]*\"', '(now)', 'g')
           FROM {table} AS told WHERE NOT ({kept})",
        columns.join(", ")
    )
}

/// How much is still under way: updates, messages, conversations, runs of jobs.
pub async fn open(pool: &Pool) -> usize {
    let open = "SELECT (SELECT count(*) FROM inbound_events WHERE status IN ('received', 'processing'))
                     + (SELECT count(*) FROM scheduled_events WHERE status = 'pending')
                     + (SELECT count(*) FROM conversations
                         WHERE status = 'processing' OR status = 'active' AND processing_attempts > 0)
                     + (SELECT count(*) FROM job_executions WHERE status = 'running')";
    row(pool, open).await.parse().expect("a number")
}
