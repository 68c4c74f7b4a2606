//! Calls to models, each with its row in `llm_usage`, within the day's budget.
//!
//! Whoever asks a model or wants embeddings does it here: the call is paid for, timed, priced, recorded and told in the log, also when it
//! fails. A piece of work ([`Work`]) reserves what its calls may cost before the first of them ([`Models::begin`]), and a
//! call that the rest does not cover reserves what is missing; a counter that cannot be reached refuses the call. When the
//! work is done, its rows are written and its counters set right by one statement. No row is locked while a model is
//! asked. A process that dies in between leaves its estimate counted.
//!
//! The rows are written best effort, on a connection of their own, outside the transaction of what the calls bring about; a
//! call is never failed for want of its row.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use domain::budget::{self, Budgets, Class, Day, Leave, Level};
use domain::ids::{ConversationId, UserId};
use domain::pricing::{self, Tokens};
use domain::tokens;
use providers::anthropic::{Anthropic, Completion, Request};
use providers::openai::{EmbedFor, Embeddings};
use store::llm_usage::{CallStatus, ModelCall, Unsettled};
use store::{Client, Pool, llm_budget, llm_usage};
use tokio::time::timeout_at;

use crate::{Clock, cost_alarm, outages};

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Her answer to a message.
    Chat,
    /// What an exchange does to the relationship.
    Scoring,
    /// Whether an encounter was passed.
    BossJudgment,
    /// Her psyche, briefly, on a message.
    PsycheTier2,
    /// Her psyche, deeply, on a message.
    PsycheTier3,
    /// Her psyche, every day.
    PsycheBatch,
    /// What a conversation leaves behind.
    Extraction,
    /// A conversation in two sentences.
    Summary,
    /// A day in her words.
    DailySummary,
    /// The meaning of a text as numbers.
    Embedding,
    /// A prompt made more vivid.
    PromptEnrichment,
    /// Tastes that a conversation shows.
    ViceDetection,
    /// A day of her own.
    LifeGen,
    /// What she writes first.
    Touchpoint,
    /// How needy or distracted a player sounds.
    EngagementLanguage,
}

impl Purpose {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Scoring => "scoring",
            Self::BossJudgment => "boss_judgment",
            Self::PsycheTier2 => "psyche_tier2",
            Self::PsycheTier3 => "psyche_tier3",
            Self::PsycheBatch => "psyche_batch",
            Self::Extraction => "extraction",
            Self::Summary => "summary",
            Self::DailySummary => "daily_summary",
            Self::Embedding => "embedding",
            Self::PromptEnrichment => "prompt_enrichment",
            Self::ViceDetection => "vice_detection",
            Self::LifeGen => "life_gen",
            Self::Touchpoint => "touchpoint",
            Self::EngagementLanguage => "engagement_language",
        }
    }

    /// How such a call is treated when money is short.
    const fn class(self) -> Class {
        match self {
            Self::Chat => Class::Chat,
            Self::Scoring | Self::BossJudgment | Self::Embedding => Class::Answer,
            Self::Extraction
            | Self::Summary
            | Self::DailySummary
            | Self::ViceDetection
            | Self::LifeGen
            | Self::PsycheBatch => Class::Memory,
            Self::PsycheTier2
            | Self::PsycheTier3
            | Self::PromptEnrichment
            | Self::Touchpoint
            | Self::EngagementLanguage => Class::Extra,
        }
    }
}

/// For whom and for what a call is made.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// The player.
    pub user: Option<UserId>,
    /// The conversation.
    pub conversation: Option<ConversationId>,
    /// `text` or `voice`, where it matters.
    pub platform: Option<&'static str>,
}

impl Asker {
    /// A call for a player, outside any conversation.
    pub const fn player(user: UserId) -> Self {
        Self { user: Some(user), conversation: None, platform: None }
    }
}

/// The models that the use cases ask. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Models {
    /// Where the rows go.
    pub pool: Pool,
    /// The present.
    pub clock: Clock,
    /// The model that talks and extracts.
    pub anthropic: Anthropic,
    /// The model that embeds.
    pub embeddings: Embeddings,
    /// What they may cost.
    pub spending: Spending,
}

/// What models may cost.
#[derive(Debug, Clone)]
pub struct Spending {
    /// In a day.
    pub budgets: Budgets,
    /// The cheap model, for when a day's budget is nearly used up.
    pub economy_model: String,
    /// The model that writes her psyche then: a cheap one, but not the cheapest.
    pub economy_psyche_model: String,
}

