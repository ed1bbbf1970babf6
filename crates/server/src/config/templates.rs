//! How rooms are made: the tables `[room_templates.NAME]` of the file, and the settings that name them.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use parlor_rooms::{Role, RoomName, Rules};

use super::value::{Raw, Value, Word, Wrong, quoted};
use super::words::RoomPattern;
use super::{Config, Mistake, Sources};

/// Tables of this name hold templates.
const TABLE: &str = "room_templates.";
const KEYS: &str = "waiting_room, locked, mute_on_entry, creator_owns, max_members, role and rooms";

/// By their names, which the file makes up.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Templates(BTreeMap<String, Template>);

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Template {
    pub rules: Rules,
    /// The ad-hoc rooms that are made by it.
    rooms: Vec<Pattern>,
}

/// The name of a room, the beginning of names, or all.
#[derive(Debug, Clone, PartialEq)]
struct Pattern(RoomPattern);

impl Templates {
    /// Takes an entry of the file; `None` if it belongs to no template.
    pub fn take(&mut self, key: &str, raw: &Raw) -> Option<Result<(), String>> {
        let rest = key.strip_prefix(TABLE)?;
        let Some((name, field)) = rest.rsplit_once('.') else {
            // A template with nothing in it.
            self.0.entry(rest.into()).or_default();
            return Some(if *raw == Raw::EmptyTable { Ok(()) } else { Err(unknown(key)) });
        };
        let template = self.0.entry(name.into()).or_default();
        Some(template.set(key, field, raw))
    }

    pub fn get(&self, name: &str) -> Option<&Template> {
        self.0.get(name)
    }

    /// That of an ad-hoc room: a template that names it counts more than one that names a beginning, and a longer one more than a shorter.
    pub fn of_room(&self, room: &RoomName) -> Option<&Template> {
        let fits = |template: &Template| {
            let fitting = template.rooms.iter().filter(|pattern| pattern.0.fits(room));
            fitting.map(Pattern::weight).max()
        };
        let fitting = self.0.values().filter_map(|template| Some((fits(template)?, template)));
        fitting.max_by_key(|(weight, _)| *weight).map(|(_, template)| template)
    }

    /// As in the file.
    pub fn show(&self) -> String {
        let mut text = String::new();
        for (name, Template { rules, rooms }) in &self.0 {
            _ = writeln!(text, "\n[{TABLE}{}]", quoted(name));
            _ = writeln!(text, "waiting_room = {}\nlocked = {}", rules.waiting_room, rules.locked);
            _ = writeln!(text, "mute_on_entry = {}", rules.mute_on_entry);
            _ = writeln!(text, "creator_owns = {}", rules.creator_owns);
            _ = writeln!(text, "max_members = {}", rules.max_members.unwrap_or(0));
            _ = writeln!(text, "role = \"{}\"\nrooms = {}", rules.role.word(), rooms.show());
        }
        text
    }
}

impl Template {
    fn set(&mut self, key: &str, field: &str, raw: &Raw) -> Result<(), String> {
        let rules = &mut self.rules;
        match field {
            "waiting_room" => read(key, raw).map(|on| rules.waiting_room = on),
            "locked" => read(key, raw).map(|on| rules.locked = on),
            "mute_on_entry" => read(key, raw).map(|on| rules.mute_on_entry = on),
            "creator_owns" => read(key, raw).map(|on| rules.creator_owns = on),
            "max_members" => read(key, raw).map(|max| rules.max_members = (max > 0).then_some(max)),
            "role" => read(key, raw).map(|GivenRole(role)| rules.role = role),
            "rooms" => read(key, raw).map(|rooms| self.rooms = rooms),
            _ => Err(unknown(key)),
        }
    }
}

fn read<T: Value>(key: &str, raw: &Raw) -> Result<T, String> {
    T::parse(raw).map_err(|wrong| match wrong {
        Wrong::Kind => format!("{key} must be {}, not {raw}", T::expected()),
        Wrong::Because(why) => format!("{key}: {why}"),
    })
}

fn unknown(key: &str) -> String {
    format!("{} is not a setting; a template has {KEYS}", quoted(key))
}

impl Pattern {
    fn weight(&self) -> (bool, usize) {
        match &self.0 {
            RoomPattern::Exactly(name) => (true, name.len()),
            RoomPattern::StartsWith(beginning) => (false, beginning.len()),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            RoomPattern::Exactly(name) => f.write_str(name),
            RoomPattern::StartsWith(beginning) => write!(f, "{beginning}*"),
        }
    }
}

impl Word for Pattern {
    const PLACEHOLDER: &'static str = "ROOM";

    fn expected() -> String {
        "the name of a room, or the beginning of names followed by *, such as club-*".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if text == "*" {
            return Ok(Self(RoomPattern::StartsWith(String::new())));
        }
        let (name, is_beginning) = match text.strip_suffix('*') {
            Some(name) => (name, true),
            None => (text, false),
        };
        RoomName::parse(name).map_err(|_| Wrong::Kind)?;
        Ok(Self(if is_beginning {
            RoomPattern::StartsWith(name.into())
        } else {
            RoomPattern::Exactly(name.into())
        }))
    }
}

