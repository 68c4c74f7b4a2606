//! What the jobs need.

use domain::psyche::calls;
use runtime::StartError;
use service::life::{self, Life};
use service::touchpoints::Outreach;
use service::{daily_summaries, decay, pipeline, psyche_batch};

use super::{PSYCHE_BATCH_MODEL, TOUCHPOINT_MODEL, Wiring};

impl Wiring<'_> {
    /// What the pipeline needs, and what is set about its stages.
    pub fn pipeline(&mut self) -> Result<(pipeline::Deps, pipeline::Settings), StartError> {
        let (pool, models) = (self.pool()?, self.models()?);
        let deps = pipeline::Deps {
            pool,
            clock: self.clock(),
            models,
            draws: self.draws(),
            pace: pipeline::orchestrator::Pace::default(),
            errors_are_told: self.settings.flag("OBSERVABILITY_ENABLED", true),
        };
        let default = pipeline::Settings::default();
        let settings = pipeline::Settings {
            model: self.model("ANTHROPIC_MODEL", &default.model),
            summary_model: self.model("SUMMARY_MODEL", &default.summary_model),
            vice_model: self.model("SCORING_MODEL", &default.vice_model),
            dedup_similarity: self.settings.number(
                "MEMORY_DEDUP_SIMILARITY",
                default.dedup_similarity,
                0.0..=1.0,
            ),
            nikita_zone: self.nikita_zone(),
            psyche_agent_enabled: self.psyche_agent_enabled(),
            life: self.life()?.settings,
            boss_mode: self.boss_mode(),
            touchpoints_enabled: self.touchpoints_enabled(),
            meta_prompt_model: self
                .settings
                .flag("PROMPT_ENRICHMENT_ENABLED", false)
                .then(|| self.model("META_PROMPT_MODEL", "claude-haiku-4-5-20251001")),
        };
        Ok((deps, settings))
    }

    /// What the hourly job needs.
    pub fn decay(&mut self) -> Result<decay::Deps, StartError> {
        let (pool, models) = (self.pool()?, self.models()?);
        let model = self.model("SCORING_MODEL", &pipeline::Settings::default().vice_model);
        Ok(decay::Deps { pool, clock: self.clock(), draws: self.draws(), models, model })
    }

    /// What the nightly summaries need.
    pub fn daily_summaries(&mut self) -> Result<daily_summaries::Deps, StartError> {
        let (pool, models) = (self.pool()?, self.models()?);
        let model = self.model("SUMMARY_MODEL", &pipeline::Settings::default().summary_model);
        Ok(daily_summaries::Deps { pool, clock: self.clock(), models, model })
    }

    /// What writing her days needs.
    pub fn life(&mut self) -> Result<Life, StartError> {
        let default = life::Settings::default();
        let settings = life::Settings {
            model: self.model("LIFE_GEN_MODEL", &default.model),
            enhanced: self.settings.flag("LIFE_SIM_ENHANCED", default.enhanced),
            nikita_zone: self.nikita_zone(),
        };
        Ok(Life { pool: self.pool()?, draws: self.draws(), settings })
    }

    /// What the job that writes her days ahead needs.
    pub fn life_gen(&mut self) -> Result<life::job::Deps, StartError> {
        let (life, models) = (self.life()?, self.models()?);
        Ok(life::job::Deps { life, models, queue: self.queue("LIFE_GEN_QUEUE_URL") })
    }

    /// What the job that writes her psyche needs.
    pub fn psyche_batch(&mut self) -> Result<psyche_batch::Deps, StartError> {
        let (pool, models) = (self.pool()?, self.models()?);
        Ok(psyche_batch::Deps {
            pool,
            clock: self.clock(),
            models,
            model: self.psyche_model(PSYCHE_BATCH_MODEL),
            nikita_zone: self.nikita_zone(),
            time: calls::BATCH.timeout,
            queue: self.queue("PSYCHE_BATCH_QUEUE_URL"),
        })
    }

    /// What writing first needs.
    pub fn outreach(&mut self) -> Result<Outreach, StartError> {
        let models = self.models()?;
        Ok(Outreach {
            enabled: self.touchpoints_enabled(),
            draws: self.draws(),
            models,
            model: self.model(TOUCHPOINT_MODEL.0, TOUCHPOINT_MODEL.1),
            nikita_zone: self.nikita_zone(),
        })
    }

    /// Whether she writes first.
    fn touchpoints_enabled(&mut self) -> bool {
        self.settings.flag("TOUCHPOINTS_ENABLED", pipeline::Settings::default().touchpoints_enabled)
    }
}
