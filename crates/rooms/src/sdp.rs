//! What a session description (RFC 8866) would send and receive, read only as far as permissions need it.

use crate::permissions::{Permission, Permissions};
use crate::refusal::Refusal;

/// Media sections of one description: a browser makes about one for each track that it sends or receives.
pub const MAX_SECTIONS: usize = 512;

/// What one description asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Wanted {
    sends_audio: bool,
    sends_video: bool,
    receives: bool,
    data: bool,
}

#[derive(Clone, Copy, Debug)]
struct Section {
    kind: Kind,
    /// Refused by port zero, as long as it is not bundled with another one (RFC 9143, section 6).
    has_no_port: bool,
    is_bundled: bool,
    sends: bool,
    receives: bool,
    has_direction: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Audio,
    Video,
    Data,
}

#[derive(Clone, Copy)]
struct Direction {
    sends: bool,
    receives: bool,
}

/// Whether somebody with these permissions may describe its session like this.
pub fn permit(sdp: &str, permissions: Permissions) -> Result<(), Refusal> {
    let wanted = read(sdp)?;
    let any = |wanted: bool, allowed: &[Permission]| match allowed {
        [first, ..] if wanted && !allowed.iter().any(|one| permissions.has(*one)) => {
            Err(Refusal::Lacks(*first))
        }
        _ => Ok(()),
    };
    any(wanted.sends_audio, &[Permission::Microphone, Permission::Screen])?;
    any(wanted.sends_video, &[Permission::Camera, Permission::Screen])?;
    any(wanted.receives, &[Permission::Subscribe])?;
    // A data channel has no direction: whoever may give or take needs one.
    any(wanted.data, &[Permission::Message, Permission::Subscribe])
}

fn read(sdp: &str) -> Result<Wanted, Refusal> {
    let mut wanted = Wanted::default();
    let mut session = None;
    let mut section: Option<Section> = None;
    let mut sections = 0;
    for line in sdp.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.contains('\r') {
            // Some readers end a line here and others don't, so nobody could say what this one means.
            return Err(Refusal::BadDescription);
        }
        if let Some(media) = line.strip_prefix("m=") {
            sections += 1;
            if sections > MAX_SECTIONS {
                return Err(Refusal::TooManySections);
            }
            wanted.take(section.replace(Section::begin(media)), session);
        } else if let Some(attribute) = line.strip_prefix("a=") {
            match &mut section {
                Some(section) => section.note(attribute),
                None => session = direction(attribute).or(session),
            }
        }
    }
    wanted.take(section, session);
    Ok(wanted)
}

impl Wanted {
    fn take(&mut self, section: Option<Section>, session: Option<Direction>) {
        let Some(section) = section.filter(|one| !one.has_no_port || one.is_bundled) else {
            return;
        };
        // Without a word about it, both (RFC 8866, section 6.7).
        let default = session.unwrap_or(Direction { sends: true, receives: true });
        let (sends, receives) = if section.has_direction {
            (section.sends, section.receives)
        } else {
            (default.sends, default.receives)
        };
        match section.kind {
            Kind::Audio => self.sends_audio |= sends,
            Kind::Video => self.sends_video |= sends,
            Kind::Data => self.data = true,
        }
        self.receives |= receives && section.kind != Kind::Data;
    }
}

impl Section {
    fn begin(media: &str) -> Self {
        let mut words = media.split(' ');
        let (kind, port) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        Self {
            kind: if kind.eq_ignore_ascii_case("audio") {
                Kind::Audio
            } else if kind.eq_ignore_ascii_case("video") {
                Kind::Video
            } else {
                Kind::Data
            },
            has_no_port: port == "0",
            is_bundled: false,
            sends: false,
            receives: false,
            has_direction: false,
        }
    }

    /// Of contradicting directions all count.
    fn note(&mut self, attribute: &str) {
        self.is_bundled |= attribute == "bundle-only";
        if let Some(direction) = direction(attribute) {
            self.has_direction = true;
            self.sends |= direction.sends;
            self.receives |= direction.receives;
        }
    }
}

