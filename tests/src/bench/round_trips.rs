//! How often a turn and a run of the pipeline wait for the database, counted at a pooler in front of it.

use super::{Budget, Figure};
use crate::round_trips::{PIPELINE_RUN, REPLY_TURN, RoundTrips, pipeline_run, reply_turn};

/// Both, with one wait as the floor.
pub async fn measure() -> Vec<Figure> {
    vec![
        figure("round trips of a reply turn", &reply_turn().await, REPLY_TURN),
        figure("round trips of a pipeline run", &pipeline_run(true).await, PIPELINE_RUN),
        figure("round trips of one that thinks up a day", &pipeline_run(false).await, PIPELINE_RUN),
    ]
}

fn figure(name: &str, trips: &RoundTrips, budget: usize) -> Figure {
    Figure {
        name: name.to_owned(),
        value: as_number(trips.count()),
        unit: "trips",
        floor: Some(1.0),
        budget: Budget::AtMost(as_number(budget)),
    }
}

fn as_number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
