//! What is done to images.

use std::path::PathBuf;

use async_graphql::{Context, InputObject, Object};
use futures_util::join;
use url::Url;

use super::{Image, ImageStatus, ImageVisibility};
use crate::auth::Identity;
use crate::cloud::image::{self, ImageChange, NewImage, OWN_NAMES};
use crate::cloud::{Service, Written};
use crate::graph::block_storage::volume::Volume;
use crate::graph::compute::placed::ServersOfImage;
use crate::graph::compute::server::mutation::create::MetadataInput;
use crate::graph::failure::Answered;
use crate::graph::image::member::MembersOfImage;
use crate::graph::image::source::{self, Found, shown_url};
use crate::graph::mutation::{
    Affected, Blamed, Common, Deed, Done, Progress, carry_out, named, now, paid, payload, refer,
    settle,
};
use crate::graph::narrowing::project_id_of;
use crate::graph::noun::{IdShape, Noun};
use crate::graph::scalar::Ref;
use crate::graph::scope::{Scope, Session};
use crate::{Error, Result};

payload! {
    /// What became of a mutation of an image.
    ImagePayload {
        /// The image as it is now; null when it is not there any longer, or was never made. It is
        /// not `ACTIVE` before its data are there.
        image: Image,
    }
}

/// How long to wait for an image's data.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct ImageWait {
    /// The state to wait for; `ACTIVE` unless given.
    until: Option<ImageStatus>,
    /// Seconds to wait, from 1 to 3,600. When they are over, the image is told as it is then, and
    /// a user error `STILL_UNDER_WAY` says so.
    #[graphql(default = 300, validator(minimum = 1, maximum = 3600))]
    timeout_seconds: u64,
}

/// An image to be made. Its data come from `sourceUrl` or `sourceFile`; without either it is a
/// record that waits for them, `QUEUED`.
#[derive(InputObject)]
pub struct ImageCreateInput {
    /// The name.
    name: String,
    /// What the data are: `qcow2`, `raw`, `iso`, `vmdk`, ….
    #[graphql(default_with = "\"qcow2\".to_owned()")]
    disk_format: String,
    /// What they are packed in.
    #[graphql(default_with = "\"bare\".to_owned()")]
    container_format: String,
    /// Who may see and use it; Glance decides unless given: `SHARED`, with nobody. `PUBLIC` is
    /// mostly for administrators.
    visibility: Option<ImageVisibility>,
    /// The least root disk it needs, in GiB.
    min_disk_gib: Option<i64>,
    /// The least memory it needs, in MiB.
    min_ram_mib: Option<i64>,
    /// Whether it cannot be deleted.
    is_protected: Option<bool>,
    /// Whether lists leave it out.
    is_hidden: Option<bool>,
    /// What it is tagged with.
    tags: Option<Vec<String>>,
    /// What else is set: what hypervisors are told (`hw_…`), the system (`os_distro`), ….
    properties: Option<Vec<MetadataInput>>,
    /// Where Glance fetches the data, by `web-download`; which addresses are allowed is Glance's to
    /// say.
    source_url: Option<String>,
    /// A file below the folder that `IMAGE_SOURCE_DIR` names, on the machine of this server. Only
    /// for callers over stdio.
    source_file: Option<String>,
}

/// What of an image is to be changed; what is not given is kept.
#[derive(InputObject)]
pub struct ImageUpdateInput {
    /// The new name.
    name: Option<String>,
    /// Who may see and use it from now on.
    visibility: Option<ImageVisibility>,
    /// The least root disk it needs, in GiB.
    min_disk_gib: Option<i64>,
    /// The least memory it needs, in MiB.
    min_ram_mib: Option<i64>,
    /// Whether it cannot be deleted.
    is_protected: Option<bool>,
    /// Whether lists leave it out.
    is_hidden: Option<bool>,
    /// All that it is to be tagged with.
    tags: Option<Vec<String>>,
    /// What else is to be set, beside what is set.
    properties: Option<Vec<MetadataInput>>,
    /// The keys of what shall not be set any longer.
    remove_properties: Option<Vec<String>>,
}

/// Where data come from.
enum Source {
    Url(Url),
    File(Found),
}

/// What is done to images.
#[derive(Default)]
pub struct ImageMutation;

