//! What the README says is so: its transcript, and its table of settings.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a file of the checkout")
}

/// Its lines are lines of the transcript that a test plays, in their order.
#[test]
fn the_readme_shows_what_is_played() {
    let readme = read("README.md");
    let (_, shown) = readme.split_once("```text\n").expect("an excerpt");
    let (shown, _) = shown.split_once("```").expect("its end");
    let transcript = read("examples/first-evening.transcript.txt");
    let mut rest = transcript.lines();
    for line in shown.lines().filter(|line| !line.is_empty() && line.trim() != "...") {
        assert!(rest.any(|played| played == line), "not played, or not there: {line}");
    }
}

/// Every variable that a function reads, and no other.
#[test]
fn the_readme_lists_every_setting() {
    let files = [
        "functions/src/environment.rs",
        "functions/src/environment/jobs.rs",
        "functions/src/environment/replies.rs",
        "functions/src/secrets.rs",
        "functions/src/deliver.rs",
        "functions/src/life_gen.rs",
        "functions/src/telegram_webhook.rs",
        "functions/src/process_conversations.rs",
        "shared/runtime/src/settings.rs",
    ];
    // What the platform sets is nobody's to set; what ends in a line is the beginning of a name.
    let read: BTreeSet<String> = files
        .iter()
        .flat_map(|file| names(program(&read(file)), '"'))
        .filter(|name| !name.starts_with("AWS_") && !name.ends_with('_'))
        .collect();
    let readme = self::read("README.md");
    let (_, settings) = readme.split_once("## Settings").expect("the settings");
    let (settings, _) = settings.split_once("\n## ").expect("what follows");
    let table: String =
        settings.lines().filter_map(|line| line.strip_prefix("| ")?.split('|').next()).collect();
    assert_eq!(names(&table, '`').into_iter().collect::<BTreeSet<_>>(), read, "README.md, Settings");
}

/// What is not a test of its own.
fn program(source: &str) -> &str {
    source.split("#[cfg(test)]").next().unwrap_or_default()
}

/// The names of variables between two such marks.
fn names(text: &str, mark: char) -> Vec<String> {
    let is_name = |word: &&str| {
        let letters = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
        word.len() > 3 && word.chars().all(letters)
    };
    text.split(mark).filter(is_name).map(str::to_owned).collect()
}
