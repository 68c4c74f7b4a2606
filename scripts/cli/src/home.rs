//! The checkout: where the template, the scripts and `.nikita/` are.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The embedded server that local play uses.
pub const PLAY: &str = "play";

/// The root of a checkout.
#[derive(Debug, Clone)]
pub struct Home(PathBuf);

/// Why the checkout, or something in it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not called from within a checkout.
    #[error("no template.yaml here or above: call this from within the checkout")]
    NotACheckout,
    /// A file of the checkout cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// The file, from the root of the checkout.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A script of the checkout failed; it has said why itself.
    #[error("{script} failed: {reason}")]
    Script {
        /// The script with its arguments.
        script: String,
        /// What it printed last.
        reason: String,
    },
}

impl Home {
    /// The checkout that the current folder belongs to.
    pub fn find() -> Result<Self, Error> {
        let here = std::env::current_dir().map_err(|_| Error::NotACheckout)?;
        here.ancestors()
            .find(|folder| folder.join("template.yaml").is_file())
            .map(|folder| Self(folder.to_path_buf()))
            .ok_or(Error::NotACheckout)
    }

    /// The root folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The text of a file, named from the root.
    pub fn read(&self, path: &str) -> Result<String, Error> {
        std::fs::read_to_string(self.0.join(path))
            .map_err(|source| Error::Unreadable { path: path.to_owned(), source })
    }

    /// Starts the embedded PostgreSQL of that name and answers its URL.
    pub fn start_postgres(&self, name: &str) -> Result<String, Error> {
        self.postgres("start", name)
    }

    /// Stops the embedded PostgreSQL of that name and deletes its data.
    pub fn destroy_postgres(&self, name: &str) -> Result<(), Error> {
        self.postgres("destroy", name).map(drop)
    }

    fn postgres(&self, verb: &str, name: &str) -> Result<String, Error> {
        let script = format!("scripts/postgres {verb} {name}");
        let output = Command::new(self.0.join("scripts/postgres"))
            .args([verb, name])
            .output()
            .map_err(|error| Error::Script { script: script.clone(), reason: error.to_string() })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::Script { script, reason })
    }
}
