//! Telegram's door: checks, stores, hands over, answers.

use std::process::ExitCode;

use functions::telegram_webhook;

fn main() -> ExitCode {
    functions::run(&telegram_webhook::FUNCTION, telegram_webhook::from_environment)
}