fn direction(attribute: &str) -> Option<Direction> {
    let (sends, receives) = match attribute {
        "sendrecv" => (true, true),
        "sendonly" => (true, false),
        "recvonly" => (false, true),
        "inactive" => (false, false),
        _ => return None,
    };
    Some(Direction { sends, receives })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::Role;

    fn judge(permissions: Permissions, lines: &[&str]) -> Result<(), Refusal> {
        permit(&(lines.join("\r\n") + "\r\n"), permissions)
    }

    const AUDIO: &str = "m=audio 9 UDP/TLS/RTP/SAVPF 111";
    const VIDEO: &str = "m=video 9 UDP/TLS/RTP/SAVPF 96";
    const DATA: &str = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel";

    #[test]
    fn what_is_sent_must_be_permitted_and_the_refusal_names_it() {
        let listener = Role::Listener.permissions();
        let microphone = Err(Refusal::Lacks(Permission::Microphone));
        let camera = Err(Refusal::Lacks(Permission::Camera));
        assert_eq!(judge(listener, &["v=0", AUDIO, "a=sendrecv"]), microphone);
        assert_eq!(judge(listener, &["v=0", AUDIO, "a=sendonly"]), microphone);
        assert_eq!(judge(listener, &["v=0", VIDEO, "a=sendonly"]), camera);
        assert_eq!(judge(listener, &["v=0", AUDIO, "a=recvonly", VIDEO]), camera);
        assert_eq!(judge(Role::Speaker.permissions(), &[AUDIO, VIDEO, DATA]), Ok(()));
    }

    #[test]
    fn a_listener_may_answer_and_keep_what_is_off() {
        let listener = Role::Listener.permissions();
        assert_eq!(judge(listener, &[AUDIO, "a=recvonly", VIDEO, "a=recvonly", DATA]), Ok(()));
        assert_eq!(judge(listener, &[AUDIO, "a=inactive", VIDEO, "a=inactive"]), Ok(()));
        assert_eq!(judge(listener, &["m=audio 0 UDP/TLS/RTP/SAVPF 0", "a=sendrecv"]), Ok(()));
        assert_eq!(judge(listener, &["v=0", "a=recvonly", AUDIO, VIDEO]), Ok(()));
        assert_eq!(judge(listener, &[]), Ok(()));
    }

    #[test]
    fn a_screen_may_have_sound_and_either_permission_will_do() {
        let screen = Permissions::of(&[Permission::Screen]);
        assert_eq!(judge(screen, &[AUDIO, "a=sendonly", VIDEO, "a=sendonly"]), Ok(()));
        let microphone = Permissions::of(&[Permission::Microphone]);
        assert_eq!(judge(microphone, &[AUDIO, "a=sendonly"]), Ok(()));
        let refused = judge(microphone, &[VIDEO, "a=sendonly"]);
        assert_eq!(refused, Err(Refusal::Lacks(Permission::Camera)));
    }

    #[test]
    fn receiving_and_data_are_permitted_too() {
        let deaf = Permissions::of(&[Permission::Microphone]);
        let subscribe = Err(Refusal::Lacks(Permission::Subscribe));
        assert_eq!(judge(deaf, &[AUDIO, "a=sendrecv"]), subscribe);
        assert_eq!(judge(deaf, &[DATA]), Err(Refusal::Lacks(Permission::Message)));
        assert_eq!(judge(deaf.with(Permission::Message), &[DATA]), Ok(()));
    }

    #[test]
    fn tricks_do_not_hide_what_is_sent() {
        let listener = Role::Listener.permissions();
        let microphone = Err(Refusal::Lacks(Permission::Microphone));
        let bundled = ["m=audio 0 UDP/TLS/RTP/SAVPF 0", "a=bundle-only", "a=sendonly"];
        assert_eq!(judge(listener, &bundled), microphone);
        assert_eq!(judge(listener, &[AUDIO, "a=inactive", "a=sendrecv"]), microphone);
        assert_eq!(judge(listener, &[AUDIO, "a=SENDONLY"]), microphone);
        assert_eq!(judge(listener, &["m=AUDIO 9 RTP 0"]), microphone);
        assert_eq!(permit("m=audio 9 RTP 0\na=sendonly", listener), microphone);
        let ambiguous = permit("m=audio 9 RTP 0\ra=inactive\r\n", listener);
        assert_eq!(ambiguous, Err(Refusal::BadDescription));
        let many = "m=audio 9 RTP 0\na=recvonly\n".repeat(MAX_SECTIONS + 1);
        assert_eq!(permit(&many, Permissions::ALL), Err(Refusal::TooManySections));
    }
}
