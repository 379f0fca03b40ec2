//! Keypairs: they are a user's, not a project's.

use http::StatusCode;
use serde_json::{Value, json};

use super::query::{Kind, Names, STRICT};
use super::schema::{self, Schemas};
use super::writer::Writer;
use super::{Subject, bad_request, conflict, done, forbidden, forbidden_because, not_found};
use crate::clock::naive;
use crate::reply::{Answer, Reply};
use crate::world::compute::Keypair;
use crate::world::{Key, World};
use crate::{base64, md5};

const QUERY: Names = Names {
    names: &[
        ("user_id", Kind::Any),
        ("limit", Kind::Number),
        ("marker", Kind::Any),
    ],
    once: false,
    closed_from: STRICT,
};
const ONE: Names = Names {
    names: &[("user_id", Kind::Any)],
    once: false,
    closed_from: STRICT,
};
/// The microversion from which lists are paged.
const PAGED: u32 = 35;
/// The microversion from which keys are made by those who use them.
const IMPORTED: u32 = 92;

static SCHEMAS: Schemas = Schemas::new(|| schema::read(include_str!("schema/keypair.json")));

impl Subject<'_> {
    pub(super) fn keypairs(&self) -> Answer {
        let is_paged = self.version.is(PAGED);
        if is_paged {
            self.check(QUERY)?;
        }
        let user = self.keypair_user("index")?;
        let user = Key::read(&user);
        let rows = self.compute().keypairs.values();
        let mut rows: Vec<&Keypair> = rows.filter(|row| Some(row.user) == user).collect();
        rows.sort_by(|one, other| one.name.cmp(&other.name));
        let mut links = None;
        if is_paged {
            let page = self.page(
                rows,
                |row, marker| row.name == marker,
                |marker| bad_request(&format!("Marker {marker} could not be found.")),
            )?;
            let last = page.rows.last().filter(|_| page.is_full);
            links = last.map(|last| self.next_link("os-keypairs", QUERY, &last.name));
            rows = page.rows;
        }
        let rows: Vec<Value> = rows
            .into_iter()
            .map(|row| json!({"keypair": self.brief_keypair(row)}))
            .collect();
        let mut body = json!({"keypairs": rows});
        if let Some(links) = links {
            body["keypairs_links"] = json!(links);
        }
        Ok(Reply::ok(&body))
    }

    pub(super) fn keypair(&self, name: &str) -> Answer {
        if self.version.is(10) {
            self.check(ONE)?;
        }
        let user = self.keypair_user("show")?;
        let row = self.keypair_of(&user, name)?;
        let mut view = self.brief_keypair(row);
        view["user_id"] = json!(row.user);
        view["id"] = json!(row.number);
        view["created_at"] = json!(naive(row.created));
        view["updated_at"] = Value::Null;
        view["deleted_at"] = Value::Null;
        view["deleted"] = json!(false);
        Ok(Reply::ok(&json!({"keypair": view})))
    }

    fn keypair_of(&self, user: &str, name: &str) -> Result<&Keypair, Reply> {
        let row =
            Key::read(user).and_then(|user| self.compute().keypairs.get(&(user, name.to_owned())));
        row.ok_or_else(|| not_found(&format!("Keypair {name} not found for user {user}")))
    }

    /// Whose keypairs are meant: one's own, unless an admin asks for another's.
    fn keypair_user(&self, rule: &str) -> Result<String, Reply> {
        let own = self.token.user.to_string();
        let mut asked = self
            .call
            .query
            .all("user_id")
            .filter(|_| self.version.is(10));
        let user = asked.next().filter(|user| !user.is_empty());
        let user = user.map_or_else(|| own.clone(), str::to_owned);
        if user != own && !self.token.is_admin() {
            return Err(forbidden(&format!("os_compute_api:os-keypairs:{rule}")));
        }
        Ok(user)
    }

    fn brief_keypair(&self, row: &Keypair) -> Value {
        let mut view = json!({
            "name": row.name,
            "public_key": row.public_key,
            "fingerprint": row.fingerprint,
        });
        super::add(&mut view, self.version.is(2), "type", row.key_type);
        view
    }
}

