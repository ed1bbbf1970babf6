//! What each command asks of the API.

use axum::http::Method;
use parlor_rooms::PeerId;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::client::{Client, Failure};

#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Rooms {
        prefix: Option<String>,
    },
    Show(String),
    Create(NewRoom),
    /// Everybody in a room; who waits; who is banned.
    Members(String),
    Waiting(String),
    Bans(String),
    Act(Act),
    Revoke(String),
    Stats,
}

/// What is answered by nothing but success.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    pub method: Method,
    pub room: String,
    /// In which list of the room, and by which id, name or identity.
    pub somebody: Option<(&'static str, String)>,
    /// What follows in the path.
    pub tail: String,
    pub body: Option<Value>,
    /// What to say once it is done.
    pub said: String,
}

#[derive(Debug, Clone, PartialEq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one room")]
pub struct NewRoom {
    pub name: Option<String>,
    pub permanent: bool,
    pub locked: bool,
    pub waiting_room: bool,
    pub mute_on_entry: bool,
    pub max_members: Option<usize>,
    pub role: Option<String>,
}

/// What came of it: what the server answered, or a sentence where it answers nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Rows under this name of the object.
    Table(&'static str, Value),
    Object(Value),
    Done(String),
}

pub async fn carry_out(client: &Client, command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::Rooms { prefix } => {
            let query = prefix.as_ref().map(|prefix| format!("prefix={}&", escaped(prefix)));
            pages(client, "/rooms", &query.unwrap_or_default(), "rooms").await
        }
        Command::Show(name) => get(client, &room(name)).await.map(Answer::Object),
        Command::Create(wanted) => {
            client.ask(Method::POST, "/rooms", Some(&wanted.body())).await.map(Answer::Object)
        }
        Command::Members(name) => {
            pages(client, &format!("{}/members", room(name)), "", "members").await
        }
        Command::Waiting(name) => list(client, name, "waiting").await,
        Command::Bans(name) => list(client, name, "bans").await,
        Command::Stats => get(client, "/stats").await.map(Answer::Object),
        Command::Act(act) => act.carry_out(client).await,
        Command::Revoke(jti) => {
            client.ask(Method::DELETE, &format!("/tokens/{}", escaped(jti)), None).await?;
            Ok(Answer::Done(format!("{jti} opens nothing any more")))
        }
    }
}

impl Act {
    async fn carry_out(&self, client: &Client) -> Result<Answer, Failure> {
        let mut path = room(&self.room);
        if let Some((list, given)) = &self.somebody {
            path += &format!("/{list}/{}", find(client, &self.room, list, given).await?);
        }
        path += &self.tail;
        client.ask(self.method.clone(), &path, self.body.as_ref()).await?;
        Ok(Answer::Done(self.said.clone()))
    }
}

impl NewRoom {
    fn body(&self) -> Value {
        let mut rules = Map::new();
        let switches = [
            ("permanent", self.permanent),
            ("locked", self.locked),
            ("waiting_room", self.waiting_room),
            ("mute_on_entry", self.mute_on_entry),
        ];
        // What is not said stays as the configuration of the server has it.
        rules.extend(
            switches.into_iter().filter(|(_, on)| *on).map(|(key, on)| (key.into(), on.into())),
        );
        rules.extend(self.max_members.map(|max| ("max_members".into(), max.into())));
        rules.extend(self.role.clone().map(|role| ("role".into(), role.into())));
        let mut body = json!({ "rules": rules });
        self.name.iter().for_each(|name| body["name"] = json!(name));
        body
    }
}

async fn get(client: &Client, path: &str) -> Result<Value, Failure> {
    client.ask(Method::GET, path, None).await
}

async fn list(client: &Client, name: &str, what: &'static str) -> Result<Answer, Failure> {
    let answer = get(client, &format!("{}/{what}", room(name))).await?;
    Ok(Answer::Table(what, answer))
}

/// All pages as one.
async fn pages(
    client: &Client,
    path: &str,
    query: &str,
    what: &'static str,
) -> Result<Answer, Failure> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut page = get(client, &format!("{path}?{query}limit=500{cursor}")).await?;
        if let Some(more) = page[what].as_array_mut() {
            rows.append(more);
        }
        cursor = match &page["next"] {
            Value::String(next) => format!("&cursor={}", escaped(next)),
            Value::Number(next) => format!("&cursor={next}"),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                return Ok(Answer::Table(what, json!({ what: rows })));
            }
        };
    }
}

/// The id of somebody who is given by it, by name or by identity.
async fn find(
    client: &Client,
    name: &str,
    what: &'static str,
    given: &str,
) -> Result<String, Failure> {
    if PeerId::parse(given).is_some() {
        return Ok(given.into());
    }
    let answer = match what {
        "members" => pages(client, &format!("{}/members", room(name)), "", what).await?,
        _ => list(client, name, what).await?,
    };
    let Answer::Table(_, table) = answer else { return Ok(given.into()) };
    let rows = table[what].as_array().into_iter().flatten();
    let mut fits = rows.filter(|row| row["name"] == given || row["identity"] == given);
    match (fits.next().and_then(|row| row["peer"].as_str()), fits.next()) {
        (Some(peer), None) => Ok(peer.into()),
        (Some(_), Some(_)) => Err(Failure(format!("more than one is called {given}; give the id"))),
        (None, _) => Err(Failure(format!("nobody in {name} is called {given}"))),
    }
}

fn room(name: &str) -> String {
    format!("/rooms/{}", escaped(name))
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
