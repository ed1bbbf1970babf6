//! What a setting is called in a file, in the environment and as a flag.

use super::settings::{SETTINGS, Setting};
use super::value::Shape;

impl Setting {
    /// `PARLOR_LIMITS_MAX_ROOMS`
    pub fn variable(&self) -> String {
        format!("PARLOR_{}", self.key.to_ascii_uppercase().replace('.', "_"))
    }

    /// `--limits-max-rooms`. One flag is one value, so lists are named in the singular.
    pub fn flag(&self) -> String {
        let name = format!("--{}", self.key.replace(['.', '_'], "-"));
        match self.shape {
            Shape::Many => {
                let endings = [("sses", "ss"), ("ies", "y"), ("s", "")];
                let singular = endings
                    .iter()
                    .find_map(|(many, one)| Some(format!("{}{one}", name.strip_suffix(many)?)));
                singular.unwrap_or(name)
            }
            Shape::Switch | Shape::One => name,
        }
    }

    pub fn doc(&self) -> &'static str {
        self.doc.trim()
    }

    /// Whether settings begin with this and a dot.
    pub fn is_section(name: &str) -> bool {
        let rest = |setting: &Self| Some(setting.key.strip_prefix(name)?.starts_with('.'));
        SETTINGS.iter().any(|setting| rest(setting) == Some(true))
    }

    pub fn find(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::collections::HashSet;

    #[test]
    fn every_key_variable_and_flag_is_unique() {
        let keys: HashSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        let variables: HashSet<_> = SETTINGS.iter().map(Setting::variable).collect();
        let flags: HashSet<_> = SETTINGS.iter().map(Setting::flag).collect();
        assert_eq!([keys.len(), variables.len(), flags.len()], [SETTINGS.len(); 3]);
    }

    #[test]
    fn every_default_is_a_value_that_its_own_range_takes() {
        for setting in SETTINGS {
            let shown = (setting.show)(&Config::default());
            let file = format!("value = {shown}");
            let raw = crate::config::file::entries(&file).unwrap().remove(0).raw;
            let mut config = Config::default();
            assert_eq!((setting.read)(&raw, &mut config), Ok(()), "{} = {shown}", setting.key);
            assert_eq!(config, Config::default(), "{}", setting.key);
        }
    }

    #[test]
    fn names_follow_from_the_key() {
        let rooms = Setting::find("limits.max_rooms").unwrap();
        assert_eq!(rooms.variable(), "PARLOR_LIMITS_MAX_ROOMS");
        assert_eq!(rooms.flag(), "--limits-max-rooms");
        assert_eq!(Setting::find("allow_origins").unwrap().flag(), "--allow-origin");
        let proxies = Setting::find("limits.trusted_proxies").unwrap();
        assert_eq!(proxies.flag(), "--limits-trusted-proxy");
        assert_eq!(Setting::find("ice.servers").unwrap().flag(), "--ice-server");
        assert_eq!(Setting::find("external_addresses").unwrap().flag(), "--external-address");
    }
}