impl Writer<'_> {
    /// Makes a key, or takes one that its owner made.
    pub(super) fn keypair_create(&mut self) -> Answer {
        let body = self.body()?;
        let schema = if self.version.is(IMPORTED) {
            "create_92"
        } else {
            "create"
        };
        SCHEMAS.check(schema, &body, self.version.minor())?;
        let asked = &body["keypair"];
        let name = asked["name"].as_str().unwrap_or_default().trim().to_owned();
        let key_type = match asked["type"].as_str() {
            Some("x509") => "x509",
            _ => "ssh",
        };
        let own = self.token.user.to_string();
        let user = asked["user_id"].as_str().unwrap_or(&own);
        if user != own && !self.token.is_admin() {
            return Err(forbidden("os_compute_api:os-keypairs:create"));
        }
        // Nova keeps keys of users that it has never heard of.
        let user = Key::read(user).unwrap_or(self.token.user);
        let compute = &self.region().compute;
        let owned = compute.keypairs.values().filter(|row| row.user == user);
        let limit = self.token.project.map(|project| compute.quota(project));
        let limit = limit.unwrap_or_default().key_pairs;
        let count = i64::try_from(owned.count()).unwrap_or(i64::MAX);
        if (0..=count).contains(&limit) {
            return Err(forbidden_because("Quota exceeded, too many key pairs."));
        }
        let mut private_key = None;
        let public_key = match asked["public_key"].as_str() {
            Some(key) => key.to_owned(),
            None => {
                private_key = Some(new_private_key(self.world));
                new_public_key(self.world)
            }
        };
        let fingerprint = fingerprint(&public_key).ok_or_else(|| {
            bad_request("Keypair data is invalid: failed to generate fingerprint")
        })?;
        let keypairs = &self.region().compute.keypairs;
        if keypairs.contains_key(&(user, name.clone())) {
            return Err(conflict(&format!("Key pair '{name}' already exists.")));
        }
        let keypairs = &mut self.region_mut().compute.keypairs;
        let number = keypairs.values().map(|row| row.number).max();
        let row = Keypair {
            number: number.unwrap_or_default() + 1,
            name: name.clone(),
            user,
            key_type,
            public_key,
            fingerprint,
            created: self.call.now,
        };
        let mut view = self.subject().brief_keypair(&row);
        view["user_id"] = json!(row.user);
        if let Some(key) = private_key {
            view["private_key"] = json!(key);
        }
        self.region_mut().compute.keypairs.insert((user, name), row);
        let status = if self.version.is(2) {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok(Reply::json(status, &json!({"keypair": view})))
    }

    pub(super) fn keypair_delete(&mut self, name: &str) -> Answer {
        let subject = self.subject();
        if self.version.is(10) {
            subject.check(ONE)?;
        }
        let user = subject.keypair_user("delete")?;
        let user = subject.keypair_of(&user, name)?.user;
        let keypairs = &mut self.region_mut().compute.keypairs;
        keypairs.shift_remove(&(user, name.to_owned()));
        Ok(done(if self.version.is(2) {
            StatusCode::NO_CONTENT
        } else {
            StatusCode::ACCEPTED
        }))
    }
}

/// The MD5 of what stands behind the key's type, in pairs of digits; none of what is no key.
fn fingerprint(public_key: &str) -> Option<String> {
    let mut words = public_key.split_whitespace();
    let kind = words.next()?;
    let data = base64::decode(words.next()?)?;
    // What it is a key of stands inside, too: after its length.
    let inside = data.get(4..4 + kind.len())?;
    if inside != kind.as_bytes() || data.len() < 40 {
        return None;
    }
    let digits = md5::hex(&md5::digest(&data));
    let pairs = digits.as_bytes().chunks(2);
    let pairs: Vec<&str> = pairs.filter_map(|pair| str::from_utf8(pair).ok()).collect();
    Some(pairs.join(":"))
}

/// An RSA key of 2048 bits, as far as can be seen.
fn new_public_key(world: &mut World) -> String {
    let mut data = Vec::new();
    let mut add = |part: &[u8]| {
        let length = u32::try_from(part.len()).unwrap_or_default();
        data.extend(length.to_be_bytes());
        data.extend(part);
    };
    add(b"ssh-rsa");
    add(&[1, 0, 1]);
    // The leading zero keeps the number positive.
    let mut modulus = vec![0, 0xc5];
    modulus.extend(noise(world, 255));
    add(&modulus);
    format!("ssh-rsa {} Generated-by-Nova", base64::encode(&data))
}

/// It opens nothing.
fn new_private_key(world: &mut World) -> String {
    let text = base64::encode(&noise(world, 1190));
    let lines = text.as_bytes().chunks(64);
    let lines: Vec<&str> = lines.filter_map(|line| str::from_utf8(line).ok()).collect();
    let lines = lines.join("\n");
    format!("-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----\n")
}

fn noise(world: &mut World, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        bytes.extend(world.dice.uuid().into_bytes());
    }
    bytes.truncate(length);
    bytes
}
