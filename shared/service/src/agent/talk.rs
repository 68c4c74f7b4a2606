//! The exchange with the model for one reply: requests, drafts, and what they cost.

use std::time::{Duration, Instant};

use domain::agent::limits::{MAX_OUTPUT_TOKENS, MAX_REQUESTS};
use domain::agent::validation::{self, Fault};
use domain::telegram::sanitise;
use providers::anthropic::{
    Completion, Message, Request, Retries, StopReason, SystemBlock, ToolChoice, Usage,
};

use super::Turn;
use super::recall::{self, Recall};
use crate::llm::{Purpose, Work};

/// Why she says nothing.
#[derive(Debug)]
pub(super) enum Unsaid {
    /// The model did not answer.
    Provider(providers::Error),
    /// What it answered may not be sent.
    Fault(Fault),
    /// It was asked as often as it may be.
    Exhausted,
}

impl Unsaid {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Provider(error) => error.code(),
            Self::Fault(fault) => fault.as_str(),
            Self::Exhausted => "requests_exhausted",
        }
    }
}

/// One reply in the making.
pub(super) struct Talk<'a> {
    work: &'a Work,
    recall: Recall<'a>,
    request: Request,
    began: Instant,
    requests: u32,
    usage: Usage,
}

/// The request for a draft.
pub(super) fn request(model: &str, system: Vec<SystemBlock>, messages: Vec<Message>) -> Request {
    let mut request = Request::new(model, MAX_OUTPUT_TOKENS);
    request.system = system;
    request.messages = messages;
    request.tools = vec![recall::tool()];
    request.retries = Some(Retries::QUICK);
    request
}

impl<'a> Talk<'a> {
    pub(super) fn new(work: &'a Work, recall: Recall<'a>, mut request: Request, call_time: Duration) -> Self {
        request.timeout = Some(call_time);
        Self { work, recall, request, began: Instant::now(), requests: 0, usage: Usage::default() }
    }

    /// A text that may be sent as the answer to `asked`. A draft that may not is made anew, with a reminder, so often.
    pub(super) async fn reply(
        &mut self,
        asked: &str,
        regenerations: usize,
        deadline: Instant,
    ) -> Result<String, Unsaid> {
        let mut left = regenerations;
        loop {
            let draft = self.draft(deadline).await?;
            match validation::check(&draft, asked, |text| sanitise(text).unwrap_or_default()) {
                Ok(text) => return Ok(text),
                Err(fault) if left == 0 => return Err(Unsaid::Fault(fault)),
                Err(fault) => self.remind(fault),
            }
            left -= 1;
        }
    }

    /// What the model says once it has looked up what it wanted.
    async fn draft(&mut self, deadline: Instant) -> Result<String, Unsaid> {
        loop {
            let completion = self.ask(deadline).await?;
            if completion.tool_uses.is_empty() {
                return Ok(words(completion));
            }
            self.look_up(&completion).await;
        }
    }

    async fn look_up(&mut self, completion: &Completion) {
        let mut results = Vec::with_capacity(completion.tool_uses.len());
        for used in &completion.tool_uses {
            results.push(self.recall.answer(used).await);
        }
        self.request.messages.extend([completion.as_message(), Message::tool_results(results)]);
    }

    async fn ask(&mut self, deadline: Instant) -> Result<Completion, Unsaid> {
        if self.requests == MAX_REQUESTS {
            return Err(Unsaid::Exhausted);
        }
        self.requests += 1;
        // The last request has to bring the answer.
        let may_look_up = self.recall.is_open() && self.requests < MAX_REQUESTS;
        self.request.tool_choice = if may_look_up { ToolChoice::Auto } else { ToolChoice::None };
        let asked = self.work.ask_until(deadline, Purpose::Chat, &self.request).await;
        let completion = asked.map_err(Unsaid::Provider)?;
        self.usage += completion.usage;
        Ok(completion)
    }

    /// Tells the model what was wrong. It stands behind everything that is cached.
    fn remind(&mut self, fault: Fault) {
        tracing::info!(fault = fault.as_str(), "A draft may not be sent and is made anew");
        self.request.system.push(SystemBlock { text: fault.reminder().to_owned(), cached: false });
    }

    /// What the reply cost, as a line in the log.
    pub(super) fn report(&self, turn: &Turn) {
        tracing::info!(
            user_id = %turn.user,
            conversation_id = %turn.conversation,
            llm.model = self.request.model,
            cache_read = self.usage.cache_read_tokens,
            cache_write = self.usage.cache_write_tokens,
            input = self.usage.total_input(),
            output = self.usage.output_tokens,
            cache_ratio = self.usage.cache_ratio(),
            requests = self.requests,
            latency_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "The model was asked for a reply"
        );
    }
}

/// The words of an answer. One that the service broke off for its content has none, one that grew too long loses its
/// broken end.
fn words(completion: Completion) -> String {
    match completion.stop_reason {
        StopReason::Refusal => String::new(),
        StopReason::MaxTokens => validation::whole_sentences(&completion.text).to_owned(),
        StopReason::EndTurn | StopReason::ToolUse | StopReason::Other => completion.text,
    }
}
