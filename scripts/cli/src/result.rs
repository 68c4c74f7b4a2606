//! A job's answer in a line: what it counted, without what is different every time.

use serde_json::Value;

/// `decay: decayed 1, processed 1.`
pub fn told(job: &str, answer: &Value) -> String {
    if let Some(reason) = answer["reason"].as_str() {
        return format!("{job}: skipped, {reason}.");
    }
    let counted = answer.as_object().into_iter().flatten().filter_map(|(name, value)| {
        let count = value.as_u64().filter(|count| *count > 0 && !name.ends_with("_ms"))?;
        Some(format!("{} {count}", name.replace('_', " ")))
    });
    let errors = answer["errors"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let told: Vec<String> = counted.chain(errors.map(str::to_owned)).collect();
    if told.is_empty() { format!("{job}: nothing to do.") } else { format!("{job}: {}.", told.join(", ")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_tells_what_was_counted_and_nothing_that_varies() {
        for (answer, text) in [
            (
                json!({"status": "ok", "processed": 1, "decayed": 1, "failed": 0, "execution_id": "e", "model_ms": 3}),
                "decay: decayed 1, processed 1.",
            ),
            (json!({"status": "ok", "processed": 0}), "decay: nothing to do."),
            (json!({"status": "skipped", "reason": "already_running"}), "decay: skipped, already_running."),
            (
                json!({"status": "ok", "game_overs": 2, "errors": ["User 7: database_error"]}),
                "decay: game overs 2, User 7: database_error.",
            ),
        ] {
            assert_eq!(told("decay", &answer), text);
        }
    }
}
