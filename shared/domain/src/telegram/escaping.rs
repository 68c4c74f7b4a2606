//! Escaping for system texts with markup (parse mode HTML): the template is trusted, every inserted value is not.

/// `value` with the five characters that mean something in HTML replaced.
///
/// Source: Telegram Bot API, "HTML style".
pub fn escape_html(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for char in value.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            _ => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: telegram 40
    #[test]
    fn markup_is_escaped_once() {
        assert_eq!(escape_html(r#"a<b>&"c"'d'"#), "a&lt;b&gt;&amp;&quot;c&quot;&#x27;d&#x27;");
    }
}
