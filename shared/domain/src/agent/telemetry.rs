//! How much of a reply's input came from the model's prompt cache.

/// The share of the whole input that was read from the cache, in percent with one decimal; 0.0 without input.
///
/// The whole input is what the provider counts as input, as read from the cache and as written to it.
pub fn cache_ratio(cache_read: u64, total_input: u64) -> f64 {
    if total_input == 0 {
        return 0.0;
    }
    (cache_read as f64 / total_input as f64 * 1_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: pipeline 53
    #[test]
    fn the_ratio_has_one_decimal_and_survives_missing_counts() {
        for (read, input, ratio) in [(5_400, 6_200, "87.1"), (0, 0, "0.0"), (1_500, 4_500, "33.3")] {
            assert_eq!(format!("{:.1}", cache_ratio(read, input)), ratio);
        }
    }
}
