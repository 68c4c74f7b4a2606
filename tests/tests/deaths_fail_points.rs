//! The fail points: each is one at which a story has somebody die, and nothing that is deployed has any.

use std::process::Command;

use end_to_end::deaths::COMMITTED;
use end_to_end::fail_points;

use crate::{deaths_in_jobs, deaths_in_turns};

#[test]
fn every_fail_point_is_in_a_story() {
    let stories = || deaths_in_turns::STORIES.into_iter().chain(deaths_in_jobs::STORIES);
    let names = fail_points::names();
    assert!(names.contains(COMMITTED), "behind every commit there is one");
    // That one is in every story.
    for name in names.into_iter().filter(|name| name != COMMITTED) {
        assert!(stories().any(|story| story.is_about(&name)), "nobody dies at {name}");
    }
}

#[test]
fn what_is_deployed_has_none() {
    for package in ["functions", "cli"] {
        let tree = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--package",
                package,
                "--edges",
                "normal,features",
                "--prefix",
                "none",
                "--offline",
                "--locked",
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo");
        let tree = String::from_utf8_lossy(&tree.stdout);
        assert!(tree.contains("service v"), "{tree}");
        assert!(!tree.contains("fail-points"), "{package} has fail points");
    }
}
