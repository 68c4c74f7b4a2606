//! Who may know whom, and what a migration may not do.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use cargo_toml::Manifest;

/// Our crates and which of the others each may know.
const MAY_KNOW: [(&str, &[&str]); 6] = [
    ("shared/domain", &[]),
    ("shared/store", &["domain"]),
    ("shared/providers", &[]),
    ("shared/runtime", &[]),
    ("shared/service", &["domain", "store", "providers"]),
    ("functions", &["domain", "store", "providers", "service", "runtime"]),
];

const OURS: [&str; 7] = ["domain", "store", "providers", "service", "runtime", "functions", "standins"];

/// What the pure rules must not be able to reach: a runtime, a database, the network, chance.
const IMPURE: [&str; 8] =
    ["tokio", "tokio-postgres", "deadpool-postgres", "reqwest", "hyper", "axum", "rand", "fastrand"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

#[test]
fn crates_know_only_whom_they_may() {
    for (folder, allowed) in MAY_KNOW {
        let manifest = Manifest::from_slice(
            &fs::read(root().join(folder).join("Cargo.toml")).expect("a manifest of ours"),
        )
        .expect("a valid manifest");
        let known: BTreeSet<&str> =
            manifest.dependencies.keys().map(String::as_str).filter(|name| OURS.contains(name)).collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert!(known.is_subset(&allowed), "{folder} knows {:?}", known.difference(&allowed));
    }
}

#[test]
fn the_rules_reach_neither_runtime_nor_database_nor_network_nor_chance() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "domain",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--offline",
            "--locked",
        ])
        .current_dir(root())
        .output()
        .expect("cargo tree");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));

    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    let reached: Vec<&str> =
        tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| IMPURE.contains(name)).collect();
    assert!(tree.starts_with("domain "));
    assert_eq!(reached, Vec::<&str>::new());
}

/// Old code inserts rows without the new column while a migration is being rolled out.
#[test]
fn no_migration_adds_a_column_that_must_be_set() {
    let mut checked = 0;
    for entry in fs::read_dir(root().join("migrations")).expect("the migrations") {
        let path = entry.expect("an entry").path();
        let sql = fs::read_to_string(&path).expect("a migration").to_uppercase();
        for added in sql.split("ADD COLUMN").skip(1) {
            let end = added.find([',', ';']).unwrap_or(added.len());
            // A type such as numeric(3,2) holds a comma; then the rest of the line belongs to the column as well.
            let line_end = added.find('\n').unwrap_or(added.len());
            let definition = &added[..end.max(line_end)];
            let must_be_set = definition.contains("NOT NULL") && !definition.contains("DEFAULT");
            assert!(!must_be_set, "{}: ADD COLUMN{definition}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 0, "no migration adds a column");
}
