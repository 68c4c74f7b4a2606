//! What is logged while something is done.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Does the work, and tells how many events with this flag it logged. What it leaves to other tasks is not seen.
pub async fn events_with<T>(flag: &'static str, work: impl Future<Output = T>) -> usize {
    let seen = Arc::new(AtomicUsize::new(0));
    work.with_subscriber(Counter { flag, seen: seen.clone() }).await;
    seen.load(Ordering::Relaxed)
}

struct Counter {
    flag: &'static str,
    seen: Arc<AtomicUsize>,
}

impl Subscriber for Counter {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut flags = Flags { wanted: self.flag, is_set: false };
        event.record(&mut flags);
        self.seen.fetch_add(usize::from(flags.is_set), Ordering::Relaxed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Flags {
    wanted: &'static str,
    is_set: bool,
}

impl Visit for Flags {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.is_set |= value && field.name() == self.wanted;
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
