//! Before there is a player: the question for the age, its two buttons, and the account that the right one makes.
//!
//! The words are in `domain::registration`. Where a platform makes the accounts, registration is not open yet.

use domain::care::{HELP, HELP_INTERVAL};
use domain::ids::{UserId, derived};
use domain::registration::{
    AGE_BUTTONS, AGE_NO, AGE_YES, EXPIRED, NOT_OPEN, NOT_READY, REFUSAL, REFUSAL_INTERVAL, WELCOME,
    age_question,
};
use domain::reply::response::ResponseId;
use domain::status::GameStatus;
use domain::telegram::Callback;
use futures_util::join;
use providers::telegram::{EditMessageReplyMarkup, InlineButton, ReplyMarkup};
use serde_json::json;
use store::{Limits, Tx, accounts, onboarding_states, scheduled_events};

use crate::reply::{
    Deps, Done, Failure, Line, Outgoing, Work, count_lately, help as help_player, outcome, resume,
    say_and_end, send, tell,
};

/// Asks for the age.
pub(crate) async fn ask_age(deps: &Deps, work: &Work) -> Result<Done, Failure> {
    {
        let client = deps.pool.get().await.map_err(store::Error::from)?;
        onboarding_states::ask_age(&client, work.telegram_id(), deps.clock.now()).await?;
    }
    let buttons = AGE_BUTTONS.map(|(text, data)| InlineButton::callback(text, data)).to_vec();
    let question = age_question(work.update.first_name());
    tell(deps, work, question, Some(ReplyMarkup::Inline(vec![buttons]))).await?;
    Ok(Done::As(outcome::AGE_GATE))
}

/// Answers what was said before play has begun.
pub(crate) async fn before_play(deps: &Deps, work: &Work) -> Result<Done, Failure> {
    if work.needs_care() {
        return help(deps, work).await;
    }
    if let Some(player) = work.claimed.player {
        return say_and_end(deps, work, &player, &Line::always(work, NOT_READY), outcome::NOT_OPEN).await;
    }
    if work.claimed.age_confirmed {
        tell(deps, work, NOT_OPEN, None).await?;
        return Ok(Done::As(outcome::NOT_OPEN));
    }
    if work.claimed.age_refused {
        return refuse_again(deps, work).await;
    }
    ask_age(deps, work).await
}

/// Somebody in need gets help, whether there is a game or not.
pub(crate) async fn help(deps: &Deps, work: &Work) -> Result<Done, Failure> {
    if let Some(player) = work.claimed.player {
        return help_player(deps, work, &player, outcome::HELP).await;
    }
    tracing::warn!(
        telegram.update_id = work.update_id(),
        care_mode = true,
        "Somebody without a player needs help"
    );
    if count_lately(deps, work.telegram_id(), &[outcome::HELP], HELP_INTERVAL).await? > 0 {
        return Ok(Done::As(outcome::REFUSED));
    }
    tell(deps, work, HELP, None).await?;
    Ok(Done::As(outcome::HELP))
}

async fn refuse_again(deps: &Deps, work: &Work) -> Result<Done, Failure> {
    if count_lately(deps, work.telegram_id(), &[outcome::REFUSAL_AGE], REFUSAL_INTERVAL).await? > 0 {
        return Ok(Done::As(outcome::REFUSED));
    }
    tell(deps, work, REFUSAL, None).await?;
    Ok(Done::As(outcome::REFUSAL_AGE))
}

/// Answers a pressed button: first the press, then what it means. One that does not fit the state any more means
/// nothing.
pub(crate) async fn press(deps: &Deps, work: &Work) -> Result<Done, Failure> {
    let Some(button) = work.update.callback() else { return Ok(Done::Ignored(outcome::STALE_BUTTON)) };
    if was_confirmed_before(deps, work).await? {
        return Ok(Done::As(outcome::AGE_CONFIRMED));
    }
    let at_the_gate = work.claimed.player.is_none() && work.claimed.step.as_deref() == Some("age_gate");
    let fits = at_the_gate && [AGE_YES, AGE_NO].contains(&button.data);
    end_waiting(deps, &button, (!fits).then_some(EXPIRED)).await;
    if !fits {
        return Ok(Done::As(outcome::STALE_BUTTON));
    }
    let done = if button.data == AGE_YES { confirm(deps, work).await? } else { refuse(deps, work).await? };
    remove_buttons(deps, work, &button).await;
    Ok(done)
}

