//! What engagement is judged by, read from the conversations.

use domain::conversation::Role;
use domain::engagement::measures::{Said, Way};
use domain::engagement::record::{ENDINGS, LAST_DAY, Record};
use domain::ids::UserId;
use futures_util::join;
use jiff::Timestamp;
use store::{Client, engagement};

/// What was said, and how conversations ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Talks {
    said: Vec<Said>,
    endings: Vec<(Timestamp, u32)>,
}

impl Talks {
    /// What a look at the day before `now` needs, in one round trip.
    pub(crate) async fn last_day(client: &Client, user: UserId, now: Timestamp) -> store::Result<Self> {
        Self::since(client, user, now.checked_sub(LAST_DAY).unwrap_or(Timestamp::MIN)).await
    }

    /// What looks at windows that begin at `from` or later need, in one round trip.
    pub(crate) async fn since(client: &Client, user: UserId, from: Timestamp) -> store::Result<Self> {
        let endings_from = from.checked_sub(ENDINGS).unwrap_or(Timestamp::MIN);
        let (said, endings) = join!(
            engagement::list_said(client, user, from),
            engagement::list_endings(client, user, endings_from),
        );
        let mut said: Vec<Said> = said?.iter().filter_map(read).collect();
        said.sort_by_key(|said| said.at);
        let endings = endings?.iter().map(|ending| (ending.at, chars(ending.chars))).collect();
        Ok(Self { said, endings })
    }

    pub(crate) fn record(&self) -> Record<'_> {
        Record { said: &self.said, endings: &self.endings }
    }
}

/// One message; what has no time, and what nobody said, is passed over.
fn read(said: &engagement::Said) -> Option<Said> {
    let by = Role::parse(&said.role);
    let way = match (said.in_call, said.skipped) {
        (true, _) => Way::Call,
        (false, true) => Way::SkippedText,
        (false, false) => Way::Text,
    };
    let at = said.at.as_deref()?.parse().ok()?;
    (by != Role::System).then(|| Said { by, at, chars: chars(said.chars), way })
}

fn chars(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or_default()
}