/// What those are whose token names no role.
struct GivenRole(Role);

impl fmt::Display for GivenRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.word())
    }
}

impl Word for GivenRole {
    const PLACEHOLDER: &'static str = "ROLE";

    fn expected() -> String {
        format!("one of {}", Role::EVERY.map(Role::word).join(", "))
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        Role::parse(text).map(Self).ok_or(Wrong::Kind)
    }
}

/// A room that is there from the start: its name, and with a colon the template that it is made by.
#[derive(Debug, Clone, PartialEq)]
pub struct PermanentRoom {
    pub room: RoomName,
    pub template: Option<String>,
}

impl fmt::Display for PermanentRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.room.as_str())?;
        self.template.as_ref().map_or(Ok(()), |template| write!(f, ":{template}"))
    }
}

impl Word for PermanentRoom {
    const PLACEHOLDER: &'static str = "ROOM[:TEMPLATE]";

    fn expected() -> String {
        "the name of a room, such as lobby, or with a template, such as club:meeting".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        let (name, template) = match text.rsplit_once(':') {
            Some((name, template)) => (name, Some(template.to_owned())),
            None => (text, None),
        };
        let room = RoomName::parse(name).map_err(|_| Wrong::Kind)?;
        Ok(Self { room, template })
    }
}

/// Templates that are named and not there.
pub fn broken(config: &Config, sources: &Sources) -> Vec<Mistake> {
    let named = config.rooms.permanent.iter().filter_map(|room| room.template.as_ref());
    let missing = named.filter(|name| config.room_templates.get(name).is_none());
    let mistake = |name: &String| {
        let text =
            format!("rooms.permanent names {}, but there is no [{TABLE}{name}]", quoted(name));
        Mistake::new(sources.of("rooms.permanent").clone(), text)
    };
    missing.map(mistake).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn templates(entries: &[(&str, Raw)]) -> (Templates, Vec<String>) {
        let mut templates = Templates::default();
        let taken = entries.iter().filter_map(|(key, raw)| templates.take(key, raw));
        let wrong = taken.filter_map(Result::err).collect();
        (templates, wrong)
    }

    fn rooms(patterns: &[&str]) -> Raw {
        Raw::List(patterns.iter().map(|text| Raw::Text((*text).into())).collect())
    }

    #[test]
    fn a_room_is_made_by_the_template_that_names_it_most_exactly() {
        let (templates, wrong) = templates(&[
            ("room_templates.any.rooms", rooms(&["*"])),
            ("room_templates.any.max_members", Raw::Integer(2)),
            ("room_templates.club.rooms", rooms(&["club-*", "lobby"])),
            ("room_templates.club.waiting_room", Raw::Switch(true)),
            ("room_templates.club.role", Raw::Text("listener".into())),
            ("room_templates.seven.rooms", rooms(&["club-7"])),
            ("room_templates.unused", Raw::EmptyTable),
        ]);
        assert_eq!(wrong, [""; 0]);
        let of = |name| templates.of_room(&RoomName::parse(name).unwrap()).unwrap().rules.clone();
        assert_eq!(of("elsewhere").max_members, Some(2));
        assert!(of("club-8").waiting_room && of("lobby").waiting_room);
        assert_eq!(of("club-8").role, Role::Listener);
        assert_eq!(of("club-7"), Rules::default());
        assert_eq!(templates.get("unused").unwrap().rules, Rules::default());
        let shown = templates.show();
        assert!(shown.contains("rooms = [\"club-*\", \"lobby\"]\n"), "{shown}");
    }

    #[test]
    fn every_mistake_is_told() {
        let (_, wrong) = templates(&[
            ("room_templates.a.waiting_room", Raw::Text("yes".into())),
            ("room_templates.a.role", Raw::Text("king".into())),
            ("room_templates.a.rooms", rooms(&[""])),
            ("room_templates.a.colour", Raw::Text("red".into())),
            ("room_templates.b", Raw::Integer(1)),
        ]);
        assert_eq!(wrong.len(), 5);
        assert_eq!(wrong[0], "room_templates.a.waiting_room must be true or false, not \"yes\"");
        assert!(wrong[3].contains("a template has waiting_room"), "{}", wrong[3]);
        assert!(Templates::default().take("rooms.grace", &Raw::Integer(1)).is_none());
    }

    #[test]
    fn a_permanent_room_may_name_a_template() {
        let read = |text| PermanentRoom::read(text).unwrap();
        assert_eq!(read("lobby").template, None);
        assert_eq!(read("club:meeting").template.as_deref(), Some("meeting"));
        assert_eq!(read("a:b:c").room.as_str(), "a:b");
        assert_eq!(PermanentRoom::read(":meeting"), Err(Wrong::Kind));
    }
}
