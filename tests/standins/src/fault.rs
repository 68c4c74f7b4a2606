//! What can be made to go wrong with an answer.

use std::collections::VecDeque;
use std::time::Duration;

/// One fault, for one call.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Nothing is done; the service's own error with this status.
    Status(u16),
    /// Nothing is done; 429 in the service's own form, with the wait it names, in seconds, if any.
    Busy(Option<f64>),
    /// Done and answered, but only after this time.
    Slow(Duration),
    /// Done, but never answered: the connection stays open.
    Silent,
    /// Done, but the connection ends without a single byte.
    HangUp,
    /// Done, but the connection ends after so many bytes of the answer's body.
    CutAfter(usize),
    /// Done, but only the first half of the body is sent, as if it were the whole.
    Half,
    /// Nothing is done; this status, content type and body instead.
    Instead(u16, &'static str, String),
    /// Nothing is done; an answer that does not end.
    Endless,
}

impl Fault {
    /// 200 with a page instead of an answer, as a proxy on the way gives it.
    pub fn html() -> Self {
        Self::Instead(200, "text/html", "<html><body>Please sign in</body></html>".to_owned())
    }

    /// 200 with this JSON body.
    pub fn json(body: &serde_json::Value) -> Self {
        Self::Instead(200, "application/json", body.to_string())
    }

    /// Whether the service does what it was asked before it goes wrong.
    pub(crate) fn acts(&self) -> bool {
        matches!(self, Self::Slow(_) | Self::Silent | Self::HangUp | Self::CutAfter(_) | Self::Half)
    }
}

/// The faults to come: those for one call each, in order, then one for all that follow.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    next: VecDeque<(Option<String>, Fault)>,
    always: Vec<(Option<String>, Fault)>,
}

impl Faults {
    pub(crate) fn push(&mut self, operation: Option<&str>, fault: Fault) {
        self.next.push_back((operation.map(ToOwned::to_owned), fault));
    }

    pub(crate) fn set_always(&mut self, operation: Option<&str>, fault: Fault) {
        self.always.push((operation.map(ToOwned::to_owned), fault));
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes the fault for a call of `operation`, if there is one.
    pub(crate) fn take(&mut self, operation: &str) -> Option<Fault> {
        let meant = |of: &Option<String>| of.as_deref().is_none_or(|of| of == operation);
        if let Some(position) = self.next.iter().position(|(of, _)| meant(of)) {
            return self.next.remove(position).map(|(_, fault)| fault);
        }
        self.always.iter().find(|(of, _)| meant(of)).map(|(_, fault)| fault.clone())
    }
}
