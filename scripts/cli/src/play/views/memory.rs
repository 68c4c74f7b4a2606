//! `:memory`: what she remembers, and the message that each fact came from.

use std::fmt::Write as _;

use domain::memory::classification::GraphType;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::{NOBODY, View, moment, player};

/// All facts that she can recall, with their messages.
pub async fn memory(view: View<'_>) -> store::Result<String> {
    let Some(player) = player::find(view).await? else { return Ok(NOBODY.to_owned()) };
    let client = view.pool.get().await?;
    let rows = client
        .query_typed(
            "-- views::memory
             SELECT fact.fact, fact.graph_type, NOT fact.is_active AS waits,
                    source.message->>'role' AS role, source.message->>'content' AS words,
                    (source.message->>'timestamp')::timestamptz AS said_at
               FROM memory_facts AS fact
               LEFT JOIN conversations AS talk ON talk.id = fact.conversation_id
               LEFT JOIN LATERAL (
                     SELECT talk.messages->((fact.metadata->>'source_message')::integer) AS message) AS source ON true
              WHERE fact.user_id = $1 AND (fact.is_active OR fact.metadata ? 'embedding_pending')
              ORDER BY said_at NULLS LAST, (fact.metadata->>'source_message')::integer, fact.created_at, fact.fact",
            &[(player.id.as_uuid(), Type::UUID)],
        )
        .await?;
    if rows.is_empty() {
        return Ok(
            "She remembers nothing yet: a conversation is read after 15 idle minutes (:tick 20m, then :run \
                   process-conversations)."
                .to_owned(),
        );
    }

    let mut told = String::new();
    for (graph, title) in [
        (GraphType::User, "About you"),
        (GraphType::Relationship, "About the two of you"),
        (GraphType::Nikita, "About herself"),
    ] {
        let facts = rows
            .iter()
            .filter(|row| row.try_get("graph_type").is_ok_and(|stored: &str| stored == graph.as_str()));
        let facts = facts.map(fact).collect::<store::Result<Vec<_>>>()?;
        if !facts.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(told, "{title} ({}):\n{}\n", facts.len(), facts.join("\n"));
        }
    }
    Ok(told.trim_end().to_owned())
}

fn fact(row: &Row) -> store::Result<String> {
    let fact: &str = row.try_get("fact")?;
    let mark = if row.try_get("waits")? { " (waits for its embedding)" } else { "" };
    let source = match row.try_get::<_, Option<&str>>("words")? {
        None => "no message is known for it".to_owned(),
        Some(words) => {
            let role: &str = row.try_get("role")?;
            let who = if role == "user" { "you" } else { "nikita" };
            let at = row.try_get::<_, Option<_>>("said_at")?.map(moment).unwrap_or_default();
            format!("{at}, {who}: {words}")
        }
    };
    Ok(format!("  {fact}{mark}\n      {source}"))
}
