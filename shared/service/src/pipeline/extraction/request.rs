//! What the model is asked when it reads a conversation, and how its answer is taken.
//!
//! The instructions and the tool are the same for every conversation, so that the service keeps them in its cache. All
//! that somebody wrote stands in the marked blocks of the user's turn, on lines that cannot close a mark.

use std::time::Duration;

use domain::extraction::{
    Bounds, ConversationTone, EmotionalTone, Extraction, MAX_FACT_CHARS, MAX_FACTS, MAX_OPEN_SHOWN,
    MAX_SUMMARY_CHARS, MAX_THREAD_CHARS, MAX_THREADS, MAX_TONES, MAX_TOPICS, ThoughtType, ThreadType, Topic,
    numbered, transcript,
};
use minijinja::{Environment, UndefinedBehavior, context};
use providers::anthropic::{
    Completion, Content, Message, Request, Retries, StopReason, SystemBlock, Tool, ToolChoice,
};
use serde_json::{Value, json};
use store::threads::OpenThread;

use crate::memory::Hit;
use crate::pipeline::Context;
use crate::pipeline::stage::StageError;

/// The tool by which the model answers.
pub(super) const TOOL: &str = "record_extraction";
/// The most tokens of an answer.
pub(super) const MAX_TOKENS: u32 = 2_000;
/// The tokens that are sent beside what was said, at most: the instructions, the tool, what is known and open.
pub(super) const TOKENS_BESIDE: usize = 6_000;
/// How long a single try may take.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The kinds of facts that the model is told of.
const FACT_TYPES: [&str; 5] = ["fact", "preference", "personal", "shared_moment", "nikita_event"];

/// The request to read the conversation of `context`.
pub(super) fn request(
    model: &str,
    context: &Context,
    known: &[Hit],
    open: &[OpenThread],
) -> Result<Request, StageError> {
    let mut request = Request::new(model, MAX_TOKENS);
    request.temperature = Some(0.0);
    request.timeout = Some(TIMEOUT);
    request.retries = Some(Retries::PATIENT);
    request.system = vec![SystemBlock { text: instructions()?, cached: true }];
    request.messages = vec![Message::user(given(context, known, open))];
    request.tools = vec![tool()];
    request.tool_choice = ToolChoice::Tool(TOOL.to_owned());
    Ok(request)
}

/// What the model answered, or what is wrong with it, in words that the model can act on.
pub(super) fn read(answer: &Completion, bounds: Bounds) -> Result<Extraction, String> {
    if answer.stop_reason == StopReason::MaxTokens {
        return Err("the answer was cut off: record fewer and shorter items".to_owned());
    }
    let input = answer.tool_input(TOOL).ok_or_else(|| format!("answer with the tool `{TOOL}`"))?;
    Extraction::parse(input, bounds).map_err(|error| error.to_string())
}

/// The request to repair an answer that could not be read.
pub(super) fn repair(mut request: Request, answer: &Completion, fault: &str) -> Request {
    let said = answer.as_message();
    if said.content.is_empty() {
        // Nothing was said that could be repaired: it is asked again as it was.
        return request;
    }
    let results: Vec<Content> = answer
        .tool_uses
        .iter()
        .map(|used| Content::ToolResult {
            tool_use_id: used.id.clone(),
            text: format!("This could not be recorded: {fault}."),
            is_error: true,
        })
        .collect();
    let reply = if results.is_empty() {
        Message::user(format!("This could not be recorded: {fault}."))
    } else {
        Message::tool_results(results)
    };
    request.messages.extend([said, reply]);
    request
}

