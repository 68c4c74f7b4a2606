//! Stories from end to end, on a real PostgreSQL. One program holds them all: linking it once is quicker than linking forty.

mod agent_failures;
mod agent_memory;
mod agent_replies;
mod budget;
mod cleanup_job;
mod deaths_fail_points;
mod deaths_in_jobs;
mod deaths_in_turns;
mod decay_boss_timeouts;
mod decay_day_close;
mod decay_job;
mod decay_score_changes;
mod deliver_job;
mod documents;
mod examples;
mod fan_out;
mod faults_models;
mod faults_obedient;
mod faults_providers;
mod inbox_receive;
mod job_protocol;
mod life_days;
mod life_gen_job;
mod local_bundle;
mod local_seed;
mod memory_import;
mod memory_recall;
mod memory_search;
mod open_transactions;
mod pipeline_after_talk;
mod pipeline_claims;
mod pipeline_conflict;
mod pipeline_emotional;
mod pipeline_extraction;
mod pipeline_game_state;
mod pipeline_job;
mod pipeline_life_sim;
mod pipeline_memory;
mod pipeline_on_demand;
mod pipeline_orchestrator;
mod pipeline_recall;
mod pipeline_stages;
mod pipeline_story_arcs;
mod pipeline_summary;
mod pipeline_touchpoint;
mod pipeline_vices;
mod pooler;
mod processes_crashes;
mod processes_slots;
mod prompts_building;
mod psyche_batch_job;
mod registration_age_gate;
mod reply_failures;
mod reply_records;
mod reply_round_trips;
mod reply_turns;
mod runtime_failures;
mod runtime_lambda;
mod runtime_server;
mod runtime_settings;
mod runtime_tasks;
mod runtime_webhook;
mod schema_boundaries;
mod schema_codes_and_quotas;
mod schema_conversations;
mod schema_deletion;
mod schema_her_world;
mod schema_jobs;
mod schema_legacy;
mod schema_matrix;
mod schema_memory;
mod schema_monitoring;
mod schema_players;
mod schema_queues;
mod schema_retention;
mod schema_row_security;
mod schema_shape;
mod schema_statements;
mod secrets_moto;
mod simulated_months;
mod summary_job;
mod template;
mod touchpoints_planning;
mod touchpoints_sending;
mod touchpoints_words;
mod turn_boss;
mod turn_care;
mod turn_days;
mod turn_psyche;
mod turn_scoring;

/// A story that is not named here would be neither compiled nor run.
#[test]
fn every_story_is_in_the_program() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let program = std::fs::read_to_string(folder.join("main.rs")).expect("this file");
    for entry in std::fs::read_dir(&folder).expect("the folder of this file") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let Some(story) = name.strip_suffix(".rs").filter(|story| *story != "main") else { continue };
        assert!(
            program.lines().any(|line| line == format!("mod {story};")),
            "tests/tests/main.rs lacks `mod {story};`"
        );
    }
}
