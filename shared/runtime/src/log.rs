//! The log: one JSON object per line on stdout.
//!
//! Every line says which function of which build in which deployment wrote it, and what the spans around it know: the request, the
//! trace. A field `job.name` is written as `job_name`. Every text passes the redaction.

use std::fmt;
use std::io::{self, Write};
use std::panic;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::redaction::redact;
use crate::settings::Basics;

/// The name of the whole bundle.
const SERVICE: &str = "nikita";

/// A message is cut after so many characters.
const LONGEST_MESSAGE: usize = 500;

/// A field is cut after so many. All that is wrong with the settings has room in one.
const LONGEST_FIELD: usize = 4_000;

/// Writes to stdout from now on. A log that is set up already stays as it is.
pub fn to_stdout(function: &str, basics: &Basics) {
    let layer = JsonLines::new(function, basics, io::stdout);
    let quiet = LevelFilter::from_level(basics.log_level);
    if tracing_subscriber::registry().with(layer.with_filter(quiet)).try_init().is_ok() {
        panic::set_hook(Box::new(tell_panic));
    }
}

/// Says where a panic was. Its message may hold anything and is left out.
fn tell_panic(info: &panic::PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string);
    tracing::error!(error_code = "panic", location, "panic");
}

/// A layer that writes each event as one line of JSON.
pub struct JsonLines<W> {
    identity: Map<String, Value>,
    out: W,
}

impl<W> fmt::Debug for JsonLines<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonLines")
    }
}

impl<W> JsonLines<W> {
    /// Writes to what `out` opens.
    pub fn new(function: &str, basics: &Basics, out: W) -> Self {
        let mut identity = Map::new();
        identity.insert("service".to_owned(), json!(SERVICE));
        identity.insert("function".to_owned(), json!(function));
        identity.insert("version".to_owned(), json!(env!("CARGO_PKG_VERSION")));
        identity.insert("env".to_owned(), json!(basics.stage.as_str()));
        if let Some(region) = &basics.region {
            identity.insert("region".to_owned(), json!(region));
        }
        Self { identity, out }
    }
}

/// The fields of a span.
struct Known(Map<String, Value>);

impl<S, W, O> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn() -> O + 'static,
    O: Write,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Known(fields.0));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(Known(known)) = span.extensions_mut().get_mut() {
            let mut fields = Fields::default();
            values.record(&mut fields);
            known.extend(fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Map::new();
        line.insert("ts".to_owned(), json!(now()));
        line.insert("level".to_owned(), json!(event.metadata().level().as_str()));
        line.insert("target".to_owned(), json!(event.metadata().target()));
        line.extend(self.identity.clone());
        for span in
            context.event_scope(event).into_iter().flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            if let Some(Known(known)) = span.extensions().get() {
                line.extend(known.clone());
            }
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        line.extend(fields.0);

        let mut text = Value::Object(line).to_string();
        text.push('\n');
        // There is nowhere to tell that the log cannot be written.
        let _ = (self.out)().write_all(text.as_bytes());
    }
}

#[expect(clippy::disallowed_methods, reason = "a line in the log carries the time at which it was written")]
fn now() -> String {
    format!("{:.3}", Timestamp::now())
}

/// Collects fields under the names and in the form in which they are written.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        let name = match field.name() {
            "message" => "msg".to_owned(),
            name => name.replace('.', "_"),
        };
        self.0.insert(name, value);
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let longest = if field.name() == "message" { LONGEST_MESSAGE } else { LONGEST_FIELD };
        let text: String = redact(value).chars().take(longest).collect();
        self.put(field, json!(text));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, json!(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_str(field, &value.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Reader, Variables};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("one writer").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(tell: impl FnOnce()) -> Vec<Value> {
        let variables = Variables::of([("ENVIRONMENT", "staging"), ("AWS_REGION", "eu-central-1")]);
        let basics = Basics::read(&mut Reader::new(&variables), 1);
        let paper = Paper::default();
        let out = paper.clone();
        let log = tracing_subscriber::registry().with(JsonLines::new("decay", &basics, move || out.clone()));
        tracing::subscriber::with_default(log, tell);
        let bytes = paper.0.lock().expect("one reader").clone();
        let text = String::from_utf8(bytes).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    #[test]
    fn a_line_says_who_wrote_it_and_within_what() {
        let lines = written(|| {
            let _span = tracing::info_span!("request", request_id = "r-1", trace_id = tracing::field::Empty)
                .entered();
            tracing::info!(job.name = "decay", decayed = 3, "Finished a run");
        });
        let [line] = &lines[..] else { panic!("one line: {lines:?}") };
        for (field, expected) in [
            ("level", json!("INFO")),
            ("service", json!("nikita")),
            ("function", json!("decay")),
            ("env", json!("staging")),
            ("region", json!("eu-central-1")),
            ("request_id", json!("r-1")),
            ("job_name", json!("decay")),
            ("decayed", json!(3)),
            ("msg", json!("Finished a run")),
        ] {
            assert_eq!(line[field], expected, "{field}");
        }
        let ts: Timestamp = line["ts"].as_str().and_then(|ts| ts.parse().ok()).expect("a time");
        assert_eq!(ts.as_microsecond() % 1_000, 0);
        assert!(line.get("trace_id").is_none());
    }

    /// case: api 55
    #[test]
    fn every_text_is_redacted() {
        let lines = written(|| {
            let _span = tracing::info_span!("request", who = "user@example.com").entered();
            tracing::info!(number = ?"+1-555-123-4567", "call {}", "+1-555-123-4567");
        });
        let line = lines[0].to_string();
        assert!(!line.contains("555") && !line.contains("example.com"), "{line}");
        assert_eq!(lines[0]["msg"], "call [PHONE_REDACTED]");
    }
}
