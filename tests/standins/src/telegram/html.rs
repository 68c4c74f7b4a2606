//! The few tags that Telegram reads in a text, and its complaints about others.

const TAGS: [&str; 16] = [
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "a",
    "code",
    "pre",
    "span",
    "blockquote",
    "tg-spoiler",
    "tg-emoji",
];

/// The words of a text with markup, or what is wrong with the markup.
pub(super) fn read(html: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut open = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let offset = html.len() - rest.len() + at;
        let Some(length) = rest[at..].find('>') else {
            return Err(format!("Unclosed start tag at byte offset {offset}"));
        };
        tag(&rest[at + 1..at + length], offset, &mut open)?;
        rest = &rest[at + length + 1..];
    }
    text.push_str(rest);
    match open.pop() {
        Some(tag) => Err(format!("Can't find end tag corresponding to start tag \"{tag}\"")),
        None => Ok(unescape(&text)),
    }
}

fn tag<'a>(inside: &'a str, offset: usize, open: &mut Vec<&'a str>) -> Result<(), String> {
    if let Some(name) = inside.strip_prefix('/') {
        return match open.pop() {
            Some(last) if last == name.trim() => Ok(()),
            _ => Err(format!("Unexpected end tag at byte offset {offset}")),
        };
    }
    let name = inside.split_whitespace().next().unwrap_or_default();
    if !TAGS.contains(&name) {
        return Err(format!("Unsupported start tag \"{name}\" at byte offset {offset}"));
    }
    open.push(name);
    Ok(())
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_or_complained_about() {
        for (html, expected) in [
            ("<b>you &amp; me</b>", Ok("you & me")),
            ("<a href=\"https://x.example\">here</a>", Ok("here")),
            ("a < b", Err("Unclosed start tag at byte offset 2")),
            ("<b>bold", Err("Can't find end tag corresponding to start tag \"b\"")),
            ("<b><i>x</b></i>", Err("Unexpected end tag at byte offset 7")),
            ("ü <blink>", Err("Unsupported start tag \"blink\" at byte offset 3")),
        ] {
            assert_eq!(read(html), expected.map(ToOwned::to_owned).map_err(ToOwned::to_owned), "{html}");
        }
    }
}
