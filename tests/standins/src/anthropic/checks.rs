//! What the Messages API checks before a model sees anything.

use std::collections::HashSet;

use serde_json::Value;

/// The most parts of a request that may be marked for the cache.
const MAX_MARKS: usize = 4;

/// What is wrong with a request, in words like the service's own.
pub(super) fn request(body: &Value) -> Result<(), String> {
    if body["model"].as_str().is_none_or(str::is_empty) {
        return Err("model: Field required".to_owned());
    }
    if body["max_tokens"].as_u64().is_none_or(|tokens| tokens == 0) {
        return Err("max_tokens: must be greater than or equal to 1".to_owned());
    }
    let temperature = &body["temperature"];
    if !temperature.is_null() && !temperature.as_f64().is_some_and(|value| (0.0..=1.0).contains(&value)) {
        return Err("temperature: range: 0..1".to_owned());
    }
    tools(body)?;
    system(&body["system"])?;
    messages(&body["messages"])?;
    if marks(body) > MAX_MARKS {
        return Err("A maximum of 4 blocks with cache_control may be provided.".to_owned());
    }
    Ok(())
}

fn tools(body: &Value) -> Result<(), String> {
    let mut names = HashSet::new();
    for tool in body["tools"].as_array().into_iter().flatten() {
        let name = tool["name"].as_str().unwrap_or_default();
        let is_plain = |name: &str| {
            (1..=128).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        };
        if !is_plain(name) {
            return Err("tools: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'".to_owned());
        }
        if tool["input_schema"]["type"] != "object" {
            return Err("tools: input_schema.type: Input should be 'object'".to_owned());
        }
        if !names.insert(name) {
            return Err("tools: Tool names must be unique.".to_owned());
        }
    }
    match body["tool_choice"]["type"].as_str() {
        Some("tool") if !names.contains(body["tool_choice"]["name"].as_str().unwrap_or_default()) => {
            Err("tool_choice: Tool not found in provided tools".to_owned())
        }
        Some("any") if names.is_empty() => Err("tool_choice: requires tools".to_owned()),
        Some("auto" | "any" | "none" | "tool") | None => Ok(()),
        Some(_) => Err("tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'".to_owned()),
    }
}

fn system(system: &Value) -> Result<(), String> {
    let blank = |block: &Value| block["text"].as_str().is_none_or(|text| text.trim().is_empty());
    if system.as_array().is_some_and(|blocks| blocks.iter().any(blank)) {
        return Err("system: text content blocks must be non-empty".to_owned());
    }
    Ok(())
}

fn messages(messages: &Value) -> Result<(), String> {
    let messages = messages.as_array().filter(|messages| !messages.is_empty());
    let Some(messages) = messages else {
        return Err("messages: at least one message is required".to_owned());
    };
    if messages[0]["role"] != "user" {
        return Err("messages: first message must use the \"user\" role".to_owned());
    }
    let mut open = HashSet::new();
    for (number, message) in messages.iter().enumerate() {
        if message["role"] != "user" && message["role"] != "assistant" {
            return Err(format!("messages.{number}.role: Input should be 'user' or 'assistant'"));
        }
        open = content(number, message, &open)?;
    }
    if open.is_empty() {
        Ok(())
    } else {
        Err("messages: tool_use ids were found without tool_result blocks".to_owned())
    }
}

/// Checks one message against the uses of tools that wait for their results, and returns those that it opens.
fn content<'a>(number: usize, message: &'a Value, open: &HashSet<&str>) -> Result<HashSet<&'a str>, String> {
    let mut opened = HashSet::new();
    let mut answered = HashSet::new();
    let blocks = match &message["content"] {
        Value::String(text) if text.trim().is_empty() => {
            return Err(format!("messages.{number}: all messages must have non-empty content"));
        }
        Value::Array(blocks) if blocks.is_empty() => {
            return Err(format!("messages.{number}: all messages must have non-empty content"));
        }
        Value::Array(blocks) => blocks.as_slice(),
        _ => &[],
    };
    for block in blocks {
        match block["type"].as_str() {
            Some("text") if block["text"].as_str().is_none_or(|text| text.trim().is_empty()) => {
                return Err("messages: text content blocks must be non-empty".to_owned());
            }
            Some("text") => {}
            Some("tool_use") => {
                opened.insert(block["id"].as_str().unwrap_or_default());
            }
            Some("tool_result") => {
                answered.insert(block["tool_use_id"].as_str().unwrap_or_default());
            }
            _ => return Err(format!("messages.{number}.content: unknown type")),
        }
    }
    if *open != answered {
        return Err(format!("messages.{number}: tool_use and tool_result blocks do not match"));
    }
    Ok(opened)
}

fn marks(value: &Value) -> usize {
    match value {
        Value::Object(map) => {
            usize::from(map.contains_key("cache_control")) + map.values().map(marks).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(marks).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_is_refused_for_what_the_service_refuses() {
        let good = json!({"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]});
        assert_eq!(request(&good), Ok(()));
        let marked = json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}});
        for (field, value) in [
            ("model", json!("")),
            ("max_tokens", json!(0)),
            ("temperature", json!(1.5)),
            ("system", json!([{"type": "text", "text": " "}])),
            ("system", json!([marked, marked, marked, marked, marked])),
            ("tools", json!([{"name": "a tool", "input_schema": {"type": "object"}}])),
            ("tool_choice", json!({"type": "tool", "name": "absent"})),
            ("messages", json!([])),
            ("messages", json!([{"role": "assistant", "content": "hi"}])),
            ("messages", json!([{"role": "user", "content": [{"type": "text", "text": ""}]}])),
            ("messages", json!([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}])),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert!(request(&bad).is_err(), "{bad}");
        }
    }
}
