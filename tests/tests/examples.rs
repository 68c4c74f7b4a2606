//! The scripts in `examples/` play as their transcripts say, to the letter.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::path::{Path, PathBuf};

use cli::play;
use end_to_end::database::TestDatabase;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("examples")
}

async fn transcript_of(script: &Path) -> String {
    let database = TestDatabase::new().await;
    let script = play::read(script).expect("a script");
    let mut out = Vec::new();
    let played = play::transcript::play(database.url(), &script, &mut out).await;
    let transcript = String::from_utf8(out).expect("letters");
    let error = played.as_ref().err().map(|error| cli::chain(error));
    assert_eq!(error, None, "so far:\n{transcript}");
    transcript
}

/// Plays a script and holds it against its transcript. `scripts/play --script FILE` prints a new one.
async fn plays_as_told(name: &str) {
    let played = transcript_of(&examples().join(format!("{name}.txt"))).await;
    let expected = std::fs::read_to_string(examples().join(format!("{name}.transcript.txt")));
    assert_eq!(played, expected.expect("a transcript"), "{name}");
}

macro_rules! examples {
    ($($test:ident: $name:literal,)+) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            plays_as_told($name).await;
        })+

        #[test]
        fn every_script_is_played() {
            let listed = [$(concat!($name, ".txt"), concat!($name, ".transcript.txt")),+];
            for entry in std::fs::read_dir(examples()).expect("the examples") {
                let file = entry.expect("an entry").file_name().into_string().expect("a name");
                assert!(listed.contains(&file.as_str()), "no test plays examples/{file}");
            }
        }
    };
}

examples! {
    the_first_evening: "first-evening",
    a_quarrel_and_its_repair: "quarrel",
    two_encounters: "two-bosses",
    a_memory_corrected: "corrected",
    a_day_of_her_own: "her-day",
    a_message_she_sends_first: "she-writes-first",
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_the_same_again() {
    let script = examples().join("first-evening.txt");
    let (once, again) = tokio::join!(transcript_of(&script), transcript_of(&script));
    assert_eq!(once, again);
}

/// What fails ends the script and says where; what came before stays to be read.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_fails_ends_the_script() {
    for (script, failure, so_far) in [
        (":press 1\n:status", "line 1 failed: there is no button to press", ":press 1\n"),
        ("# all\n:status\n:press yes\n:memory", "line 3 failed: there is no button to press", ":press yes\n"),
    ] {
        let database = TestDatabase::new().await;
        let mut out = Vec::new();
        let played =
            play::transcript::play(database.url(), &script.parse().expect("a script"), &mut out).await;
        assert_eq!(cli::chain(&played.expect_err("a line fails")), failure);
        let told = String::from_utf8(out).expect("letters");
        assert!(told.ends_with(so_far), "{told}");
    }
}
