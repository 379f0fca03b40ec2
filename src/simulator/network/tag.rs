//! Tags, which all nouns have in the same way.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::write::{Pen, Written, noun_of};
use super::{Asker, error, forbidden, invalid, unknown_path};
use crate::reply::{Answer, Reply};

/// How many a thing has at most.
const MOST: usize = 50;

/// Whether a path is to the tags of something that has any.
pub(super) fn is_of(path: &[&str]) -> bool {
    matches!(path, [noun, _, "tags"] | [noun, _, "tags", _] if noun_of(noun).is_some())
}

/// `…/tags`, and `…/tags/{tag}` which only says whether it is there.
pub(super) fn read(asker: &Asker<'_>, path: &[&str]) -> Answer {
    let [noun, id, _, tag @ ..] = path else {
        return Err(unknown_path());
    };
    let noun = noun_of(noun).ok_or_else(unknown_path)?;
    let (id, _) = (noun.find)(asker, id)?;
    let row = (noun.show)(asker, id)?;
    let tags = row["tags"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    match tag {
        [tag, ..] if tags.iter().any(|own| own == tag) => Ok(Reply::empty(StatusCode::NO_CONTENT)),
        [tag, ..] => Err(missing(tag)),
        [] => Ok(Reply::ok(&json!({"tags": tags}))),
    }
}

pub(super) fn missing(tag: &str) -> Reply {
    let message = format!("Tag {tag} could not be found.");
    error(StatusCode::NOT_FOUND, "TagNotFound", &message)
}

pub(super) fn write(pen: &mut Pen<'_>, noun: &Written, id: &str, tag: &[&str]) -> Answer {
    // What is not there is not looked for well.
    let (id, owner) = (noun.find)(&pen.asker(), id).map_err(|_| super::failure())?;
    let action = match pen.call.method {
        Method::DELETE => "delete",
        Method::POST => "create",
        _ => "update",
    };
    let said = match (action, tag) {
        ("delete", _) => Vec::new(),
        (_, [tag]) => vec![(*tag).to_owned()],
        _ => given(&pen.call.json())?,
    };
    if !pen.may_change(owner) {
        return Err(forbidden(&format!("{action}_{}:tags", noun.member)));
    }
    let now = pen.call.now;
    let standard = noun.standard.and_then(|of| of(pen.network_mut(), id));
    let standard = standard.ok_or_else(super::unknown_path)?;
    match (action, tag) {
        ("delete", []) => standard.tags.clear(),
        ("delete", [tag, ..]) => {
            let place = standard.tags.iter().position(|own| own == tag);
            standard.tags.remove(place.ok_or_else(|| missing(tag))?);
        }
        ("update", []) => standard.tags.clone_from(&said),
        _ => {
            let new = said.iter().filter(|tag| !standard.tags.contains(tag));
            let new: Vec<String> = new.cloned().collect();
            standard.tags.extend(new);
        }
    }
    standard.tags.sort_unstable();
    standard.touch(now);
    Ok(match (action, tag) {
        ("delete", _) => Reply::empty(StatusCode::NO_CONTENT),
        (_, [_, ..]) => Reply::json(StatusCode::CREATED, &Value::Null),
        ("create", _) => Reply::ok(&json!({"tags": said})),
        _ => Reply::ok(&json!({"tags": standard.tags})),
    })
}

/// The tags of a body.
fn given(body: &Value) -> Result<Vec<String>, Reply> {
    let tags = body.get("tags");
    let tags = tags.ok_or_else(|| invalid("Invalid tags body."))?;
    let Value::Array(tags) = tags else {
        let shown = super::attribute::shown(tags);
        return Err(invalid(&format!("'{shown}' is not a list.")));
    };
    let mut read: Vec<String> = Vec::new();
    for tag in tags {
        let Value::String(tag) = tag else {
            let shown = super::attribute::shown(tag);
            return Err(invalid(&format!("'{shown}' is not a valid string.")));
        };
        if tag.chars().count() > 255 {
            return Err(invalid(&format!("'{tag}' exceeds maximum length of 255.")));
        }
        if read.contains(tag) {
            return Err(invalid(&format!("Duplicate items in the list: '{tag}'.")));
        }
        read.push(tag.clone());
    }
    if read.len() > MOST {
        let message = format!(
            "Bad resource request: The number of tags exceed the per-resource limit of {MOST}."
        );
        return Err(error(StatusCode::BAD_REQUEST, "BadRequest", &message));
    }
    Ok(read)
}
