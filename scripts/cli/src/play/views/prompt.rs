//! `:prompt`: the prompt that her next answer starts from.

use jiff::Timestamp;
use tokio_postgres::types::Type;

use super::{NOBODY, View, moment, player};

/// The ready prompt for texts.
pub async fn prompt(view: View<'_>) -> store::Result<String> {
    let Some(player) = player::find(view).await? else { return Ok(NOBODY.to_owned()) };
    let client = view.pool.get().await?;
    let row = client
        .query_typed_opt(
            "-- views::prompt
             SELECT prompt_text, token_count, created_at
               FROM ready_prompts
              WHERE user_id = $1 AND platform = 'text' AND is_current",
            &[(player.id.as_uuid(), Type::UUID)],
        )
        .await?;
    let Some(row) = row else {
        return Ok(
            "No prompt is ready yet: the first one is written when a conversation is processed.".to_owned()
        );
    };
    let (text, tokens): (&str, i32) = (row.try_get("prompt_text")?, row.try_get("token_count")?);
    let at: Timestamp = row.try_get("created_at")?;
    Ok(format!("Written {}, {tokens} tokens:\n\n{text}", moment(at)))
}
