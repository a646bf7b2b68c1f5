//! `warp demo`: a small site, the quickstart policy before it, and what to try.

mod guide;
mod origin;
mod site;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use super::serve::{Sockets, ended};
use super::{Failure, Outcome, Output, listening};
use crate::lang::hir::BackendAddress;
use crate::policy::PolicySource;
use crate::proxy::{self, AccessLogTarget, Coalescing, Limits, MOST_ABANDONED, ServeError, ServeOptions};
use crate::telemetry::LogFormat;
use guide::Guide;

/// Run a small site behind the quickstart policy, to play with.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  warp demo
  warp demo --listen 127.0.0.1:0 --admin off --origin-port 0

The policy is ./quickstart.warp, written if it is not there: edit it while the demo runs.")]
pub(super) struct Arguments {
    #[command(flatten)]
    sockets: Sockets,

    /// Port of the demo's own site on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = ORIGIN_PORT)]
    origin_port: u16,
}

/// The port that the quickstart policy names.
const ORIGIN_PORT: u16 = 8081;

const MEMORY_BYTES: u64 = 64 << 20;

const QUICKSTART: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart.warp"));
const FILE_NAME: &str = "quickstart.warp";

pub(super) fn run(arguments: &Arguments, mut out: Output) -> Result<Outcome, Failure> {
    let origin = origin::start(arguments.origin_port).map_err(|error| taken(arguments.origin_port, &error))?;
    let policy = place_policy()?;
    let options = options(arguments, policy.path.clone(), origin);
    ended(proxy::serve(options, move |sockets| {
        let guide = Guide { sockets, origin, policy: &policy };
        // Nobody may be reading; that is no reason not to serve.
        let _ = out.write(&listening::lines(sockets)).and_then(|()| out.write(&guide.to_string()));
    }))
}

fn taken(port: u16, error: &std::io::Error) -> Failure {
    let hint = "`--origin-port 0` takes a free one";
    Failure::Serve(ServeError::Start(format!("cannot start the demo's site on 127.0.0.1:{port}: {error}; {hint}")))
}

fn options(arguments: &Arguments, policy: PathBuf, origin: SocketAddr) -> ServeOptions {
    // The port that the policy names is left to the policy, so that an edit of its backend counts.
    let moved = origin.port() != ORIGIN_PORT;
    let origin = moved.then(|| BackendAddress { host: origin.ip().to_string(), port: origin.port() });
    ServeOptions {
        source: PolicySource { path: Some(policy), origin },
        listen: arguments.sockets.listen.clone(),
        admin: arguments.sockets.admin.address(),
        resolvers: Vec::new(),
        memory_bytes: MEMORY_BYTES,
        limits: Limits::default(),
        coalescing: Coalescing::default(),
        most_abandoned: MOST_ABANDONED,
        threads: None,
        log_format: LogFormat::Text,
        access_log: AccessLogTarget::Off,
    }
}

/// The policy file that the demo runs.
#[derive(Debug)]
struct PolicyFile {
    path: PathBuf,
    /// Whether it was there before, and is therefore left as it is.
    kept: bool,
}

/// `./quickstart.warp`, written unless it is there; in a new folder for temporary files if the
/// current one cannot be written to.
fn place_policy() -> Result<PolicyFile, Failure> {
    let here = PathBuf::from(FILE_NAME);
    match write_new(&here) {
        Ok(()) => return Ok(PolicyFile { path: here, kept: false }),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Ok(PolicyFile { path: here, kept: true });
        }
        Err(_) => {}
    }
    let folder = std::env::temp_dir().join(format!("warp-demo-{}", std::process::id()));
    let path = folder.join(FILE_NAME);
    let written = std::fs::create_dir(&folder).and_then(|()| write_new(&path));
    written.map_err(|error| Failure::Write { path: path.clone(), error })?;
    Ok(PolicyFile { path, kept: false })
}

fn write_new(path: &Path) -> std::io::Result<()> {
    let mut file = std::fs::File::options().write(true).create_new(true).open(path)?;
    file.write_all(QUICKSTART.as_bytes())
}
