//! What settings demand of each other and of the machine.

use super::settings::Config;
use super::value::Value;
use super::{Mistake, Sources, TokenFile, certificate_rules, templates, token_rules};
use std::path::Path;

pub fn broken(config: &Config, sources: &Sources) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    exposure(config, sources, &mut mistakes);
    ordered(config, sources, &mut mistakes);
    mistakes.extend(certificate_rules::broken(config, sources));
    mistakes.extend(token_rules::broken(config, sources));
    admin(config, sources, &mut mistakes);
    mistakes.extend(templates::broken(config, sources));
    if let Some(folder) = &config.server.web_dir.0 {
        web_folder(folder, sources, &mut mistakes);
    }
    mistakes
}

/// Where rooms are open, nobody beyond this machine gets in before somebody has said so.
fn exposure(config: &Config, sources: &Sources, mistakes: &mut Vec<Mistake>) {
    let server = &config.server;
    // Without addresses of one's own it is the name that opens them.
    let asked = if *sources.of("listen") == super::Source::Default { "domain" } else { "listen" };
    let mut add = |text: String| mistakes.push(Mistake::new(sources.of(asked).clone(), text));
    if server.listen.is_empty() {
        add("listen needs at least one address, such as localhost:8080".into());
    }
    let exposed = server.listen.iter().find(|address| !address.is_loopback());
    if let Some(address) = exposed.filter(|_| !server.open_rooms && !config.tokens.has_keys()) {
        let origin = if config.speaks_tls() {
            ""
        } else {
            ", and --allow-origin https://your.name for the address that people will open"
        };
        add(format!(
            "{address} can be reached from other machines, and rooms are open to anybody who can reach the port; \
             if that is meant, add --open-rooms{origin}; to let in those alone who have a token, set tokens.secret \
             (parlor token --new-secret makes one) or tokens.keys"
        ));
    }
}

fn admin(config: &Config, sources: &Sources, mistakes: &mut Vec<Mistake>) {
    let mut add = |key, text: String| mistakes.push(Mistake::new(sources.of(key).clone(), text));
    let admin = &config.admin;
    match (&admin.token_file.0, admin.token.reveal()) {
        (Some(_), Some(_)) => {
            add("admin.token_file", "admin.token and admin.token_file are both given".into());
        }
        (Some(path), None) => {
            if let Err(why) = TokenFile::token_in(path) {
                add("admin.token_file", format!("admin.token_file: {why}"));
            }
        }
        (None, Some(_) | None) => {}
    }
    if let Some(both) = admin.listen.iter().find(|at| config.server.listen.contains(at)) {
        add("admin.listen", format!("admin.listen: {both} is in listen already"));
    }
}

/// Pairs of which the first must not exceed the second.
fn ordered(config: &Config, sources: &Sources, mistakes: &mut Vec<Mistake>) {
    let limits = &config.limits;
    let rooms = &config.rooms;
    let mut at_most = |low: (&str, String), high: (&str, String), fits: bool| {
        if fits {
            return;
        }
        // The one that somebody wrote is the one to mend.
        let written = [low.0, high.0]
            .map(|key| sources.of(key))
            .into_iter()
            .max_by_key(|source| rank(source));
        let text = format!("{} ({}) must not be more than {} ({})", low.0, low.1, high.0, high.1);
        mistakes.extend(written.map(|source| Mistake::new(source.clone(), text)));
    };
    macro_rules! pair {
        ($low:ident.$low_key:ident <= $high:ident.$high_key:ident) => {
            at_most(
                (
                    concat!(stringify!($low), ".", stringify!($low_key)),
                    $low.$low_key.show().replace('"', ""),
                ),
                (
                    concat!(stringify!($high), ".", stringify!($high_key)),
                    $high.$high_key.show().replace('"', ""),
                ),
                $low.$low_key <= $high.$high_key,
            )
        };
    }
    pair!(limits.messages_per_second <= limits.burst);
    pair!(limits.chat_bytes <= limits.max_frame);
    pair!(limits.message_bytes <= limits.max_frame);
    pair!(limits.sdp_bytes <= limits.max_frame);
    pair!(limits.max_frame <= limits.outbox_bytes);
    pair!(limits.max_frame <= rooms.log_bytes);
    pair!(limits.ping_interval <= limits.idle_timeout);
    pair!(limits.max_half_open_per_address <= limits.max_half_open);
}

fn rank(source: &super::Source) -> u8 {
    match source {
        super::Source::Default => 0,
        super::Source::File { .. } => 1,
        super::Source::Variable(_) => 2,
        super::Source::Flag(_) => 3,
    }
}

fn web_folder(folder: &Path, sources: &Sources, mistakes: &mut Vec<Mistake>) {
    for wanted in ["app", "sdk"] {
        let path = folder.join(wanted);
        if !path.is_dir() {
            let text = format!(
                "web_dir needs a folder {wanted} in it, but there is no {}",
                path.display()
            );
            mistakes.push(Mistake::new(sources.of("web_dir").clone(), text));
        }
    }
}
