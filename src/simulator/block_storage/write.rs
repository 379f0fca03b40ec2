//! Whatever changes Cinder's rows.
//!
//! Cinder's default policy lets everyone in a project write, those too who only read elsewhere.

use std::sync::LazyLock;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::microversion::{Microversion, dressed};
use super::{Subject, bad_request, fault, forbidden, not_found, without_project};
use crate::call::Call;
use crate::compute::schema::{self, Schemas};
use crate::identity::Token;
use crate::reply::{Answer, Reply};
use crate::webob;
use crate::world::block_storage::BlockStorage;
use crate::world::events::Event;
use crate::world::events::block_storage::Change;
use crate::world::{Key, World};

static SCHEMAS: LazyLock<Schemas> =
    LazyLock::new(|| Schemas::new(|| schema::read(include_str!("schema.json"))));

/// Whose change is made, and to what.
pub(super) struct Writer<'a> {
    pub(super) world: &'a mut World,
    pub(super) call: &'a Call,
    pub(super) token: &'a Token,
    pub(super) minor: u16,
    links: String,
    bookmarks: String,
}

pub(super) fn write(world: &mut World, call: &Call) -> Answer {
    let segments = call.segments();
    let ["v3", path @ ..] = segments.as_slice() else {
        return Err(webob::nowhere(call));
    };
    let token = call.token()?;
    let (in_path, path) = without_project(path);
    let own = token.project.map(|id| id.to_string()).unwrap_or_default();
    let behind = in_path.map_or_else(String::new, |_| format!("/{own}"));
    let Some(route) = Route::of(&call.method, path) else {
        return Err(webob::nowhere(call));
    };
    let minor = Microversion::of(call)?.minor;
    if in_path.is_some_and(|project| project != own) {
        return Err(dressed(call, minor, bad_request("Malformed request url")));
    }
    let mut writer = Writer {
        world,
        call,
        token,
        minor,
        links: format!("{}/v3{behind}", call.root),
        bookmarks: format!("{}{behind}", call.root),
    };
    writer
        .go(&route)
        .map(|reply| dressed(call, minor, reply))
        .map_err(|refusal| dressed(call, minor, refusal))
}