fn instructions() -> Result<String, StageError> {
    let values = context! {
        limits => context! {
            facts => MAX_FACTS,
            fact_chars => MAX_FACT_CHARS,
            threads => MAX_THREADS,
            thoughts => MAX_THREADS,
            summary_chars => MAX_SUMMARY_CHARS,
            tones => MAX_TONES,
        },
        thread_types => words(ThreadType::ALL, ThreadType::as_str),
        thought_types => words(ThoughtType::ALL, ThoughtType::as_str),
        topics => words(Topic::ALL, Topic::as_str),
        tones => words(ConversationTone::ALL, ConversationTone::as_str),
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
        .render_str(include_str!("instructions.j2"), values)
        .map_err(|error| StageError::Unexpected { kind: "template".to_owned(), message: error.to_string() })
}

/// What is given to be read, as data in marked blocks.
fn given(context: &Context, known: &[Hit], open: &[OpenThread]) -> String {
    let day = context.started_at.to_zoned(context.zone()).date();
    let known = numbered(known.iter().map(|hit| hit.fact.as_str()));
    let open = numbered(open.iter().map(|thread| thread.content.as_str()));
    let transcript = transcript(&context.messages);
    format!(
        "<date>\n{day}\n</date>\n\n<known_facts>\n{known}\n</known_facts>\n\n<open_threads>\n{open}\n</open_threads>\n\n<transcript>\n{transcript}\n</transcript>"
    )
}

fn tool() -> Tool {
    let number = json!({ "type": "integer" });
    let date = json!({ "type": "string", "description": "YYYY-MM-DD" });
    let fact = json!({
        "type": "object",
        "required": ["content", "type", "confidence", "explicit"],
        "properties": {
            "content": { "type": "string", "maxLength": MAX_FACT_CHARS },
            "type": { "type": "string", "enum": FACT_TYPES },
            "confidence": { "type": "number", "minimum": 0, "maximum": 1 },
            "explicit": { "type": "boolean" },
            "message": number,
            "valid_from": date,
            "valid_until": date,
            "replaces": number,
        },
    });
    let typed = |name: &str, kinds: Vec<&'static str>| {
        list(
            MAX_THREADS,
            &json!({
                "type": "object",
                "required": ["content", name],
                "properties": {
                    "content": { "type": "string", "maxLength": MAX_THREAD_CHARS },
                    (name): { "type": "string", "enum": kinds },
                },
            }),
        )
    };
    let one_of = |kinds: Vec<&'static str>| json!({ "type": "string", "enum": kinds });
    Tool {
        name: TOOL.to_owned(),
        description: "Records what is to be remembered of the conversation.".to_owned(),
        input_schema: json!({
            "type": "object",
            "required": [
                "facts", "threads", "thoughts", "resolved_threads", "summary", "emotional_tone", "topics",
                "conversation_tones",
            ],
            "properties": {
                "facts": list(MAX_FACTS, &fact),
                "threads": typed("thread_type", words(ThreadType::ALL, ThreadType::as_str)),
                "thoughts": typed("thought_type", words(ThoughtType::ALL, ThoughtType::as_str)),
                "resolved_threads": list(MAX_OPEN_SHOWN, &number),
                "summary": { "type": "string", "maxLength": MAX_SUMMARY_CHARS },
                "emotional_tone": one_of(words(EmotionalTone::ALL, EmotionalTone::as_str)),
                "topics": list(MAX_TOPICS, &one_of(words(Topic::ALL, Topic::as_str))),
                "conversation_tones": list(MAX_TONES, &one_of(words(ConversationTone::ALL, ConversationTone::as_str))),
            },
        }),
    }
}

fn list(max: usize, item: &Value) -> Value {
    json!({ "type": "array", "maxItems": max, "items": item })
}

fn words<T: Copy>(all: &[T], as_str: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().copied().map(as_str).collect()
}

#[cfg(test)]
mod tests {
    use providers::anthropic::{ToolUse, Usage};

    use super::*;

    fn answer(text: &str, tool_uses: Vec<ToolUse>, stop_reason: StopReason) -> Completion {
        Completion {
            text: text.to_owned(),
            tool_uses,
            usage: Usage::default(),
            stop_reason,
            model: "m".to_owned(),
        }
    }

    fn used(input: Value) -> ToolUse {
        ToolUse { id: "t1".to_owned(), name: TOOL.to_owned(), input }
    }

    #[test]
    fn the_instructions_name_every_word_and_limit() {
        let text = instructions().expect("the instructions");
        for word in
            ["at most 20", "300 characters", "cliffhanger", "anticipation", "deep_conversation", "apologetic"]
        {
            assert!(text.contains(word), "{word}");
        }
        let schema = tool().input_schema;
        assert_eq!(
            schema["properties"]["threads"]["items"]["properties"]["thread_type"]["enum"][2],
            "promise"
        );
    }

    #[test]
    fn an_answer_that_cannot_be_read_says_why() {
        let good = used(json!({ "facts": ["User reads"], "summary": "They talked." }));
        let read_of = |answer: &Completion| read(answer, Bounds::default()).map(|read| read.facts.len());
        assert_eq!(read_of(&answer("", vec![good.clone()], StopReason::ToolUse)), Ok(1));
        for (answer, fault) in [
            (
                answer("", vec![good], StopReason::MaxTokens),
                "the answer was cut off: record fewer and shorter items",
            ),
            (answer("no", vec![], StopReason::EndTurn), "answer with the tool `record_extraction`"),
            (answer("", vec![used(json!({}))], StopReason::ToolUse), "`facts` must be a list"),
        ] {
            assert_eq!(read_of(&answer), Err(fault.to_owned()));
        }
    }

    #[test]
    fn a_repair_shows_the_answer_and_its_fault() {
        let mut asked = Request::new("m", MAX_TOKENS);
        asked.messages = vec![Message::user("read this")];
        let turns = |answer: &Completion| {
            let repaired = repair(asked.clone(), answer, "`facts` must be a list");
            serde_json::to_value(&repaired.messages).expect("messages")
        };
        let turns_of_tool = turns(&answer("", vec![used(json!({}))], StopReason::ToolUse));
        assert_eq!(turns_of_tool[1]["content"][0]["type"], "tool_use");
        assert_eq!(
            turns_of_tool[2]["content"][0],
            json!({"type": "tool_result", "tool_use_id": "t1", "content": "This could not be recorded: `facts` must be a list.", "is_error": true})
        );
        let turns_of_text = turns(&answer("hm", vec![], StopReason::EndTurn));
        assert_eq!(
            turns_of_text[2]["content"][0]["text"],
            "This could not be recorded: `facts` must be a list."
        );
        assert_eq!(turns(&answer("", vec![], StopReason::EndTurn)).as_array().map(Vec::len), Some(1));
    }
}
