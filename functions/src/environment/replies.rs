//! What answering needs.

use std::sync::Arc;
#[cfg(feature = "inline")]
use std::time::Duration;

use domain::inbox;
use domain::reply::delay::Mode;
use providers::queue::Queue;
use runtime::StartError;
use runtime::settings::Stage;
use service::inbox::{Handover, QueueHandover};
use service::{agent, psyche, reply};

use super::{PSYCHE_QUICK_MODEL, Wiring};

/// The queue of hints for `reply`.
const REPLY_QUEUE_URL: &str = "REPLY_QUEUE_URL";

/// Thinks about her deeply, on a message that is worth it.
const PSYCHE_DEEP_MODEL: (&str, &str) = ("PSYCHE_DEEP_MODEL", "claude-opus-4-6");

impl Wiring<'_> {
    /// Who answers.
    pub fn agent(&mut self) -> Result<agent::Deps, StartError> {
        let (pool, models) = (self.pool()?, self.models()?);
        let default = agent::Settings::default();
        let settings = agent::Settings {
            chat_model: self.model("ANTHROPIC_MODEL", &default.chat_model),
            psyche: self.psyche(),
            ..default
        };
        Ok(agent::Deps { pool, models, draws: self.draws(), nikita_zone: self.nikita_zone(), settings })
    }

    /// What working off an account's updates needs.
    pub fn reply(&mut self) -> Result<reply::Deps, StartError> {
        let (pool, sender, agent) = (self.pool()?, self.sender()?, self.agent()?);
        let default = reply::Rules::default();
        let rules = reply::Rules {
            skip_rates_enabled: self.settings.flag("SKIP_RATES_ENABLED", default.skip_rates_enabled),
            delay_mode: self.delay_mode(),
            scoring_model: self.model("SCORING_MODEL", &default.scoring_model),
            judge_model: self.model("BOSS_JUDGE_MODEL", &default.judge_model),
            boss_mode: self.boss_mode(),
            bot_username: self.settings.text_or("TELEGRAM_BOT_USERNAME", &default.bot_username),
            lease: self.lease("INBOX_LEASE_S", inbox::LEASE),
            delivery_lease: self.delivery_lease(),
            ..default
        };
        let turn_time = rules.turn_time;
        let deps = reply::Deps { pool, clock: self.clock(), draws: self.draws(), sender, agent, rules };
        Ok(deps.limit_turns(turn_time))
    }

    /// Who works off what was received: the queue's consumer, or this process where there is no queue.
    pub fn handover(&mut self) -> Result<Arc<dyn Handover>, StartError> {
        match self.reply_queue() {
            Some(queue) => Ok(Arc::new(QueueHandover(queue))),
            None => self.inline_handover(),
        }
    }

    /// The queue of hints for `reply`, where there is one.
    pub fn reply_queue(&mut self) -> Option<Queue> {
        self.queue(REPLY_QUEUE_URL)
    }

    /// A reply before the webhook's answer must leave it time to answer.
    #[cfg(feature = "inline")]
    fn inline_handover(&mut self) -> Result<Arc<dyn Handover>, StartError> {
        const TIME: Duration = Duration::from_secs(55);
        let mut deps = self.reply()?.limit_turns(TIME);
        deps.rules.call_time = TIME;
        Ok(Arc::new(reply::InlineHandover(deps)))
    }

    /// This build holds no model client: without a queue nobody would ever answer.
    #[cfg(not(feature = "inline"))]
    fn inline_handover(&mut self) -> Result<Arc<dyn Handover>, StartError> {
        self.settings.refuse(REPLY_QUEUE_URL, "is not set, and this build does not work replies off itself");
        Err("no queue".into())
    }

    /// Who thinks about her psyche within a talk.
    fn psyche(&mut self) -> psyche::turn::Settings {
        psyche::turn::Settings {
            enabled: self.psyche_agent_enabled(),
            quick_model: self.psyche_model(PSYCHE_QUICK_MODEL),
            deep_model: self.psyche_model(PSYCHE_DEEP_MODEL),
        }
    }

    /// While something is tried out, replies come at once unless delays are asked for.
    fn delay_mode(&mut self) -> Mode {
        let basics = &self.environment.basics;
        let trying = basics.stage == Stage::Development || basics.debug;
        let default = if trying { Mode::Off } else { Mode::Session };
        let modes = [("session", Mode::Session), ("always", Mode::Always), ("off", Mode::Off)];
        self.settings.choice("RESPONSE_DELAY_MODE", default, &modes)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::environment;

    fn reply_times(variables: &[(&str, &str)]) -> (Duration, Duration) {
        let times = environment(variables).wire(|wiring| {
            let deps = wiring.reply()?;
            assert_eq!(deps.rules.agent_time, deps.agent.settings.total_time);
            Ok((deps.rules.turn_time, deps.rules.agent_time))
        });
        times.expect("settings that are fine")
    }

    #[tokio::test]
    async fn a_turn_ends_before_the_lease_that_is_set() {
        assert_eq!(reply_times(&[]), (Duration::from_secs(100), Duration::from_secs(45)));
        let long = reply_times(&[("INBOX_LEASE_S", "3600")]);
        assert_eq!(long, (Duration::from_secs(100), Duration::from_secs(45)));
        let short = reply_times(&[("INBOX_LEASE_S", "36")]);
        assert_eq!(short, (Duration::from_secs(30), Duration::from_secs(25)));
    }

    #[test]
    fn a_lease_in_which_no_turn_comes_to_its_end_is_refused() {
        let short = environment(&[("INBOX_LEASE_S", "2")]);
        let told = short.wire(|wiring| Ok(wiring.reply()?.rules.lease)).expect_err("too short").to_string();
        assert!(told.contains("INBOX_LEASE_S") && told.contains("from 3 to 3600"), "{told}");
    }
}