/// What is to be done.
enum Route<'p> {
    VolumeCreate,
    VolumeUpdate(&'p str),
    VolumeDelete(&'p str),
    VolumeAct(&'p str),
    Metadata(Noun, &'p str),
    MetadataReplace(Noun, &'p str),
    Metadatum(Noun, &'p str, &'p str),
    MetadatumDelete(Noun, &'p str, &'p str),
    SnapshotCreate,
    SnapshotUpdate(&'p str),
    SnapshotDelete(&'p str),
    SnapshotAct(&'p str),
    BackupCreate,
    BackupUpdate(&'p str),
    BackupDelete(&'p str),
    BackupRestore(&'p str),
    BackupAct(&'p str),
    AttachmentCreate,
    AttachmentUpdate(&'p str),
    AttachmentDelete(&'p str),
    AttachmentAct(&'p str),
    QuotaUpdate(&'p str),
    QuotaDelete(&'p str),
}

/// What has metadata.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Noun {
    Volume,
    Snapshot,
}

impl<'p> Route<'p> {
    fn of(method: &Method, path: &[&'p str]) -> Option<Self> {
        let noun = match path.first() {
            Some(&"snapshots") => Noun::Snapshot,
            _ => Noun::Volume,
        };
        Some(match (method.as_str(), path) {
            ("POST", ["volumes"]) => Self::VolumeCreate,
            ("PUT", ["volumes", id]) => Self::VolumeUpdate(id),
            ("DELETE", ["volumes", id]) => Self::VolumeDelete(id),
            ("POST", ["volumes", id, "action"]) => Self::VolumeAct(id),
            ("POST", ["volumes" | "snapshots", id, "metadata"]) => Self::Metadata(noun, id),
            ("PUT", ["volumes" | "snapshots", id, "metadata"]) => Self::MetadataReplace(noun, id),
            ("PUT", ["volumes" | "snapshots", id, "metadata", key]) => {
                Self::Metadatum(noun, id, key)
            }
            ("DELETE", ["volumes" | "snapshots", id, "metadata", key]) => {
                Self::MetadatumDelete(noun, id, key)
            }
            ("POST", ["snapshots"]) => Self::SnapshotCreate,
            ("PUT", ["snapshots", id]) => Self::SnapshotUpdate(id),
            ("DELETE", ["snapshots", id]) => Self::SnapshotDelete(id),
            ("POST", ["snapshots", id, "action"]) => Self::SnapshotAct(id),
            ("POST", ["backups"]) => Self::BackupCreate,
            ("PUT", ["backups", id]) => Self::BackupUpdate(id),
            ("DELETE", ["backups", id]) => Self::BackupDelete(id),
            ("POST", ["backups", id, "restore"]) => Self::BackupRestore(id),
            ("POST", ["backups", id, "action"]) => Self::BackupAct(id),
            ("POST", ["attachments"]) => Self::AttachmentCreate,
            ("PUT", ["attachments", id]) => Self::AttachmentUpdate(id),
            ("DELETE", ["attachments", id]) => Self::AttachmentDelete(id),
            ("POST", ["attachments", id, "action"]) => Self::AttachmentAct(id),
            ("PUT", ["os-quota-sets", project]) => Self::QuotaUpdate(project),
            ("DELETE", ["os-quota-sets", project]) => Self::QuotaDelete(project),
            _ => return None,
        })
    }
}

impl Writer<'_> {
    fn go(&mut self, route: &Route<'_>) -> Answer {
        match route {
            Route::VolumeCreate => self.volume_create(),
            Route::VolumeUpdate(id) => self.volume_update(id),
            Route::VolumeDelete(id) => self.volume_delete(id),
            Route::VolumeAct(id) => self.volume_act(id),
            Route::Metadata(noun, id) => self.metadata(*noun, id, false),
            Route::MetadataReplace(noun, id) => self.metadata(*noun, id, true),
            Route::Metadatum(noun, id, key) => self.metadatum(*noun, id, key),
            Route::MetadatumDelete(noun, id, key) => self.metadatum_delete(*noun, id, key),
            Route::SnapshotCreate => self.snapshot_create(),
            Route::SnapshotUpdate(id) => self.snapshot_update(id),
            Route::SnapshotDelete(id) => self.snapshot_delete(id),
            Route::SnapshotAct(id) => self.snapshot_act(id),
            Route::BackupCreate => self.backup_create(),
            Route::BackupUpdate(id) => self.backup_update(id),
            Route::BackupDelete(id) => self.backup_delete(id),
            Route::BackupRestore(id) => self.backup_restore(id),
            Route::BackupAct(id) => self.backup_act(id),
            Route::AttachmentCreate => self.attachment_create(),
            Route::AttachmentUpdate(id) => self.attachment_update(id),
            Route::AttachmentDelete(id) => self.attachment_delete(id),
            Route::AttachmentAct(id) => self.attachment_act(id),
            Route::QuotaUpdate(project) => self.quota_update(project),
            Route::QuotaDelete(project) => self.quota_delete(project),
        }
    }

    /// The rows as they are now, to be asked.
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            storage: self.storage(),
            call: self.call,
            token: self.token,
            minor: self.minor,
            links: self.links.clone(),
            bookmarks: self.bookmarks.clone(),
        }
    }

    pub(super) fn storage(&self) -> &BlockStorage {
        &self.world.regions[self.call.region].block_storage
    }

    pub(super) fn storage_mut(&mut self) -> &mut BlockStorage {
        &mut self.world.regions[self.call.region].block_storage
    }

    pub(super) fn new_id(&mut self) -> Uuid {
        self.world.dice.uuid()
    }

    /// The project that things are made in.
    pub(super) fn project(&self) -> Result<Key, Reply> {
        self.token.project.ok_or_else(|| forbidden("volume:create"))
    }

    /// Lets the back end do something, which takes it a moment.
    pub(super) fn soon(&mut self, change: Change) {
        const SOON: Duration = Duration::from_secs(1);
        let event = Event::Storage {
            region: self.call.region,
            change,
        };
        self.world.events.plan(self.call.now + SOON, event);
    }

    /// The body, fit for a schema.
    pub(super) fn body(&self, name: &str) -> Result<Value, Reply> {
        if self.call.body.is_empty() {
            let message = "The server has either erred or is incapable of performing the requested operation.";
            return Err(fault(StatusCode::INTERNAL_SERVER_ERROR, message));
        }
        let body = self.document()?;
        self.check(name, &body)?;
        Ok(body)
    }

    pub(super) fn document(&self) -> Result<Value, Reply> {
        let malformed = || bad_request("Malformed request body");
        let body: Value = serde_json::from_slice(&self.call.body).map_err(|_| malformed())?;
        if body.is_object() {
            Ok(body)
        } else {
            Err(malformed())
        }
    }

    pub(super) fn check(&self, name: &str, body: &Value) -> Result<(), Reply> {
        SCHEMAS
            .fits(name, body, u32::from(self.minor))
            .map_err(|message| bad_request(&message))
    }

    /// Refuses what came with a later microversion than the caller's.
    pub(super) fn since(&self, minor: u16) -> Result<(), Reply> {
        if self.minor >= minor {
            return Ok(());
        }
        Err(not_found("The resource could not be found."))
    }

    /// Refuses more volumes, snapshots or gigabytes than the project may have.
    pub(super) fn check_quota(&self, project: Key, more: &More) -> Result<(), Reply> {
        let limits = self.storage().quota(project);
        let used = self.subject().used(Some(project));
        let is_over = |limit: i64, used: u64, more: u64| {
            limit >= 0 && used + more > u64::try_from(limit).unwrap_or_default()
        };
        let size = u64::from(more.gigabytes);
        if more.is_volume
            && is_over(
                limits.per_volume_gigabytes,
                0,
                u64::from(more.volume_gigabytes),
            )
        {
            return Err(over_limit(&format!(
                "VolumeSizeExceedsLimit: Requested volume size {}G is larger than maximum allowed \
                 limit {}G.",
                more.volume_gigabytes, limits.per_volume_gigabytes
            )));
        }
        if is_over(limits.gigabytes, used.total.gigabytes, size) {
            return Err(over_limit(&format!(
                "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed \
                 gigabytes quota. Requested {size}G, quota is {}G and {}G has been consumed.",
                limits.gigabytes, used.total.gigabytes
            )));
        }
        if is_over(
            limits.volumes,
            used.total.volumes,
            u64::from(more.adds_volume),
        ) {
            return Err(over_limit(&format!(
                "VolumeLimitExceeded: Maximum number of volumes allowed ({}) exceeded for quota \
                 'volumes'.",
                limits.volumes
            )));
        }
        if is_over(
            limits.snapshots,
            used.total.snapshots,
            u64::from(more.adds_snapshot),
        ) {
            return Err(over_limit(&format!(
                "SnapshotLimitExceeded: Maximum number of snapshots allowed ({}) exceeded",
                limits.snapshots
            )));
        }
        Ok(())
    }
}

/// What a project would have more.
#[derive(Default)]
pub(super) struct More {
    pub(super) gigabytes: u32,
    /// How large the volume would be in all.
    pub(super) volume_gigabytes: u32,
    pub(super) is_volume: bool,
    pub(super) adds_volume: bool,
    pub(super) adds_snapshot: bool,
}

/// Its 413.
pub(super) fn over_limit(message: &str) -> Reply {
    let body = json!({"code": 413, "message": message, "retryAfter": "0"});
    let reply = Reply::json(StatusCode::PAYLOAD_TOO_LARGE, &json!({"overLimit": body}));
    reply.with(RETRY_AFTER, "0")
}

pub(super) fn invalid_volume(message: &str) -> Reply {
    bad_request(&format!("Invalid volume: {message}"))
}

pub(super) fn invalid_input(message: &str) -> Reply {
    bad_request(&format!("Invalid input received: {message}"))
}

/// A 202 without a word, as most actions have it.
pub(super) fn accepted() -> Reply {
    Reply::of(StatusCode::ACCEPTED, "application/json", [][..].into())
}

/// A 202 without a word, as deletions have it.
pub(super) fn going() -> Reply {
    Reply::of(
        StatusCode::ACCEPTED,
        "text/html; charset=UTF-8",
        [][..].into(),
    )
}

/// A flag as it may be written.
pub(super) fn flag(value: &Value) -> bool {
    match value {
        Value::Bool(is) => *is,
        Value::String(text) => super::boolean(text).unwrap_or(false),
        _ => false,
    }
}

/// A number, or the text of one.
pub(super) fn number(value: &Value) -> Option<u32> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64().and_then(|number| u32::try_from(number).ok()),
    }
}

/// A text that may be called by either of two names.
pub(super) fn either<'v>(body: &'v Value, name: &str) -> Option<&'v Value> {
    let shown = format!("display_{name}");
    body.get(name).or_else(|| body.get(&shown))
}
