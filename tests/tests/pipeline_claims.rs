//! Which conversations the pipeline takes, and how it lets go of them.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::budget::Budgets;
use domain::ids::{ConversationId, UserId};
use domain::status::GameStatus;
use end_to_end::conversations::NewConversation;
use end_to_end::database::TestDatabase;
use end_to_end::players::NewPlayer;
use end_to_end::rows::{row, rows};
use jiff::{SignedDuration, Timestamp};
use service::pipeline::job::Rollout;
use store::Pool;
use store::pipeline_conversations::{self, AfterFailure, Claimed};

fn at(time: &str) -> Timestamp {
    format!("2026-02-17T{time}Z").parse().expect("a time")
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

async fn player(pool: &Pool) -> UserId {
    let client = pool.get().await.expect("a connection");
    NewPlayer::new().insert(&client).await
}

async fn claim(pool: &Pool, now: Timestamp) -> Option<Claimed> {
    let client = pool.get().await.expect("a connection");
    pipeline_conversations::claim_next(&client, &Rollout::default().claimable(now, Budgets::default()), None)
        .await
        .expect("a claim")
}

async fn claimable_count(pool: &Pool, now: Timestamp) -> i64 {
    let client = pool.get().await.expect("a connection");
    pipeline_conversations::count_claimable(&client, &Rollout::default().claimable(now, Budgets::default()))
        .await
        .expect("a count")
}

async fn set_active(pool: &Pool, conversation: ConversationId, attempt: i32) -> AfterFailure {
    let client = pool.get().await.expect("a connection");
    pipeline_conversations::mark_failed(&client, conversation, attempt, domain::conversation::MAX_ATTEMPTS)
        .await
        .expect("the end of a claim")
}

// case: pipeline 1
// case: api 50
#[tokio::test]
async fn a_text_conversation_has_ended_after_more_than_fifteen_silent_minutes() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let user = player(&pool).await;
    let id = NewConversation::new(user, at("14:00:00")).insert(&pool).await;

    for early in ["14:14:59", "14:15:00"] {
        assert!(claim(&pool, at(early)).await.is_none(), "{early}");
    }
    assert_eq!(claimable_count(&pool, at("14:15:01")).await, 1);
    let claimed = claim(&pool, at("14:15:01")).await.expect("a claim");
    assert_eq!((claimed.conversation, claimed.attempt), (id, 1));
    assert_eq!(claimable_count(&pool, at("14:15:01")).await, 0);
}

// case: schema 73
// case: pipeline 2, 3, 9
#[tokio::test]
async fn a_failed_run_waits_longer_each_time_and_the_third_is_the_last() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let user = player(&pool).await;
    let id = NewConversation::new(user, at("11:44:00")).insert(&pool).await;

    for (early, claimed_at, attempt, ended) in [
        ("11:59:00", "11:59:01", 1, AfterFailure::Retried),
        ("12:03:00", "12:04:02", 2, AfterFailure::Retried),
        ("12:18:00", "12:19:03", 3, AfterFailure::Failed),
    ] {
        assert!(claim(&pool, at(early)).await.is_none(), "{early}");
        let claimed = claim(&pool, at(claimed_at)).await.unwrap_or_else(|| panic!("a claim at {claimed_at}"));
        assert_eq!((claimed.conversation, claimed.attempt), (id, attempt));
        assert_eq!(set_active(&pool, id, attempt).await, ended);
    }
    assert!(claim(&pool, at("23:00:00")).await.is_none());
    let stored =
        row(&pool, "SELECT status, processing_attempts, ended_at AT TIME ZONE 'UTC' FROM conversations")
            .await;
    assert_eq!(stored, "failed | 3 | 2026-02-17 11:44:00");
}

// case: pipeline 2
#[tokio::test]
async fn used_up_attempts_are_not_claimed_even_on_an_active_row() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let user = player(&pool).await;
    NewConversation::new(user, at("11:00:00")).tried(3, at("11:20:00")).insert(&pool).await;
    assert!(claim(&pool, at("12:00:00")).await.is_none());
}

// case: pipeline 4, 5
#[tokio::test]
async fn what_was_closed_is_claimed_at_once() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let now = at("12:00:00");
    let call = NewConversation::new(player(&pool).await, now - SignedDuration::from_secs(5)).call();
    let call = call.insert(&pool).await;
    let before_a_boss =
        NewConversation::new(player(&pool).await, now - minutes(2)).ended_at(now - minutes(1));
    let before_a_boss = before_a_boss.insert(&pool).await;
    NewConversation::new(player(&pool).await, now - minutes(2)).insert(&pool).await;

    let claimed = [claim(&pool, now).await, claim(&pool, now).await, claim(&pool, now).await]
        .map(|claimed| claimed.map(|claimed| claimed.conversation));
    assert_eq!(claimed, [Some(before_a_boss), Some(call), None], "the one that waited longest comes first");
}

// case: pipeline 7
#[tokio::test]
async fn two_claims_at_once_never_get_the_same_conversation() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    NewConversation::new(player(&pool).await, at("11:00:00")).insert(&pool).await;

    let claims = (0..6).map(|_| claim(&pool, at("12:00:00")));
    let claimed: Vec<_> = futures_util::future::join_all(claims).await.into_iter().flatten().collect();
    assert_eq!(claimed.len(), 1);
    assert_eq!(row(&pool, "SELECT processing_attempts FROM conversations").await, "1");
}

