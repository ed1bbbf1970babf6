//! How rooms come to be, by the configuration: which are always there, and by which rules the others are made.

use std::sync::Arc;

use parlor_rooms::{Admission, RoomName, Rooms, Rules, Timestamp};

use crate::config::{AdHocRooms, Config, PermanentRoom, Template, Templates};

pub struct Houses {
    ad_hoc: AdHocRooms,
    permanent: Vec<PermanentRoom>,
    templates: Templates,
    default: Arc<Rules>,
}

impl Houses {
    pub fn new(config: &Config) -> Self {
        Self {
            ad_hoc: config.rooms.ad_hoc,
            permanent: config.rooms.permanent.clone(),
            templates: config.room_templates.clone(),
            default: Arc::default(),
        }
    }

    /// What an admission has to say of the room, if it is not there.
    pub fn complete(&self, admission: &mut Admission, room: &RoomName, has_token: bool) {
        admission.may_create &= match self.ad_hoc {
            AdHocRooms::All => true,
            AdHocRooms::None => false,
            AdHocRooms::Tokens => has_token,
        };
        let template = self.templates.of_room(room);
        admission.rules = template
            .map_or_else(|| Arc::clone(&self.default), |template| Arc::new(template.rules.clone()));
    }

    /// To be called for each new engine.
    pub fn open(&self, engine: &mut Rooms, now: Timestamp) {
        for PermanentRoom { room, template } in &self.permanent {
            let template = template.as_ref().and_then(|name| self.templates.get(name));
            let template = template.or_else(|| self.templates.of_room(room));
            let rules = template.map(|Template { rules, .. }| rules.clone());
            engine.handle_open(room.clone(), rules.unwrap_or_default(), now);
        }
    }
}
