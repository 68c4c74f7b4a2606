//! Telegram's door: checks, stores, hands over, answers.

use std::process::ExitCode;

use functions::telegram_webhook;

#[tokio::main]
async fn main() -> ExitCode {
    functions::run(&telegram_webhook::FUNCTION, telegram_webhook::from_environment).await
}
