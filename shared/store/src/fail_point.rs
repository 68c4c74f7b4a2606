//! Fail points: named steps at which a process kills itself when a test says so.
//!
//! `fail_point!("turn.accepted")` stands between two steps: behind what the one has done, before what the next one does. With
//! the feature `fail-points`, which only the end-to-end tests switch on, a process whose `FAIL_POINT` is `turn.accepted` aborts
//! there, as a power cut would end it: nothing is unwound, nothing is said goodbye to. Without the feature a point is no code
//! at all. `turn.accepted#2` is the second time that the process comes there.
//!
//! The tests collect the names from the sources and die at each of them, so a point needs no list, and one that is never
//! reached fails them. `{stage}` in a name stands for the stage or step of the pipeline that is given after it. Behind each
//! commit of a transaction there is one without being written: a new transaction needs no name to be died at.

/// Marks a named step; see [`self`].
#[cfg(feature = "fail-points")]
#[macro_export]
macro_rules! fail_point {
    ($name:literal) => {
        $crate::fail_point::reached($name)
    };
    ($name:literal, $stage:expr) => {
        $crate::fail_point::reached(&$name.replace("{stage}", $stage.name))
    };
}

/// Marks a named step, and is nothing.
#[cfg(not(feature = "fail-points"))]
#[macro_export]
macro_rules! fail_point {
    ($($name:tt)*) => {{}};
}

/// Ends the process if it is to end here.
#[cfg(feature = "fail-points")]
pub fn reached(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static FATAL: OnceLock<(String, u32)> = OnceLock::new();
    static REACHED: AtomicU32 = AtomicU32::new(0);
    let (fatal, time) = FATAL.get_or_init(fatal);
    if fatal == name && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == *time {
        std::process::abort();
    }
}

/// Where to end, and the how-manieth time; no name: nowhere.
#[cfg(feature = "fail-points")]
#[expect(clippy::disallowed_methods, reason = "no setting of a function: a test says where to end")]
fn fatal() -> (String, u32) {
    let told = std::env::var("FAIL_POINT").unwrap_or_default();
    let (name, time) = told.split_once('#').unwrap_or((&told, "1"));
    (name.to_owned(), time.parse().unwrap_or(1))
}
