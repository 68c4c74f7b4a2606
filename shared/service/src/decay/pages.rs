//! How the steps of `decay` go through their players: page by page, by id, until nobody is left or the time is over.

use domain::ids::UserId;
use domain::job::Tally;

use super::Counters;
use crate::job_run::{JobRun, Report};

/// A step under way.
pub(super) struct Step<'a> {
    /// Its name in the report.
    name: &'static str,
    pub(super) run: &'a JobRun,
    pub(super) counters: &'a mut Counters,
    pub(super) report: &'a mut Report,
    tally: Tally,
    /// The last player of the page before.
    after: UserId,
}

impl<'a> Step<'a> {
    pub(super) fn new(
        name: &'static str,
        run: &'a JobRun,
        counters: &'a mut Counters,
        report: &'a mut Report,
    ) -> Self {
        Self { name, run, counters, report, tally: Tally::default(), after: UserId::nil() }
    }

    /// The next page of those whom `list` finds after a player. None: nobody is left, or there is no time. A list that
    /// cannot be had fails the step.
    pub(super) async fn next_page<T, F>(
        &mut self,
        list: impl FnOnce(UserId) -> F,
        user_of: impl FnOnce(&T) -> UserId,
    ) -> Option<Vec<T>>
    where
        F: Future<Output = store::Result<Vec<T>>>,
    {
        if !self.run.has_time() {
            self.report.truncate();
            return None;
        }
        let page = match list(self.after).await {
            Ok(page) => page,
            Err(error) => {
                self.report.step_failed(self.name, error.code());
                self.tally = Tally::default();
                return None;
            }
        };
        self.after = user_of(page.last()?);
        Some(page)
    }

    /// Works on a page in one transaction, or, when that fails, on its players one by one, so that whoever made it fail
    /// costs only that player.
    pub(super) async fn work<D, F>(
        &mut self,
        page: Vec<UserId>,
        work: impl Fn(Vec<UserId>) -> F,
        count: impl Fn(&mut Counters, &D),
    ) where
        F: Future<Output = store::Result<D>>,
    {
        match work(page.clone()).await {
            Ok(done) => {
                self.tally.tried += page.len() as u64;
                return count(self.counters, &done);
            }
            Err(error) => tracing::warn!(
                job.step = self.name,
                error_code = error.code(),
                "A page failed: its players are tried one by one"
            ),
        }
        for user in page {
            if !self.run.has_time() {
                return self.report.truncate();
            }
            let done = work(vec![user]).await;
            let counted = done.map(|done| count(self.counters, &done));
            self.took(user, counted);
        }
    }

    /// Notes how it went with one player.
    pub(super) fn took(&mut self, user: UserId, outcome: store::Result<()>) {
        self.tally.count(outcome.is_err());
        if let Err(error) = outcome {
            self.counters.failed += 1;
            self.report.item_failed(user, error.code());
        }
    }

    /// Ends it: it has failed where all of several players did.
    pub(super) fn end(self) {
        self.report.step_done(self.name, self.tally);
    }
}
