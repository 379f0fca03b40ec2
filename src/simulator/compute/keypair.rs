//! Keypairs: they are a user's, not a project's.

use serde_json::{Value, json};

use super::query::{Kind, Names, STRICT};
use super::{Subject, bad_request, forbidden, not_found};
use crate::clock::naive;
use crate::reply::{Answer, Reply};
use crate::world::Key;
use crate::world::compute::Keypair;

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
        let row =
            Key::read(&user).and_then(|user| self.compute().keypairs.get(&(user, name.to_owned())));
        let row =
            row.ok_or_else(|| not_found(&format!("Keypair {name} not found for user {user}")))?;
        let mut view = self.brief_keypair(row);
        view["user_id"] = json!(row.user);
        view["id"] = json!(row.number);
        view["created_at"] = json!(naive(row.created));
        view["updated_at"] = Value::Null;
        view["deleted_at"] = Value::Null;
        view["deleted"] = json!(false);
        Ok(Reply::ok(&json!({"keypair": view})))
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
