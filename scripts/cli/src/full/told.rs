//! What a run is told as.

use std::fmt::Write as _;
use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::drive::Driven;
use super::{Full, Plan};

/// Where somebody stands at the end.
#[derive(Debug, Clone)]
pub struct Stand {
    /// The persona.
    pub persona: &'static str,
    /// Messages written.
    pub written: u32,
    /// The rest, in words.
    pub told: String,
}

/// Asks where everybody stands.
pub async fn stands(client: &Client, driven: &Driven) -> store::Result<Vec<Stand>> {
    let mut stands = Vec::new();
    for who in &driven.players {
        let row = client
            .query_typed_one(
                "-- full::stand
                 SELECT format('%s, chapter %s, score %s, %s, %s days, %s conversations, %s facts, %s times first',
                               player.game_status, player.chapter, player.relationship_score,
                               (SELECT state::text FROM engagement_state WHERE user_id = player.id),
                               player.days_played,
                               (SELECT count(*) FROM conversations WHERE user_id = player.id),
                               (SELECT count(*) FROM memory_facts WHERE user_id = player.id AND is_active),
                               (SELECT count(*) FROM scheduled_touchpoints
                                 WHERE user_id = player.id AND delivered)) AS told
                   FROM users AS player
                  WHERE player.id = $1",
                &[(who.user.as_uuid(), Type::UUID)],
            )
            .await?;
        stands.push(Stand { persona: who.persona, written: who.written, told: row.try_get("told")? });
    }
    Ok(stands)
}

/// Everything, the digest last.
pub fn all(plan: &Plan, full: &Full) -> String {
    let mut told = String::new();
    // Writing to a string cannot fail.
    let _ = tell(&mut told, plan, full);
    told
}

fn tell(told: &mut String, plan: &Plan, full: &Full) -> std::fmt::Result {
    let driven = &full.driven;
    writeln!(told, "{} players, {} days, seed {}.", plan.players, plan.days, plan.seed)?;
    for stand in &full.stands {
        writeln!(told, "  {:<9} {:>6} messages; {}", stand.persona, stand.written, stand.told)?;
    }
    let seconds = |took: Duration| format!("{:.1} s", took.as_secs_f64());
    writeln!(told, "\nThe webhook took {} messages in {}.", driven.written(), seconds(driven.webhook))?;
    for (job, runs) in &driven.jobs {
        let counted: Vec<String> =
            runs.counted.iter().map(|(name, count)| format!("{} {count}", name.replace('_', " "))).collect();
        let (count, took) = (runs.count, seconds(runs.took));
        writeln!(told, "  {job:<22} {count:>6} runs in {took:>8}: {}", counted.join(", "))?;
    }
    let calls: Vec<String> = driven.calls.iter().map(|(name, count)| format!("{name} {count}")).collect();
    writeln!(told, "Calls of the stand-ins: {}.\n", calls.join(", "))?;
    for failure in &driven.failures {
        writeln!(told, "FAILED  {failure}")?;
    }
    for finding in &full.findings {
        let word = if finding.holds() { "holds" } else { "BROKEN" };
        writeln!(told, "{word:<7} {} ({} looked at)", finding.says, finding.looked_at)?;
        for row in &finding.broken {
            writeln!(told, "          {row}")?;
        }
    }
    write!(told, "digest: {}", full.digest.whole)
}
