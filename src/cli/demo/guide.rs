//! What the demo prints: where things are, what to ask for, what to edit.

use std::fmt;
use std::net::SocketAddr;

use super::PolicyFile;
use crate::proxy::Listening;

/// The text for these sockets and this policy file.
pub(super) struct Guide<'a> {
    pub(super) sockets: &'a Listening,
    pub(super) origin: SocketAddr,
    pub(super) policy: &'a PolicyFile,
}

impl fmt::Display for Guide<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.places(f)?;
        if let Some(proxy) = self.sockets.traffic.first() {
            requests(*proxy, f)?;
        }
        self.edits(f)
    }
}

impl Guide<'_> {
    fn places(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.policy.path.display();
        let state = if self.policy.kept { "was here already, and is left as it is" } else { "written just now" };
        writeln!(f, "\nThe site counts what it is asked: http://{}", self.origin)?;
        writeln!(f, "The policy before it is {file} ({state}).")?;
        if let Some(admin) = self.sockets.admin {
            writeln!(f, "The running proxy tells about itself at http://{admin}/status and /metrics.")?;
        }
        Ok(())
    }

    fn edits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.policy.path.display();
        writeln!(f, "\nEdit {file} while this runs, and save:")?;
        writeln!(f, "  the text of X-Greeting       is on the next response, stored pages included")?;
        writeln!(f, "  `ttl 30s` -> `ttl 2s`        what is stored from now on is fresh for two seconds")?;
        writeln!(f, "  take out a `;`               the old policy serves on; the mistake is shown here")?;
        if let Some(admin) = self.sockets.admin {
            writeln!(f, "                               and by: warp status --admin {admin}")?;
        }
        writeln!(f, "\nCtrl-C ends the demo.")
    }
}

fn requests(proxy: SocketAddr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "\nAsk, twice each, and look at Cache-Status, Age and X-Origin-Count:")?;
    let rows = [
        ("", "/", "a page: the second answer comes from the cache"),
        ("", "/?utm_source=ad", "the same page: the parameter is dropped"),
        ("", "/slow", "a second from the site, nothing from the cache"),
        ("", "/images/logo.svg", "kept for an hour, its cookie is taken off"),
        ("", "/api/session", "passed each time: it sets a cookie"),
        ("", "/.env", "refused by the policy itself"),
        ("-X PURGE ", "/", "forget the page"),
    ];
    for (flags, path, why) in rows {
        let command = format!("curl -i {flags}'http://{proxy}{path}'");
        writeln!(f, "  {command:<58} {why}")?;
    }
    Ok(())
}
