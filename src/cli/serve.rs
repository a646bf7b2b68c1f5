//! `warp serve`: the proxy.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::output::remark;
use super::values::{self, Switch};
use super::{Failure, Outcome, Output, listening};
use crate::lang::diagnostic::render;
use crate::lang::hir::BackendAddress;
use crate::policy::PolicySource;
use crate::proxy::{self, Coalescing, Limits, MOST_ABANDONED, ServeError, ServeOptions};
use crate::telemetry::LogFormat;

/// Run the proxy.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["policy", "origin"]).required(true).multiple(true)))]
#[command(after_help = "\
Examples:
  warp serve site.warp --listen 0.0.0.0:80
  warp serve --origin http://127.0.0.1:8000

The policy file is watched: save it, and the next request is answered by what it says now. A broken
file changes nothing; `warp status` shows what is wrong with it. SIGHUP reads it again, too.")]
pub(super) struct Arguments {
    /// The policy file; without one, the built-in policy stands before --origin
    policy: Option<PathBuf>,

    #[command(flatten)]
    sockets: Sockets,

    /// The backend named `default`, whatever the policy says of its address
    #[arg(long, value_name = "URL", value_parser = values::origin)]
    origin: Option<BackendAddress>,

    /// A name server to ask in place of the system's, as IP:PORT; may be given more than once
    #[arg(long, value_name = "ADDR", value_parser = values::address)]
    resolver: Vec<SocketAddr>,

    /// How much memory stored responses may take
    #[arg(long, value_name = "SIZE", default_value = "256MB", value_parser = values::memory)]
    memory: u64,

    /// How many requests may wait for the fetch of one response; more get 503 at once
    #[arg(long, value_name = "N", default_value = "10000", value_parser = values::at_least_one)]
    max_waiting: usize,

    /// How many of those that cannot share a response ask the backend for it at the same time
    #[arg(long, value_name = "N", default_value = "100", value_parser = values::at_least_one)]
    max_fetches: usize,

    /// How many fetches go on for the store alone after their client has gone away; 0 ends all of them
    #[arg(long, value_name = "N", default_value_t = MOST_ABANDONED)]
    max_abandoned: usize,

    /// How often a request begins again when the policy says `restart`; then it gets 503
    #[arg(long, value_name = "N", default_value = "4")]
    max_restarts: u32,

    /// How often a fetch is made again when the policy says `retry`; then it fails
    #[arg(long, value_name = "N", default_value = "4")]
    max_retries: u32,

    /// How many threads serve [default: one for each core]
    #[arg(long, value_name = "N", value_parser = values::threads)]
    threads: Option<usize>,

    /// The form of the log on stderr and of the access log
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Form::Text)]
    log_format: Form,

    /// Where each request is written: a file, `-` for stdout, or `off`
    #[arg(long, value_name = "PATH", default_value = "off")]
    access_log: PathBuf,
}

/// Where to listen; the same for `serve` and `demo`.
#[derive(Debug, Args)]
pub(super) struct Sockets {
    /// Address for traffic; may be given more than once, port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = values::address)]
    pub(super) listen: Vec<SocketAddr>,

    /// Address of the admin listener, or `off`
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9090", value_parser = values::switch)]
    pub(super) admin: Switch,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

pub(super) fn run(arguments: &Arguments, mut out: Output) -> Result<Outcome, Failure> {
    ended(proxy::serve(options(arguments), move |sockets| {
        // Nobody may be reading; that is no reason not to serve.
        let _ = out.write(&listening::lines(sockets));
    }))
}

/// Shows a broken policy as `warp check` shows it, without the lines of files of data.
pub(super) fn ended(result: Result<(), ServeError>) -> Result<Outcome, Failure> {
    match result {
        Ok(()) => Ok(Outcome::Fine),
        Err(ServeError::Policy(rejected)) => {
            let mut err = Output::stderr();
            err.write(&render::logged(&rejected.diagnostics, &rejected.sources, err.colour()))?;
            remark(&format!("warp: {rejected}"));
            Ok(Outcome::Findings)
        }
        Err(error) => Err(Failure::Serve(error)),
    }
}

fn options(arguments: &Arguments) -> ServeOptions {
    ServeOptions {
        source: PolicySource { path: arguments.policy.clone(), origin: arguments.origin.clone() },
        listen: arguments.sockets.listen.clone(),
        admin: arguments.sockets.admin.address(),
        resolvers: arguments.resolver.clone(),
        memory_bytes: arguments.memory,
        limits: Limits { most_restarts: arguments.max_restarts, most_retries: arguments.max_retries },
        coalescing: Coalescing { most_waiting: arguments.max_waiting, most_fetches: arguments.max_fetches },
        most_abandoned: arguments.max_abandoned,
        threads: arguments.threads,
        log_format: match arguments.log_format {
            Form::Text => LogFormat::Text,
            Form::Json => LogFormat::Json,
        },
        access_log: values::log_target(&arguments.access_log),
    }
}
