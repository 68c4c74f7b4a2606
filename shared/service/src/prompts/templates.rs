//! The texts of the prompts, as minijinja files beside this one.
//!
//! Values reach a template sanitised and ready to print; a template decides only about words. A value that a template
//! names and nobody gives is an error, so that a misspelt name fails a test and not a talk.

use std::sync::LazyLock;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;

/// A text that could not be rendered.
#[derive(Debug, thiserror::Error)]
#[error("the prompt text {template} could not be rendered")]
pub struct RenderError {
    template: &'static str,
    #[source]
    source: minijinja::Error,
}

macro_rules! texts {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!($name, ".j2")))),+]
    };
}

/// All of them, by name.
const TEXTS: [(&str, &str); 15] = texts![
    "persona",
    "identity",
    "immersion",
    "platform_style",
    "current_state",
    "relationship",
    "memory",
    "continuity",
    "inner_life",
    "psychological_depth",
    "chapter_behaviour",
    "vices",
    "footer",
    "volatile",
    "fallback",
];

static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|_| AutoEscape::None);
    for (name, text) in TEXTS {
        templates.add_template(name, text)?;
    }
    Ok(templates)
});

/// Values that several texts print.
#[derive(Debug)]
pub struct Text(Value);

impl Text {
    /// These values.
    pub fn of(values: impl Serialize) -> Self {
        Self(Value::from(Serde(values)))
    }

    /// Renders the text `template` with them, trimmed.
    pub fn render(&self, template: &'static str) -> Result<String, RenderError> {
        let failed = |source| RenderError { template, source };
        let templates = TEMPLATES.as_ref().map_err(|error| failed(copy(error)))?;
        let text = templates.get_template(template).and_then(|text| text.render(self.0.clone()));
        Ok(text.map_err(failed)?.trim().to_owned())
    }
}

/// Renders the text `template` with these values, trimmed.
pub fn render(template: &'static str, values: impl Serialize) -> Result<String, RenderError> {
    Text::of(values).render(template)
}

fn copy(error: &minijinja::Error) -> minijinja::Error {
    minijinja::Error::new(error.kind(), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_compiles() {
        assert!(TEMPLATES.is_ok(), "{:?}", TEMPLATES.as_ref().err());
    }

    #[test]
    fn a_value_that_is_missing_is_an_error() {
        let error = render("fallback", minijinja::context! { chapter => 1 }).expect_err("no feel");
        assert_eq!(error.to_string(), "the prompt text fallback could not be rendered");
    }
}
