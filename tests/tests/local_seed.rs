//! `nikita seed`, and what the commands of a play show of those whom it makes.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use cli::outside::{Casting, Outside};
use cli::play::views::{self, View};
use cli::seed::{self, cast};
use cli::wiring::Wiring;
use domain::ids::ExecutionId;
use end_to_end::database::TestDatabase;
use jiff::{SignedDuration, Timestamp};
use runtime::settings::Variables;
use service::job_run::JobRun;
use service::{Clock, decay};
use tokio_postgres::types::Type;

/// Tue 17 Feb 2026, 18:00 UTC.
const NOW: Timestamp = Timestamp::constant(1_771_351_200, 0);

/// A database with the cast in it.
struct Seeded {
    _database: TestDatabase,
    _outside: Outside,
    wiring: Wiring,
    said: String,
}

impl Seeded {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let variables = Variables::of([("DATABASE_URL", database.url())]);
        let (outside, variables) = Outside::start(Casting::StandIns, variables).await.expect("stand-ins");
        let wiring = Wiring::new(variables, Clock::standing_at(NOW)).expect("settings");
        let mut seeded = Self { _database: database, _outside: outside, wiring, said: String::new() };
        seeded.said = seeded.seed().await;
        seeded
    }

    async fn seed(&self) -> String {
        let models = self.wiring.models().expect("models");
        seed::run(self.wiring.pool(), &models, self.wiring.clock().now()).await.expect("the cast")
    }

    async fn count(&self, rows_of: &str) -> i64 {
        let client = self.wiring.pool().get().await.expect("a connection");
        let statement = format!("SELECT count(*) FROM {rows_of}");
        client.query_typed_one(&statement, &[]).await.expect("a count").get(0)
    }

    fn view(&self, name: &str) -> View<'_> {
        let member = cast::CAST.iter().find(|member| member.name == name).expect("is in the cast");
        View { pool: self.wiring.pool(), telegram_id: member.telegram_id(), now: self.wiring.clock().now() }
    }
}

#[tokio::test]
async fn seeding_twice_makes_nobody_twice() {
    let seeded = Seeded::new().await;
    assert_eq!(seeded.said.matches("made ").count(), cast::CAST.len(), "{}", seeded.said);

    let tables = ["users", "auth.users", "user_metrics", "conversations", "memory_facts", "score_history"];
    let mut before = Vec::new();
    for table in tables {
        before.push(seeded.count(table).await);
    }
    let again = seeded.seed().await;
    assert_eq!(again.matches("there ").count(), cast::CAST.len(), "{again}");
    for (table, rows) in tables.iter().zip(before) {
        assert_eq!(seeded.count(table).await, rows, "{table}");
        assert!(rows > 0, "{table}");
    }
    assert_eq!(seeded.count("memory_facts WHERE embedding IS NULL").await, 0);
}

#[tokio::test]
async fn decay_finds_the_overdue_and_ends_the_game_of_the_lost() {
    let seeded = Seeded::new().await;
    let deps = decay::Deps {
        pool: seeded.wiring.pool().clone(),
        clock: seeded.wiring.clock().clone(),
        draws: domain::draw::Draws::default(),
        models: seeded.wiring.models().expect("models"),
        model: "claude-haiku-4-5-20251001".to_owned(),
    };
    decay::run(&deps, JobRun::new(ExecutionId::random(), NOW, std::time::Duration::from_mins(1))).await;

    let client = seeded.wiring.pool().get().await.expect("a connection");
    let rows = client
        .query_typed(
            "SELECT relationship_score::text, game_status::text FROM users WHERE telegram_id >= $1 ORDER BY telegram_id",
            &[(&cast::FIRST_ACCOUNT, Type::INT8)],
        )
        .await
        .expect("the cast");
    let standings: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected = [
        ("50.00", "active"),
        ("63.30", "active"),
        ("40.10", "active"),
        ("54.75", "active"),
        ("0.00", "game_over"),
    ];
    assert_eq!(standings, expected.map(|(score, status)| (score.to_owned(), status.to_owned())));
}

