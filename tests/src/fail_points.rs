//! The fail points: their names, collected from the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::pipeline::{STAGES, STEPS};

/// How a point is written in the sources.
const MARK: &str = "fail_point!(\"";
/// What stands in a name for every stage and step of the pipeline.
const STAGE: &str = "{stage}";

/// The names of all points, each once. A name that stands in two places is two steps for one, and refused.
pub fn names() -> BTreeSet<String> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("shared");
    let mut names = BTreeSet::new();
    for source in ["service/src", "store/src"].into_iter().flat_map(|sources| files(&shared.join(sources))) {
        let text = fs::read_to_string(&source).expect("a source");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for name in code.filter_map(|line| line.split_once(MARK)?.1.split('"').next()) {
            for name in each(name) {
                assert!(names.insert(name.clone()), "two fail points are called {name}");
            }
        }
    }
    names
}

/// The names that a name in the sources stands for.
fn each(name: &str) -> Vec<String> {
    if !name.contains(STAGE) {
        return vec![name.to_owned()];
    }
    STAGES.iter().chain(&STEPS).map(|stage| name.replace(STAGE, stage.name)).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
