//! The secrets of the bundle: each variable, and the concern under which the store keeps it.

use runtime::secrets::Secret;

/// Where the database is, with its password.
pub const DATABASE_URL: Secret = Secret { name: "DATABASE_URL", concern: "database" };
/// The key to the bot.
pub const TELEGRAM_BOT_TOKEN: Secret = Secret { name: "TELEGRAM_BOT_TOKEN", concern: "telegram" };
/// What Telegram shows at the webhook.
pub const TELEGRAM_WEBHOOK_SECRET: Secret = Secret { name: "TELEGRAM_WEBHOOK_SECRET", concern: "telegram" };
/// What a scheduler over HTTP and the operator show.
pub const TASK_AUTH_SECRET: Secret = Secret { name: "TASK_AUTH_SECRET", concern: "tasks" };
/// The key to the model that talks and reads.
pub const ANTHROPIC_API_KEY: Secret = Secret { name: "ANTHROPIC_API_KEY", concern: "anthropic" };
/// The key to the model that embeds.
pub const OPENAI_API_KEY: Secret = Secret { name: "OPENAI_API_KEY", concern: "openai" };