impl Default for Spending {
    fn default() -> Self {
        Self {
            budgets: Budgets::default(),
            economy_model: "claude-haiku-4-5-20251001".to_owned(),
            economy_psyche_model: "claude-sonnet-4-5-20250929".to_owned(),
        }
    }
}

impl Models {
    /// Asks the model once, with the client's own retries, as a piece of work of its own.
    pub async fn ask(
        &self,
        asker: Asker,
        purpose: Purpose,
        request: &Request,
    ) -> Result<Completion, providers::Error> {
        let work = self.begin_alone(asker, estimate(request)).await?;
        let outcome = work.ask(purpose, request).await;
        work.settle().await;
        outcome
    }

    /// As [`Self::ask`], but gives up at `deadline`, retries and pauses included.
    pub async fn ask_until(
        &self,
        deadline: Instant,
        asker: Asker,
        purpose: Purpose,
        request: &Request,
    ) -> Result<Completion, providers::Error> {
        let work = self.begin_alone(asker, estimate(request)).await?;
        let outcome = work.ask_until(deadline, purpose, request).await;
        work.settle().await;
        outcome
    }

    /// One vector per text, in their order, none for a blank one, as a piece of work of its own. No text, no call.
    pub async fn embed(
        &self,
        asker: Asker,
        texts: &[String],
        embed_for: EmbedFor,
    ) -> Result<Vec<Option<Vec<f32>>>, providers::Error> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let work = self.begin_alone(asker, self.estimate_embedding(texts)).await?;
        let outcome = work.embed(texts, embed_for).await;
        work.settle().await;
        outcome
    }

    /// Begins a piece of work whose calls may cost `estimate` micro-dollars: reserves it, in one statement.
    pub async fn begin(&self, client: &Client, asker: Asker, estimate: i64) -> store::Result<Work> {
        let day = budget::day(self.clock.now());
        let counted = llm_budget::reserve(client, asker.user, day, estimate).await?;
        fail_point!("budget.reserved");
        let level = self.spending.budgets.level(counted, estimate);
        let ledger = Mutex::new(Ledger { reserved: estimate, ..Ledger::default() });
        let work = Work { models: self.clone(), asker, day, level, ledger };
        if level < Level::Spent {
            work.note_rise(client, counted.all - estimate, counted.all).await;
        }
        Ok(work)
    }

    async fn begin_alone(&self, asker: Asker, estimate: i64) -> Result<Work, providers::Error> {
        let begun = async {
            let client = self.pool.get().await?;
            self.begin(&client, asker, estimate).await
        };
        begun.await.map_err(|error| {
            tracing::warn!(error_code = error.code(), "The budget cannot be reached: a call is not made");
            providers::Error::OverBudget
        })
    }

    /// What embedding may cost at most, in micro-dollars.
    pub fn estimate_embedding(&self, texts: &[String]) -> i64 {
        let input: usize = texts.iter().map(|text| tokens::count(text)).sum();
        pricing::estimate(self.embeddings.model(), input as u64, 0)
    }
}

/// What a request may cost at most, in micro-dollars.
pub fn estimate(request: &Request) -> i64 {
    pricing::estimate(&request.model, input_tokens(request), request.max_tokens.into())
}

fn input_tokens(request: &Request) -> u64 {
    let system: usize = request.system.iter().map(|block| tokens::count(&block.text)).sum();
    // As they are sent: a little more than what is said in them.
    let messages = serde_json::to_string(&request.messages).map_or(0, |text| tokens::count(&text));
    let tools = request.tools.iter().map(|tool| {
        tokens::count(&tool.name)
            + tokens::count(&tool.description)
            + tokens::count(&tool.input_schema.to_string())
    });
    (system + messages + tools.sum::<usize>()) as u64
}

/// Calls that belong to one piece of work: paid for together, and recorded by one statement when it is done.
#[derive(Debug)]
pub struct Work {
    models: Models,
    asker: Asker,
    day: Day,
    level: Level,
    ledger: Mutex<Ledger>,
}

/// What was reserved and what it went to.
#[derive(Debug, Default)]
struct Ledger {
    /// In micro-dollars.
    reserved: i64,
    /// What the calls cost; those that are being made, at most.
    used: i64,
    calls: Vec<ModelCall<'static>>,
}

