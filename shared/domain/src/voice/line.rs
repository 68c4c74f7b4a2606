//! How a past call is told to the text agent: one line with its length and its summary.

/// The line of a call that lasted `seconds`. Minutes are not folded into hours.
pub fn call_line(summary: &str, seconds: u64) -> String {
    let length = match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m {seconds}s"),
    };
    format!("[Previous voice call - {length}] {summary}")
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: voice 61
    #[test]
    fn its_length_is_told_in_minutes_and_seconds() {
        for (seconds, length) in [(185, "3m 5s"), (59, "59s"), (60, "1m 0s"), (3_605, "60m 5s")] {
            let expected = format!("[Previous voice call - {length}] They talked.");
            assert_eq!(call_line("They talked.", seconds), expected);
        }
    }
}