#[tokio::test]
async fn a_player_is_in_one_run_at_a_time() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let user = player(&pool).await;
    for time in ["10:00:00", "11:00:00"] {
        NewConversation::new(user, at(time)).ended_at(at(time)).insert(&pool).await;
    }
    let first = claim(&pool, at("12:00:00")).await.expect("a claim");
    assert!(claim(&pool, at("12:00:00")).await.is_none());

    let client = pool.get().await.expect("a connection");
    let (id, now) = (first.conversation, at("12:00:10"));
    assert!(pipeline_conversations::mark_processed(&client, id, 1, now, None, None).await.expect("an end"));
    assert!(claim(&pool, now).await.is_some());
}

#[tokio::test]
async fn what_nobody_answered_is_closed_without_a_run() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let user = player(&pool).await;
    let touchpoint = [("nikita", "thinking of you")];
    NewConversation::new(user, at("10:00:00")).said(&touchpoint).ended_at(at("10:20:00")).insert(&pool).await;
    NewConversation::new(user, at("11:00:00")).said(&touchpoint).insert(&pool).await;

    assert!(claim(&pool, at("12:00:00")).await.is_none());
    let client = pool.get().await.expect("a connection");
    assert_eq!(pipeline_conversations::close_unanswered(&client, at("12:00:00")).await.expect("a sweep"), 1);
    let stored =
        rows(&pool, "SELECT status, processed_at IS NOT NULL FROM conversations ORDER BY started_at").await;
    assert_eq!(stored, ["processed | t", "active | f"], "an open one may still be answered");
}

// case: pipeline 8
// case: api 51
#[tokio::test]
async fn what_died_is_given_back_or_given_up() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let now = at("12:00:00");
    for (since, attempts) in [(29, 1), (31, 2), (31, 3)] {
        NewConversation::new(player(&pool).await, at("11:00:00"))
            .ended_at(at("11:00:00"))
            .status("processing")
            .tried(attempts, now - minutes(since))
            .insert(&pool)
            .await;
    }
    let client = pool.get().await.expect("a connection");
    let stuck_before = domain::conversation::stuck_before(now);
    let recovered =
        pipeline_conversations::recover_stuck(&client, stuck_before, 3, 50).await.expect("a recovery");
    let failed = recovered.iter().filter(|stuck| stuck.failed).count();
    assert_eq!((recovered.len(), failed), (2, 1));
    assert_eq!(
        rows(&pool, "SELECT processing_attempts, status FROM conversations ORDER BY 1").await,
        ["1 | processing", "2 | active", "3 | failed"]
    );
}

// case: pipeline 11
#[tokio::test]
async fn a_claim_that_was_taken_over_ends_nothing() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let id = NewConversation::new(player(&pool).await, at("11:00:00"))
        .ended_at(at("11:00:00"))
        .status("processing")
        .tried(2, at("11:50:00"))
        .insert(&pool)
        .await;

    let client = pool.get().await.expect("a connection");
    let (summary, tone) = (Some("late"), Some("mixed"));
    let now = at("12:00:00");
    assert!(
        !pipeline_conversations::mark_processed(&client, id, 1, now, summary, tone).await.expect("no end")
    );
    assert_eq!(set_active(&pool, id, 1).await, AfterFailure::ClaimLost);
    let stored = "SELECT status, processing_attempts, conversation_summary, processed_at FROM conversations";
    assert_eq!(row(&pool, stored).await, "processing | 2 | - | -");
}

#[tokio::test]
async fn what_is_not_known_at_the_end_leaves_the_columns_alone() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let id = NewConversation::new(player(&pool).await, at("11:00:00"))
        .summary("They talked.", "positive")
        .insert(&pool)
        .await;
    let claimed = claim(&pool, at("12:00:00")).await.expect("a claim");
    let client = pool.get().await.expect("a connection");
    let now = at("12:00:05");
    assert!(
        pipeline_conversations::mark_processed(&client, id, claimed.attempt, now, None, None)
            .await
            .expect("an end")
    );
    let stored = "SELECT status, conversation_summary, emotional_tone FROM conversations";
    assert_eq!(row(&pool, stored).await, "processed | They talked. | positive");
}

#[tokio::test]
async fn a_run_finds_its_player_with_everything() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let client = pool.get().await.expect("a connection");
    let user = NewPlayer::new().chapter(3).timezone("Europe/Zurich").game_status(GameStatus::BossFight);
    let user = user.insert(&client).await;
    client
        .batch_execute(&format!(
            "INSERT INTO user_vice_preferences (user_id, category, intensity_level, engagement_score)
             VALUES ('{user}', 'dark_humor', 2, 1.5), ('{user}', 'risk_taking', 3, 2.5), ('{user}', 'sexuality', 1, 0)"
        ))
        .await
        .expect("vices");
    let player = pipeline_conversations::get_player(&client, user).await.expect("the player");
    assert_eq!(player.vices, ["risk_taking", "dark_humor"]);
    assert_eq!((player.chapter.number(), player.status), (3, GameStatus::BossFight));
    assert_eq!(player.engagement_state.as_deref(), Some("calibrating"));
    assert_eq!(player.timezone, "Europe/Zurich");
}