/// Whether an earlier attempt made the player of this press; its welcome may still be to be sent.
async fn was_confirmed_before(deps: &Deps, work: &Work) -> Result<bool, Failure> {
    let made = work.is_repeated() && work.claimed.player.is_some();
    Ok(made && resume(deps, work, &ResponseId::of(work.update_id()).notice()).await?)
}

/// That the press cannot be answered, because it is too old, does not take its meaning away.
async fn end_waiting(deps: &Deps, button: &Callback<'_>, notice: Option<&str>) {
    if let Err(error) = deps.sender.bot.answer_callback_query(button.id, notice).await {
        tracing::warn!(error_code = error.code(), "Could not answer a pressed button");
    }
}

async fn remove_buttons(deps: &Deps, work: &Work, button: &Callback<'_>) {
    let Some(message_id) = button.message_id else { return };
    let edit = EditMessageReplyMarkup { chat_id: work.chat(), message_id, inline_keyboard: Vec::new() };
    if let Err(error) = deps.sender.bot.edit_message_reply_markup(&edit).await {
        tracing::debug!(error_code = error.code(), "Could not remove used buttons");
    }
}

async fn refuse(deps: &Deps, work: &Work) -> Result<Done, Failure> {
    {
        let client = deps.pool.get().await.map_err(store::Error::from)?;
        onboarding_states::refuse_age(&client, work.telegram_id(), deps.clock.now()).await?;
    }
    tell(deps, work, REFUSAL, None).await?;
    Ok(Done::As(outcome::REFUSAL_AGE))
}

/// The age is confirmed: where accounts are made here, there is a player at once.
async fn confirm(deps: &Deps, work: &Work) -> Result<Done, Failure> {
    let made_here = {
        let client = deps.pool.get().await.map_err(store::Error::from)?;
        accounts::are_made_here(&client).await?
    };
    if made_here {
        return create_player(deps, work).await;
    }
    {
        let client = deps.pool.get().await.map_err(store::Error::from)?;
        onboarding_states::confirm_age(&client, work.telegram_id(), deps.clock.now()).await?;
    }
    tell(deps, work, NOT_OPEN, None).await?;
    Ok(Done::As(outcome::NOT_OPEN))
}

/// Makes the account and the player, and queues the welcome, in one transaction.
async fn create_player(deps: &Deps, work: &Work) -> Result<Done, Failure> {
    let now = deps.clock.now();
    // Of the press: a repeated attempt makes the same player, and chance that is keyed by it falls the same way.
    let user = UserId::from_uuid(derived(&format!("player:{}:{}", work.telegram_id(), work.update_id())));
    let profile = json!({ "age_confirmed_at": now });
    let tx = Tx::unbegun(&deps.pool).await?;
    let (begun, created) = join!(
        tx.send_begin(Limits::EDGE),
        accounts::create_player(&tx, user, work.telegram_id(), &profile, now),
    );
    begun?;
    if !created? {
        tx.rollback().await?;
        return Ok(Done::As(outcome::STALE_BUTTON));
    }
    let message = Line::always(work, WELCOME).queued_as(deps, work, user, now);
    let queued = scheduled_events::create_urgent(&tx, &message, now).await?;
    tx.commit().await?;
    fail_point!("registration.player_made");
    if let Some(queued) = queued {
        send(deps, work, Outgoing { queued, message, game_status: GameStatus::Active }).await?;
    }
    tracing::info!(user_id = %user, "A player was made");
    Ok(Done::As(outcome::AGE_CONFIRMED))
}