impl Work {
    /// What the day's budget leaves to such a call.
    pub fn leaves(&self, purpose: Purpose) -> Leave {
        self.level.leaves(purpose.class())
    }

    /// The model that such a call goes to, whose own one is `own`.
    pub fn model<'a>(&'a self, purpose: Purpose, own: &'a str) -> &'a str {
        let spending = &self.models.spending;
        match self.leaves(purpose) {
            Leave::Economy if purpose == Purpose::PsycheBatch => &spending.economy_psyche_model,
            Leave::Economy => &spending.economy_model,
            Leave::Own | Leave::Refused => own,
        }
    }

    /// Asks the model once, with the client's own retries.
    pub async fn ask(&self, purpose: Purpose, request: &Request) -> Result<Completion, providers::Error> {
        let request = self.affordable(purpose, request);
        let expected = estimate(&request);
        self.pay(purpose, expected).await?;
        self.messages(purpose, &request, expected).await
    }

    /// As [`Self::ask`], but gives up at `deadline`, retries and pauses included.
    pub async fn ask_until(
        &self,
        deadline: Instant,
        purpose: Purpose,
        request: &Request,
    ) -> Result<Completion, providers::Error> {
        let request = self.affordable(purpose, request);
        let expected = estimate(&request);
        self.pay(purpose, expected).await?;
        let asked = self.messages(purpose, &request, expected);
        timeout_at(deadline.into(), asked).await.unwrap_or(Err(providers::Error::TimedOut))
    }

    async fn messages(
        &self,
        purpose: Purpose,
        request: &Request,
        expected: i64,
    ) -> Result<Completion, providers::Error> {
        let mut call = Call::begin(self, purpose, &request.model, expected);
        let outcome = self.models.anthropic.messages(request).await;
        call.end(outcome.as_ref().map(tokens_of));
        outcome
    }

