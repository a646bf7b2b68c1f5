//! A request's way through the steps, on pingora.

mod options;

pub use options::{AccessLogTarget, Listening, LogFormat, ServeOptions};

use crate::policy::Rejected;

/// Why the proxy could not start, or broke.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The policy has errors.
    #[error("{0}")]
    Policy(#[from] Box<Rejected>),
    /// Something else was missing; the text says what.
    #[error("{0}")]
    Start(String),
}

/// Runs the proxy until the process is told to end. `ready` is called once every socket accepts.
///
/// # Errors
/// When the policy is broken or a socket cannot be had.
pub fn serve(options: ServeOptions, ready: impl FnOnce(&Listening) + Send + 'static) -> Result<(), ServeError> {
    let _ = (options, ready);
    Err(ServeError::Start("this build has no proxy".to_owned()))
}
