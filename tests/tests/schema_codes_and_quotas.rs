//! What is good for one use, or for so many: link codes, rate limits, the psyche's daily quota.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::ids::UserId;
use end_to_end::database::TestDatabase;
use end_to_end::players::NewPlayer;
use end_to_end::rows::{row, rows};
use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use store::api_rate_limits::{self, Window};
use store::psyche_states::{self, Tier};
use store::{Pool, link_codes};

fn at(time: &str) -> Timestamp {
    format!("2026-02-20T{time}Z").parse().expect("a time")
}

async fn player(database: &TestDatabase) -> UserId {
    NewPlayer::new().insert(&database.connect().await).await
}

async fn create_code(pool: &Pool, user: UserId, codes: &[&str]) -> store::Result<String> {
    let client = pool.get().await?;
    let mut codes = codes.iter();
    let fresh = || codes.next().map(ToString::to_string).expect("no more codes are drawn than needed");
    link_codes::create(&client, user, at("12:00:00"), at("12:10:00"), fresh).await
}

async fn consume(pool: &Pool, code: &str, now: Timestamp) -> Option<UserId> {
    let client = pool.get().await.expect("a connection");
    link_codes::consume(&client, code, now).await.expect("a try")
}

/// case: schema 49
#[tokio::test]
async fn a_link_code_is_good_once_and_until_it_expires() {
    let database = TestDatabase::new().await;
    let (pool, user) = (database.pool(), player(&database).await);
    create_code(&pool, user, &["AB12CD"]).await.expect("a code");

    assert_eq!(consume(&pool, "ab12cd", at("12:10:00")).await, None);
    assert_eq!(consume(&pool, "ab12cd", at("12:09:59")).await, Some(user));
    assert_eq!(consume(&pool, "ab12cd", at("12:09:59")).await, None);
}

#[tokio::test]
async fn a_new_code_replaces_the_players_older_one_and_avoids_those_of_others() {
    let database = TestDatabase::new().await;
    let (pool, one, other) = (database.pool(), player(&database).await, player(&database).await);
    create_code(&pool, one, &["AAAAAA"]).await.expect("a code");
    create_code(&pool, one, &["BBBBBB"]).await.expect("a code");

    let given = create_code(&pool, other, &["BBBBBB", "BBBBBB", "CCCCCC"]).await.expect("a code");

    assert_eq!(given, "CCCCCC");
    assert_eq!(rows(&pool, "SELECT code FROM telegram_link_codes ORDER BY code").await, ["BBBBBB", "CCCCCC"]);
    let exhausted = create_code(&pool, other, &["BBBBBB"; 5]).await;
    assert!(exhausted.is_err());
    assert_eq!(consume(&pool, "cccccc", at("12:01:00")).await, Some(other), "the code that was there stays");
}

#[tokio::test]
async fn fifty_tries_at_once_use_a_code_once() {
    let database = TestDatabase::new().await;
    let (pool, user) = (database.pool(), player(&database).await);
    create_code(&pool, user, &["AB12CD"]).await.expect("a code");

    let tries = join_all((0..50).map(|_| consume(&pool, "AB12CD", at("12:01:00")))).await;

    assert_eq!(tries.into_iter().flatten().collect::<Vec<_>>(), [user]);
}

/// case: schema 50
#[tokio::test]
async fn calls_within_one_window_are_counted_together() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let noon =
        Window { scope: "anon", subject: "203.0.113.9", start: at("12:00:00"), expires_at: at("12:02:00") };
    let count = async |window: &Window<'_>| {
        let client = pool.get().await.expect("a connection");
        api_rate_limits::count(&client, window).await.expect("a count")
    };

    assert_eq!([count(&noon).await, count(&noon).await, count(&noon).await], [1, 2, 3]);
    assert_eq!(count(&Window { start: at("12:01:00"), ..noon }).await, 1);
    assert_eq!(count(&Window { subject: "203.0.113.10", ..noon }).await, 1);
    assert_eq!(count(&Window { scope: "portal:link", ..noon }).await, 1);

    let mut together = join_all((0..40).map(|_| count(&noon))).await;
    together.sort_unstable();
    assert_eq!(together, (4..=43).collect::<Vec<i64>>());
}

const TODAY: Date = date(2026, 2, 20);
const TOMORROW: Date = date(2026, 2, 21);

async fn reserve(pool: &Pool, user: UserId, tier: Tier, today: Date, cap: i32) -> Option<i32> {
    let client = pool.get().await.expect("a connection");
    psyche_states::reserve(&client, user, tier, today, cap).await.expect("a reservation or a refusal")
}

/// case: schema 69
#[tokio::test]
async fn the_sixth_deep_analysis_of_a_day_is_refused() {
    let database = TestDatabase::new().await;
    let (pool, user) = (database.pool(), player(&database).await);

    let mut reserved = Vec::new();
    for _ in 0..6 {
        reserved.push(reserve(&pool, user, Tier::Three, TODAY, 5).await);
    }

    assert_eq!(reserved, [Some(1), Some(2), Some(3), Some(4), Some(5), None]);
    assert_eq!(
        row(&pool, "SELECT generated_at, tier2_today, tier3_today, state FROM psyche_states").await,
        "- | 0 | 5 | {}"
    );
    assert_eq!(reserve(&pool, user, Tier::Three, TOMORROW, 5).await, Some(1));
}

#[tokio::test]
async fn the_tiers_count_apart_and_begin_anew_together() {
    let database = TestDatabase::new().await;
    let (pool, user) = (database.pool(), player(&database).await);
    for _ in 0..2 {
        reserve(&pool, user, Tier::Three, TODAY, 5).await;
    }
    assert_eq!(reserve(&pool, user, Tier::Two, TODAY, 20).await, Some(1));
    assert_eq!(reserve(&pool, user, Tier::Two, TODAY, 1).await, None);

    assert_eq!(reserve(&pool, user, Tier::Two, TOMORROW, 20).await, Some(1));
    // A process whose clock has not reached midnight yet counts into the new day.
    assert_eq!(reserve(&pool, user, Tier::Three, TODAY, 5).await, Some(1));
    let stored = row(&pool, "SELECT usage_day, tier2_today, tier3_today FROM psyche_states").await;
    assert_eq!(stored, "2026-02-21 | 1 | 1");
}

#[tokio::test]
async fn reservations_at_once_never_exceed_the_cap() {
    let database = TestDatabase::new().await;
    let (pool, user) = (database.pool(), player(&database).await);

    let reserved = join_all((0..30).map(|_| reserve(&pool, user, Tier::Three, TODAY, 5))).await;

    let mut granted: Vec<i32> = reserved.into_iter().flatten().collect();
    granted.sort_unstable();
    assert_eq!(granted, [1, 2, 3, 4, 5]);
    let without_quota = reserve(&pool, player(&database).await, Tier::Two, TODAY, 0).await;
    assert_eq!(without_quota, None);
}
