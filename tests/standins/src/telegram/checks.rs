//! What Telegram checks before it does anything.

use serde_json::Value;

use super::{Refusal, bad_request, html};

/// The longest text, in UTF-16 units, after its markup is read.
const MAX_UNITS: usize = 4_096;

/// The text of a message as a reader sees it.
pub(super) fn text(body: &Value) -> Result<String, Refusal> {
    let raw = body["text"].as_str().unwrap_or_default();
    let text = match body["parse_mode"].as_str() {
        None => raw.to_owned(),
        Some("HTML") => {
            html::read(raw).map_err(|problem| bad_request(&format!("can't parse entities: {problem}")))?
        }
        Some(_) => return Err(bad_request("unsupported parse_mode")),
    };
    if text.trim().is_empty() {
        return Err(bad_request("message text is empty"));
    }
    if text.encode_utf16().count() > MAX_UNITS {
        return Err(bad_request("message is too long"));
    }
    Ok(text)
}

/// Each button under a message has a text, and sends 1 to 64 bytes or opens an address.
pub(super) fn markup(markup: &Value) -> Result<(), Refusal> {
    let rows = markup["inline_keyboard"].as_array().map(Vec::as_slice).unwrap_or_default();
    for button in rows.iter().flat_map(|row| row.as_array().map(Vec::as_slice).unwrap_or_default()) {
        if button["text"].as_str().is_none_or(str::is_empty) {
            return Err(bad_request("can't parse inline keyboard button: text buttons are unallowed"));
        }
        match (button["callback_data"].as_str(), button["url"].as_str()) {
            (Some(data), _) if !(1..=64).contains(&data.len()) => {
                return Err(bad_request("BUTTON_DATA_INVALID"));
            }
            (None, None) => return Err(bad_request("BUTTON_TYPE_INVALID")),
            (None, Some(url)) if !url.contains("://") => return Err(bad_request("BUTTON_URL_INVALID")),
            _ => {}
        }
    }
    Ok(())
}

/// An https address, a secret of 1 to 256 plain characters, 1 to 100 connections.
pub(super) fn webhook(body: &Value) -> Result<(), Refusal> {
    if !body["url"].as_str().is_some_and(|url| url.starts_with("https://")) {
        return Err(bad_request("bad webhook: An HTTPS URL must be provided for webhook"));
    }
    let plain = |secret: &str| {
        (1..=256).contains(&secret.len())
            && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    if body["secret_token"].as_str().is_some_and(|secret| !plain(secret)) {
        return Err(bad_request("secret token contains unallowed characters"));
    }
    if body["max_connections"].as_u64().is_some_and(|count| !(1..=100).contains(&count)) {
        return Err(bad_request("invalid max_connections specified"));
    }
    Ok(())
}

/// Each command has 1 to 32 small letters, digits or underscores, and a description.
pub(super) fn commands(commands: &Value) -> Result<(), Refusal> {
    let plain = |name: &str| {
        (1..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    for command in commands.as_array().map(Vec::as_slice).unwrap_or_default() {
        if !command["command"].as_str().is_some_and(plain) {
            return Err(bad_request("BOT_COMMAND_INVALID"));
        }
        if command["description"].as_str().is_none_or(str::is_empty) {
            return Err(bad_request("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    Ok(())
}
