//! The services outside: the real ones where there is a key, stand-ins on this machine where there is none.

use std::io;

use runtime::settings::Variables;
use standins::{Anthropic, OpenAi, Telegram};

/// Who plays the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Casting {
    /// A stand-in for each, whatever keys there are: the same play every time.
    StandIns,
    /// The chat is in the terminal; models are real where there is a key.
    OwnChat,
    /// Real where there is a key.
    AsKeyed,
}

/// Whether messages would go to a real bot.
pub fn has_real_bot(variables: &Variables) -> bool {
    TELEGRAM.is_real(variables)
}

/// Whether a real model embeds.
pub fn has_real_embeddings(variables: &Variables) -> bool {
    OPENAI.is_real(variables)
}

/// Each service by its name and key, and whether the settings lead to the real one.
pub fn keys(variables: &Variables) -> [(&'static str, &'static str, bool); 3] {
    [("Telegram", &TELEGRAM), ("Anthropic", &ANTHROPIC), ("OpenAI", &OPENAI)]
        .map(|(name, service)| (name, service.key, service.is_real(variables)))
}

/// The stand-ins that run. They stop when this is dropped.
#[derive(Debug, Default)]
pub struct Outside {
    telegram: Option<Telegram>,
    anthropic: Option<Anthropic>,
    openai: Option<OpenAi>,
}

/// Any key will do for a stand-in.
const LOCAL_KEY: &str = "local";

/// The variables by which a service is known.
struct Service {
    key: &'static str,
    base: &'static str,
}

const TELEGRAM: Service = Service { key: "TELEGRAM_BOT_TOKEN", base: "TELEGRAM_API_BASE" };
const ANTHROPIC: Service = Service { key: "ANTHROPIC_API_KEY", base: "ANTHROPIC_API_BASE" };
const OPENAI: Service = Service { key: "OPENAI_API_KEY", base: "OPENAI_BASE_URL" };

impl Service {
    /// A key, or an address of one's own, means that somebody is there.
    fn is_real(&self, variables: &Variables) -> bool {
        variables.get(self.key).is_some() || variables.get(self.base).is_some()
    }

    fn stand_in(&self, variables: Variables, url: &str) -> Variables {
        variables.with(self.base, url).with(self.key, LOCAL_KEY)
    }

    /// A server of one's own may want no key; the clients want one all the same.
    fn real(&self, variables: Variables) -> Variables {
        if variables.get(self.key).is_some() { variables } else { variables.with(self.key, LOCAL_KEY) }
    }
}

impl Outside {
    /// Starts the stand-ins that are needed. Returns them with the variables that lead to them.
    pub async fn start(casting: Casting, mut variables: Variables) -> io::Result<(Self, Variables)> {
        let mut outside = Self::default();
        let models_are_real = |service: &Service, variables: &Variables| {
            casting != Casting::StandIns && service.is_real(variables)
        };
        if casting == Casting::AsKeyed && TELEGRAM.is_real(&variables) {
            variables = TELEGRAM.real(variables);
        } else {
            let server = Telegram::start().await?;
            variables = TELEGRAM.stand_in(variables, &server.url());
            outside.telegram = Some(server);
        }
        if models_are_real(&ANTHROPIC, &variables) {
            variables = ANTHROPIC.real(variables);
        } else {
            let server = Anthropic::start().await?;
            variables = ANTHROPIC.stand_in(variables, &server.url());
            outside.anthropic = Some(server);
        }
        if models_are_real(&OPENAI, &variables) {
            variables = OPENAI.real(variables);
        } else {
            let server = OpenAi::start().await?;
            variables = OPENAI.stand_in(variables, &server.url());
            outside.openai = Some(server);
        }
        Ok((outside, variables))
    }

    /// The stand-in of the Bot API, if it is one.
    pub fn telegram(&self) -> Option<&Telegram> {
        self.telegram.as_ref()
    }

    /// The stand-in of the model that talks, if it is one.
    pub fn anthropic(&self) -> Option<&Anthropic> {
        self.anthropic.as_ref()
    }

    /// The stand-in of what embeds, if it is one.
    pub fn openai(&self) -> Option<&OpenAi> {
        self.openai.as_ref()
    }

    /// Who plays which service, in words.
    pub fn told(&self) -> Vec<String> {
        let stand_ins = [
            ("Telegram", TELEGRAM.key, self.telegram.as_ref().map(|server| server.url())),
            ("Anthropic", ANTHROPIC.key, self.anthropic.as_ref().map(|server| server.url())),
            ("OpenAI", OPENAI.key, self.openai.as_ref().map(|server| server.url())),
        ];
        stand_ins
            .into_iter()
            .map(|(name, key, url)| match url {
                Some(url) => format!("{name:<10} a stand-in at {url}, for want of {key}"),
                None => format!("{name:<10} the real service, by {key}"),
            })
            .collect()
    }
}