#[Object]
impl ImageMutation {
    /// Makes an image. Data of a URL are fetched after the answer, unless that is waited for; a
    /// file is read before it. When the data cannot be had at all, the record is deleted again.
    /// `POST /images`, then `POST /images/{id}/import` or `PUT /images/{id}/file`.
    async fn image_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The image to make.")] input: ImageCreateInput,
        #[graphql(desc = "Wait until its data are there; answers at once unless given.")]
        wait: Option<ImageWait>,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ImagePayload> {
        let common = Common { cloud, dry_run };
        let folder = folder(context);
        let outcome = carry_out(context, common, |scope| async move {
            let source = source(&input, folder).await?;
            let new = input.checked()?;
            let from = match &source {
                Some(Source::Url(url)) => format!(", with data from {}", shown_url(url)),
                Some(Source::File(found)) => {
                    format!(", with the {} bytes of a file", found.size_bytes)
                }
                None => ", without data".to_owned(),
            };
            let would = format!("make an image `{}`{from}", new.name);
            let sent = async move {
                let (id, _) = scope.cloud().create_image(&new).await?;
                Ok(filled(&scope, &id, source, wait).await)
            };
            Ok(Deed::new(would, None, sent))
        });
        paid(outcome.await)
    }

    /// Changes what is recorded of an image. `PATCH /images/{id}`.
    async fn image_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The image.")] image: Ref,
        #[graphql(desc = "What is to be changed.")] input: ImageUpdateInput,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ImagePayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Image>(&scope, &["image"], &image).await?;
            let change = input.checked(&row)?;
            let would = format!("change {}", named("image", row.name.as_deref(), &row.id));
            let now_row = Image::new(&scope, &row);
            let sent = async move {
                scope.cloud().update_image(&row.id, &change).await?;
                Ok(Done::well(now::<Image>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent))
        });
        paid(outcome.await)
    }

    /// Deletes an image; servers that run from it go on, and cannot be rebuilt from it.
    /// `DELETE /images/{id}`.
    async fn image_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The image.")] image: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ImagePayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Image>(&scope, &["image"], &image).await?;
            let affects = if dry_run {
                affected(&scope, &row).await
            } else {
                Vec::new()
            };
            let subject = named("image", row.name.as_deref(), &row.id);
            let would = format!("delete {subject}, which is {}", row.status);
            let now_row = Image::new(&scope, &row);
            let sent = async move {
                scope.cloud().delete_image(&row.id).await?;
                Ok(Done::well(now::<Image>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Shares an image with a project, which has to accept it before its lists have it. The image
    /// has to be `SHARED`. `POST /images/{id}/members`.
    async fn image_add_member(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The image.")] image: Ref,
        #[graphql(desc = "The project; by its id where the credential may not look for it.")]
        project: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ImagePayload> {
        let common = Common { cloud, dry_run };
        member(context, common, image, project, true).await
    }

    /// Shares an image with a project no longer. Servers that run from it there go on.
    /// `DELETE /images/{id}/members/{project}`.
    async fn image_remove_member(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The image.")] image: Ref,
        #[graphql(desc = "The project; by its id where the credential may not look for it.")]
        project: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ImagePayload> {
        let common = Common { cloud, dry_run };
        member(context, common, image, project, false).await
    }
}

async fn member(
    context: &Context<'_>,
    common: Common,
    image: Ref,
    project: Ref,
    is_added: bool,
) -> Answered<ImagePayload> {
    let outcome = carry_out(context, common, |scope| async move {
        let row = refer::<Image>(&scope, &["image"], &image).await?;
        let project_id = project_of(&scope, &project).await?;
        let subject = named("image", row.name.as_deref(), &row.id);
        let (verb, end) = if is_added {
            ("share", "")
        } else {
            ("share", " no longer")
        };
        let would = format!(
            "{verb} {subject}, which is {}, with project {project_id}{end}",
            row.visibility
        );
        let now_row = Image::new(&scope, &row);
        let sent = async move {
            let cloud = scope.cloud();
            if is_added {
                cloud.add_image_member(&row.id, &project_id).await?;
            } else {
                cloud.remove_image_member(&row.id, &project_id).await?;
            }
            Ok(Done::well(now::<Image>(&scope, &row.id).await))
        };
        Ok(Deed::new(would, Some(now_row), sent))
    });
    paid(outcome.await)
}

/// The id of a project. Who may not look for projects may still have been told an id.
async fn project_of(scope: &Scope, project: &Ref) -> Result<String, Blamed> {
    let error = match project_id_of(scope, project).await {
        Ok(id) => return Ok(id),
        Err(error) => error,
    };
    let is_hidden = error.is_forbidden() || error.is_not_found();
    let sees_all = scope.cloud().is_admin().await.unwrap_or(false);
    if is_hidden && !sees_all && IdShape::Keystone.fits(&project.0) {
        return Ok(project.0.clone());
    }
    Err(Blamed::at(&["project"], error))
}

/// The folder whose files the caller may make images of.
fn folder(context: &Context<'_>) -> Result<PathBuf, &'static str> {
    let Ok(session) = context.data::<Session>() else {
        return Err("The request has no session");
    };
    if session.caller.identity != Identity::Local {
        return Err("Files are read for callers over stdio only; give `sourceUrl`");
    }
    session.image_source_dir.clone().ok_or(
        "This server reads no files; its operator can name a folder with IMAGE_SOURCE_DIR. Give \
         `sourceUrl`",
    )
}

async fn source(
    input: &ImageCreateInput,
    folder: Result<PathBuf, &'static str>,
) -> Result<Option<Source>, Blamed> {
    match (&input.source_url, &input.source_file) {
        (None, None) => Ok(None),
        (Some(url), None) => {
            let refuse = |_| {
                let message = "That is no URL; write https://host/path";
                Blamed::input(&["input", "sourceUrl"], message)
            };
            Url::parse(url).map(Source::Url).map(Some).map_err(refuse)
        }
        (None, Some(name)) => {
            let refuse = |reason| Blamed::input(&["input", "sourceFile"], reason);
            let folder = folder.map_err(refuse)?;
            let found = source::open(folder, name.clone()).await?;
            Ok(Some(Source::File(found)))
        }
        (Some(_), Some(_)) => {
            let message = "Give `sourceUrl` or `sourceFile`, one of them";
            Err(Blamed::input(&["input", "sourceUrl"], message))
        }
    }
}

/// Gives a new image its data; it is deleted again when it can certainly not have them.
async fn filled(
    scope: &Scope,
    id: &str,
    source: Option<Source>,
    wait: Option<ImageWait>,
) -> Done<Image> {
    let cloud = scope.cloud();
    match source {
        None => Done::well(now::<Image>(scope, id).await),
        Some(Source::File(found)) => {
            match cloud.upload_image(id, found.file, found.size_bytes).await {
                Ok(written) => finish(scope, id, &written, wait).await,
                Err(error) => without_data(scope, id, error).await,
            }
        }
        Some(Source::Url(url)) => {
            let url = &url;
            match cloud.import_image(id, url.as_str()).await {
                Ok(written) => {
                    let done = finish(scope, id, &written, wait).await;
                    with_reason(scope, id, url, done).await
                }
                Err(error) => without_data(scope, id, hidden(error, url)).await,
            }
        }
    }
}

async fn finish(
    scope: &Scope,
    id: &str,
    written: &Written,
    wait: Option<ImageWait>,
) -> Done<Image> {
    let goal = wait.and_then(|wait| wait.until);
    let goal = goal.unwrap_or(ImageStatus::Active);
    let seconds = wait.map(|wait| wait.timeout_seconds);
    settle::<Image>(scope, id, written, seconds, |row| progress(goal, row)).await
}

/// While this is set, an import is under way.
const IMPORT: &str = "os_glance_import_task";
/// The stores that an import could not fill.
const FAILED: &str = "os_glance_failed_import";

fn progress(goal: ImageStatus, row: Option<&image::Image>) -> Progress {
    let Some(row) = row else {
        return Progress::Failed("the image is gone".to_owned());
    };
    match ImageStatus::read(&row.status) {
        status if status == goal => Progress::Reached,
        ImageStatus::Killed | ImageStatus::Deleted | ImageStatus::PendingDelete => {
            Progress::Failed(format!("the image is {}", row.status))
        }
        // Glance takes an image back to where it was when its data cannot be had.
        ImageStatus::Queued if row.property(IMPORT).is_none() && row.property(FAILED).is_some() => {
            Progress::Failed("the image could not be given its data, and has none".to_owned())
        }
        _ => Progress::GoesOn,
    }
}

/// Adds what Glance says of the import to what went wrong with it.
async fn with_reason(scope: &Scope, id: &str, url: &Url, mut done: Done<Image>) -> Done<Image> {
    for error in &mut done.unmet {
        let Error::Failed { message, .. } = error else {
            continue;
        };
        let Ok(tasks) = scope.cloud().list_image_tasks(id).await else {
            continue;
        };
        let failed = tasks.iter().filter(|task| task.status == "failure");
        let latest = failed.max_by(|one, other| one.updated_at.cmp(&other.updated_at));
        if let Some(reason) = latest.and_then(|task| task.message.as_deref())
            && !reason.is_empty()
        {
            message.push_str(": ");
            message.push_str(&reason.replace(url.as_str(), &shown_url(url)));
        }
    }
    done
}

/// An error without the keys that the URL may carry: Glance repeats it.
fn hidden(mut error: Error, url: &Url) -> Error {
    if let Error::Upstream(upstream) = &mut error {
        upstream.message = upstream.message.replace(url.as_str(), &shown_url(url));
    }
    error
}

/// What becomes of an image that could not be given its data.
async fn without_data(scope: &Scope, id: &str, error: Error) -> Done<Image> {
    let request_id = error.request_id().map(str::to_owned);
    let failed = |message: String| Error::Failed {
        service: Service::Image,
        message,
        request_id,
    };
    if matches!(error, Error::OutcomeUnknown { .. }) {
        let message = format!("image {id} was made; whether it gets its data is not known");
        return Done {
            now: now::<Image>(scope, id).await,
            unmet: vec![error, failed(message)],
        };
    }
    let message = match scope.cloud().delete_image(id).await {
        Ok(_) => format!("image {id}, which was made for it, was deleted again"),
        Err(reason) => {
            format!("image {id} was made for it, has no data, and could not be deleted: {reason}")
        }
    };
    Done {
        now: now::<Image>(scope, id).await,
        unmet: vec![error, failed(message)],
    }
}

fn visibility(of: Option<ImageVisibility>) -> Result<Option<&'static str>, Blamed> {
    let unknown = || {
        let message = "Name a visibility that is known: COMMUNITY, PRIVATE, PUBLIC or SHARED";
        Blamed::input(&["input", "visibility"], message)
    };
    of.map(|of| of.wire().ok_or_else(unknown)).transpose()
}

/// A key that is free for what users set.
fn checked_key(field: &str, key: &str) -> Result<(), Blamed> {
    if key.is_empty() || OWN_NAMES.contains(&key) || key.starts_with("os_glance_") {
        let message = format!("`{key}` is not a key that can be set");
        return Err(Blamed::input(&["input", field], message));
    }
    Ok(())
}

impl ImageCreateInput {
    fn checked(self) -> Result<NewImage, Blamed> {
        let properties = self.properties.unwrap_or_default();
        for pair in &properties {
            checked_key("properties", &pair.key)?;
        }
        let properties = properties.into_iter().map(|pair| (pair.key, pair.value));
        Ok(NewImage {
            name: self.name,
            disk_format: self.disk_format,
            container_format: self.container_format,
            visibility: visibility(self.visibility)?,
            min_disk_gib: self.min_disk_gib,
            min_ram_mib: self.min_ram_mib,
            is_protected: self.is_protected,
            is_hidden: self.is_hidden,
            tags: self.tags.unwrap_or_default(),
            properties: properties.collect(),
        })
    }
}

impl ImageUpdateInput {
    fn checked(self, row: &image::Image) -> Result<ImageChange, Blamed> {
        let properties = self.properties.unwrap_or_default();
        for pair in &properties {
            checked_key("properties", &pair.key)?;
        }
        let properties = properties.into_iter().map(|pair| {
            let is_there = row.properties.contains_key(&pair.key);
            (pair.key, pair.value, is_there)
        });
        let removed = self.remove_properties.unwrap_or_default();
        for key in &removed {
            checked_key("removeProperties", key)?;
            if !row.properties.contains_key(key) {
                let message = format!("The image has no property `{key}`");
                return Err(Blamed::input(&["input", "removeProperties"], message));
            }
        }
        let change = ImageChange {
            name: self.name,
            visibility: visibility(self.visibility)?,
            min_disk_gib: self.min_disk_gib,
            min_ram_mib: self.min_ram_mib,
            is_protected: self.is_protected,
            is_hidden: self.is_hidden,
            tags: self.tags,
            properties: properties.collect(),
            removed,
        };
        if change.is_empty() {
            let message = "Say what is to be changed: nothing is given";
            return Err(Blamed::input(&["input"], message));
        }
        Ok(change)
    }
}

/// What hangs on an image.
async fn affected(scope: &Scope, row: &image::Image) -> Vec<Affected> {
    let mut affected = Vec::new();
    if row.protected == Some(true) {
        let effect = "is protected: Glance refuses this before it is not";
        let name = row.name.as_deref();
        affected.push(Affected::new("Image", &row.id, name, effect));
    }
    let (servers, volumes, members) = join!(
        servers(scope, row),
        volumes(scope, row),
        members(scope, row)
    );
    for (kind, found) in [
        ("Server", servers),
        ("Volume", volumes),
        ("Project", members),
    ] {
        match found {
            Ok(found) => affected.extend(found),
            Err(error) => {
                affected.push(Affected::unknown(kind, format!("cannot be told: {error}")));
                scope.report(error);
            }
        }
    }
    let is_shared = ImageVisibility::read(&row.visibility) != ImageVisibility::Private;
    if is_shared && !scope.cloud().is_admin().await.unwrap_or(false) {
        let effect = "of other projects cannot be seen; some may run from it";
        affected.push(Affected::unknown("Server", effect));
    }
    affected
}

async fn servers(scope: &Scope, row: &image::Image) -> Result<Vec<Affected>> {
    let servers = scope.load::<ServersOfImage>(row.id.to_string()).await?;
    let affected = servers.iter().flatten().map(|server| {
        let effect = "runs from it and goes on; it cannot be rebuilt from it";
        Affected::new("Server", &server.id, server.name.as_deref(), effect)
    });
    Ok(affected.collect())
}

async fn volumes(scope: &Scope, row: &image::Image) -> Result<Vec<Affected>> {
    let volumes = match Volume::all(scope.cloud(), Vec::new()).await {
        Ok(volumes) => volumes,
        // A cloud without Cinder has no volumes.
        Err(Error::ServiceAbsent { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let made = volumes.iter().filter(|volume| {
        let image = volume.volume_image_metadata.as_ref();
        image.and_then(|image| image.image_id.as_deref()) == Some(row.id.as_str())
    });
    let affected = made.map(|volume| {
        let effect = "was made of it, and is kept; some storages refuse this meanwhile";
        Affected::new("Volume", &volume.id, volume.name.as_deref(), effect)
    });
    Ok(affected.collect())
}

async fn members(scope: &Scope, row: &image::Image) -> Result<Vec<Affected>> {
    if ImageVisibility::read(&row.visibility) != ImageVisibility::Shared {
        return Ok(Vec::new());
    }
    let members = scope.load::<MembersOfImage>(row.id.to_string()).await?;
    let members = members.transpose()?;
    let affected = members.iter().flat_map(|members| members.iter());
    let affected = affected.map(|member| {
        let effect = format!("has it shared ({}), and loses it", member.status);
        Affected::new("Project", &member.member_id, None, effect)
    });
    Ok(affected.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: &str, import: &str, failed: &str) -> image::Image {
        let row = serde_json::json!({"id": "1", "status": status, IMPORT: import, FAILED: failed});
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn an_import_has_failed_when_it_is_over_and_the_image_is_queued() {
        let at = |status, import, failed| {
            progress(ImageStatus::Active, Some(&row(status, import, failed)))
        };
        assert_eq!(at("queued", "", ""), Progress::GoesOn);
        assert_eq!(at("queued", "task", ""), Progress::GoesOn);
        assert_eq!(at("importing", "task", ""), Progress::GoesOn);
        assert_eq!(at("queued", "task", "files"), Progress::GoesOn);
        assert!(matches!(at("queued", "", "files"), Progress::Failed(_)));
        assert_eq!(at("active", "", ""), Progress::Reached);
        assert!(matches!(at("killed", "", ""), Progress::Failed(_)));
        assert!(matches!(
            progress(ImageStatus::Active, None),
            Progress::Failed(_)
        ));
    }

    #[test]
    fn what_is_glances_own_is_not_set_as_a_property() {
        for key in ["", "owner", "visibility", "os_glance_import_task"] {
            assert!(checked_key("properties", key).is_err(), "{key}");
        }
        assert!(checked_key("properties", "os_distro").is_ok());
    }

    #[test]
    fn glances_words_lose_the_keys_of_the_url() {
        let url = Url::parse("http://u:p@host/a?sig=s").unwrap();
        let upstream = crate::error::Upstream {
            service: Service::Image,
            operation: "POST /images".to_owned(),
            status: 400,
            message: format!("URI does not pass filtering: {url}"),
            request_id: None,
        };
        let error = hidden(Error::Upstream(Box::new(upstream)), &url).to_string();
        assert!(
            !error.contains("u:p") && !error.contains("sig=s"),
            "{error}"
        );
        assert!(error.contains("http://host/a"), "{error}");
    }
}
