//! The personas of the simulation at the real functions: a few days of `nikita simulate --full`.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use cli::full::{self, Full, Plan};
use cli::home::Home;
use cli::schedule;
use end_to_end::database::TestDatabase;
use simulate::persona::{ABSENT, DEVOTED, FRAGILE};

/// Long enough for every job to run.
const DAYS: u32 = 2;

async fn played(seed: &str, days: u32) -> Full {
    let template = Home::find().and_then(|home| home.read("template.yaml")).expect("the template");
    let plan = Plan {
        personas: vec![DEVOTED, ABSENT, FRAGILE],
        players: 3,
        days,
        seed: seed.to_owned(),
        schedules: schedule::of_template(&template).expect("schedules"),
    };
    let database = TestDatabase::new().await;
    full::play(database.url(), &plan, &|_| {}).await.expect("a run")
}

#[tokio::test(flavor = "multi_thread")]
async fn days_of_play_break_no_invariant_and_the_same_seed_gives_the_same_rows() {
    let (full, again) = tokio::join!(played("7", DAYS), played("7", DAYS));

    assert_eq!(full.driven.failures, Vec::<String>::new());
    for finding in &full.findings {
        assert!(finding.holds(), "{}: {:#?}", finding.says, finding.broken);
    }
    assert!(full.driven.written() > 25, "{} messages", full.driven.written());
    assert_eq!(full.driven.jobs.len(), domain::job::ALL.len(), "every job ran");

    assert_eq!(full.digest.tables, again.digest.tables);
    assert_eq!(full.digest.whole, again.digest.whole);
    let of_no_rows = &full.digest.tables["audit_logs"];
    for table in ["users", "conversations", "score_history", "llm_usage"] {
        assert_ne!(&full.digest.tables[table], of_no_rows, "{table}");
    }
}