    /// One vector per text, in their order, none for a blank one. No text, no call.
    pub async fn embed(
        &self,
        texts: &[String],
        embed_for: EmbedFor,
    ) -> Result<Vec<Option<Vec<f32>>>, providers::Error> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let expected = self.models.estimate_embedding(texts);
        self.pay(Purpose::Embedding, expected).await?;
        let embeddings = &self.models.embeddings;
        let mut call = Call::begin(self, Purpose::Embedding, embeddings.model(), expected);
        let outcome = embeddings.embed(texts, embed_for).await;
        call.end(outcome.as_ref().map(|(_, usage)| Tokens { input: usage.tokens, ..Tokens::default() }));
        outcome.map(|(vectors, _)| vectors)
    }

    /// The request, to the model that the budget leaves.
    fn affordable<'a>(&self, purpose: Purpose, request: &'a Request) -> Cow<'a, Request> {
        let model = self.model(purpose, &request.model);
        if model == request.model {
            return Cow::Borrowed(request);
        }
        Cow::Owned(Request { model: model.to_owned(), ..request.clone() })
    }

    /// Sees to it that a call is covered by what is reserved.
    async fn pay(&self, purpose: Purpose, expected: i64) -> Result<(), providers::Error> {
        if self.leaves(purpose) == Leave::Refused {
            return Err(providers::Error::OverBudget);
        }
        let missing = {
            let mut ledger = self.ledger();
            ledger.used += expected;
            ledger.used - ledger.reserved
        };
        if missing <= 0 {
            return Ok(());
        }
        let added = self.reserve_more(missing).await.unwrap_or_else(|error| {
            tracing::warn!(error_code = error.code(), "The budget cannot be reached: a call is not made");
            false
        });
        let mut ledger = self.ledger();
        if added {
            ledger.reserved += missing;
            return Ok(());
        }
        ledger.used -= expected;
        Err(providers::Error::OverBudget)
    }

    /// False when the budget has been used up meanwhile: no work costs more beyond it than it had reserved.
    async fn reserve_more(&self, missing: i64) -> store::Result<bool> {
        let client = self.models.pool.get().await?;
        let counted = llm_budget::reserve(&client, self.asker.user, self.day, missing).await?;
        if self.models.spending.budgets.level(counted, missing) == Level::Spent {
            llm_budget::give_back(&client, self.asker.user, self.day, missing).await?;
            return Ok(false);
        }
        self.note_rise(&client, counted.all - missing, counted.all).await;
        Ok(true)
    }

    /// Writes the rows of the calls, and puts what they cost in the place of what was reserved.
    pub async fn settle(&self) {
        let Ledger { reserved, calls, .. } = std::mem::take(&mut *self.ledger());
        if calls.is_empty() && reserved == 0 {
            return;
        }
        let (pool, now) = (&self.models.pool, self.models.clock.now());
        let written = async {
            let client = pool.get().await?;
            if calls.is_empty() {
                llm_budget::give_back(&client, self.asker.user, self.day, reserved).await?;
                return Ok(Vec::new());
            }
            let work = Unsettled { user: self.asker.user, day: self.day, reserved };
            let all = llm_usage::settle(&client, &work, &calls).await?;
            let cost: i64 = calls.iter().map(|call| call.cost_microusd).sum();
            self.note_rise(&client, all - cost + reserved, all).await;
            outages::begun(&client, &calls, now).await
        };
        let written = written.await;
        fail_point!("budget.settled");
        match written {
            Ok(failing) => {
                for source in failing {
                    outages::tell(pool, source, now).await;
                }
            }
            Err(error) => {
                tracing::warn!(
                    calls = calls.len(),
                    error_code = error.code(),
                    "Could not record model calls"
                );
            }
        }
    }

    /// Raises the alarm when all players' counter has risen into a further level.
    async fn note_rise(&self, client: &Client, before: i64, after: i64) {
        if let Some(level) = budget::risen_to(self.models.spending.budgets.all, before, after) {
            cost_alarm::raise(client, level, self.day, self.models.clock.now()).await;
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that is being made. However it ends, its row comes into the ledger: whoever waits for it may give up and drop it,
/// as a stage whose time is over, and then no answer came in time.
struct Call<'a> {
    work: &'a Work,
    purpose: Purpose,
    model: &'a str,
    expected: i64,
    began: Instant,
    outcome: Result<Tokens, providers::Error>,
}

impl<'a> Call<'a> {
    fn begin(work: &'a Work, purpose: Purpose, model: &'a str, expected: i64) -> Self {
        let outcome = Err(providers::Error::TimedOut);
        Self { work, purpose, model, expected, began: Instant::now(), outcome }
    }

    fn end(&mut self, outcome: Result<Tokens, &providers::Error>) {
        self.outcome = outcome.map_err(Clone::clone);
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let Work { models, asker, .. } = self.work;
        let tokens = self.outcome.as_ref().copied().unwrap_or_default();
        let call = ModelCall {
            user: asker.user,
            conversation: asker.conversation,
            purpose: self.purpose.as_str(),
            platform: asker.platform,
            model: self.model.to_owned().into(),
            input_tokens: count(tokens.input),
            output_tokens: count(tokens.output),
            cache_read_tokens: count(tokens.cache_read),
            cache_write_tokens: count(tokens.cache_write),
            cost_microusd: pricing::cost(self.model, tokens),
            latency_ms: i32::try_from(self.began.elapsed().as_millis()).unwrap_or(i32::MAX),
            status: match &self.outcome {
                Ok(_) => CallStatus::Ok,
                Err(providers::Error::TimedOut) => CallStatus::Timeout,
                Err(_) => CallStatus::Error,
            },
            now: models.clock.now(),
        };
        tell(&call, self.outcome.as_ref().err());
        let mut ledger = self.work.ledger();
        ledger.used += call.cost_microusd - self.expected;
        ledger.calls.push(call);
    }
}

/// The figures of a call, and nothing of what was said.
fn tell(call: &ModelCall<'_>, error: Option<&providers::Error>) {
    tracing::info!(
        user_id = call.user.map(tracing::field::display),
        purpose = call.purpose,
        model = &*call.model,
        input_tokens = call.input_tokens,
        output_tokens = call.output_tokens,
        cache_read_tokens = call.cache_read_tokens,
        cache_write_tokens = call.cache_write_tokens,
        cost_microusd = call.cost_microusd,
        duration_ms = call.latency_ms,
        error_code = error.map(providers::Error::code),
        "llm_call"
    );
}

fn tokens_of(answer: &Completion) -> Tokens {
    Tokens {
        input: answer.usage.input_tokens,
        output: answer.usage.output_tokens,
        cache_read: answer.usage.cache_read_tokens,
        cache_write: answer.usage.cache_write_tokens,
    }
}

fn count(tokens: u64) -> i32 {
    i32::try_from(tokens).unwrap_or(i32::MAX)
}