#[tokio::test]
async fn views_tell_how_a_player_stands() {
    let seeded = Seeded::new().await;
    insta::assert_snapshot!(views::memory(seeded.view("mia")).await.expect("a view"), @r#"
    About you (5):
      User lives in Lisbon
          Sun 15 Feb, 17:55, you: i live in Lisbon, third floor, no lift
      User works as a marine biologist
          Sun 15 Feb, 17:57, you: i work as a marine biologist. mostly seagrass
      User's sister Clara visits in March
          Sun 15 Feb, 17:59, you: my sister Clara visits in March, she hates the stairs
      User loves old synthesizers
          Tue 17 Feb, 12:57, you: good morning. i love old synthesizers, did i ever tell you?
      User owns a broken Juno synthesizer
          Tue 17 Feb, 12:59, you: i own a broken Juno, i am going to repair it this weekend
    "#);
    insta::assert_snapshot!(views::score(seeded.view("mia")).await.expect("a view"), @r#"
    Score 63.30 of 100, chapter 3 (Investment), boss at 65.00.
    Intimacy 66.00, passion 62.00, trust 64.00, secureness 60.00.
    Silence is free until Wed 18 Feb, 13:00 (19 h from now), then it costs 0.40 points per hour.
    "#);
    insta::assert_snapshot!(views::score(seeded.view("tom")).await.expect("a view"), @r#"
    Score 48.50 of 100, chapter 2 (Intrigue), boss at 60.00.
    Intimacy 45.00, passion 52.00, trust 48.00, secureness 50.00.
    Silence costs 0.60 points per hour since Tue 17 Feb, 04:00. Nothing is charged yet; the next run of decay takes 8.40.
    "#);
    insta::assert_snapshot!(views::why(seeded.view("tom")).await.expect("a view"), @r#"
    Mon 16 Feb, 12:00   +1.60 -> 48.50  conversation
    Sat 14 Feb, 18:00   -8.50 -> 46.90  decay
    Fri 13 Feb, 18:00       - -> 55.40  chapter_advance (from chapter: 1, to chapter: 2)
    "#);
    insta::assert_snapshot!(views::status(seeded.view("ida")).await.expect("a view"), @r#"
    It is Tue 17 Feb 2026, 18:00 (UTC).
    Game active, chapter 1 (Curiosity), onboarding skipped, days played 2.
    You last wrote Tue 17 Feb, 17:55 (5 min ago).
    Between you: 0 of 100 degrees, calm.
    Engagement calibrating: gains count 0.9 times.
    Conversations: 1 active (2 messages), 1 processed (2 messages).
    "#);
    insta::assert_snapshot!(views::prompt(seeded.view("ida")).await.expect("a view"), @"No prompt is ready yet: the first one is written when a conversation is processed.");
    insta::assert_snapshot!(views::memory(seeded.view("nora")).await.expect("a view"), @"She remembers nothing yet: a conversation is read after 15 idle minutes (:tick 20m, then :run process-conversations).");

    seeded.wiring.clock().advance(SignedDuration::from_hours(30));
    let nobody = View { telegram_id: 1, ..seeded.view("ida") };
    insta::assert_snapshot!(views::score(seeded.view("mia")).await.expect("a view"), @r#"
    Score 63.30 of 100, chapter 3 (Investment), boss at 65.00.
    Intimacy 66.00, passion 62.00, trust 64.00, secureness 60.00.
    Silence costs 0.40 points per hour since Wed 18 Feb, 13:00. Nothing is charged yet; the next run of decay takes 4.40.
    "#);
    insta::assert_snapshot!(views::score(nobody).await.expect("a view"), @"Nobody plays yet. Write /start and confirm your age.");
}
