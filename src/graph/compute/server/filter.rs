//! Which servers, in which order: what Nova can narrow itself, and the rest over all pages.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::{Enum, ID, InputObject};
use futures_util::join;

use super::ServerStatus;
use crate::cloud::{Parameter, Text, block_storage, compute};
use crate::graph::block_storage::volume::Volume;
use crate::graph::identity::project::Project;
use crate::graph::image::image::Image;
use crate::graph::narrowing::one_of;
use crate::graph::noun::{Noun, Pushed, contains, id_of, unset_or};
use crate::graph::scalar::{DateTime, Ref};
use crate::graph::scope::Scope;
use crate::{Error, Result};

/// Which servers. Conditions are joined by "and"; only `ids` and `names` together mean "either".
#[derive(InputObject, Default)]
pub struct ServerFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With exactly one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// In this state, or in it but for a task under way: a server that is rebooting is among those
    /// that are `ACTIVE`, as it is for Nova.
    status: Option<ServerStatus>,
    /// In one of these states, in the same sense.
    statuses: Option<Vec<ServerStatus>>,
    /// Of this project. An administrator's list spans all of them otherwise.
    project: Option<Ref>,
    /// On this compute host or hypervisor, exactly; administrators only.
    host: Option<String>,
    /// In this availability zone, exactly.
    availability_zone: Option<String>,
    /// With the flavor of this name.
    flavor: Option<String>,
    /// Made from the image with this id.
    image_id: Option<ID>,
    /// Locked against its users, or not.
    is_locked: Option<bool>,
    /// With this tag.
    tag: Option<String>,
    /// Changed since then.
    updated_since: Option<DateTime>,
    /// Every server, whatever `ids` and `names` say.
    everything: Option<bool>,
    /// A text to find in one of its properties.
    search: Option<ServerSearch>,
    #[graphql(skip)]
    project_id: Option<String>,
    #[graphql(skip)]
    images: HashSet<String>,
    #[graphql(skip)]
    booted_from_image: HashSet<String>,
}

/// A text to find.
#[derive(InputObject, Clone)]
pub struct ServerSearch {
    /// The text, or a part of it.
    term: String,
    /// Where to look.
    #[graphql(name = "in", default_with = "ServerSearchField::Name")]
    within: ServerSearchField,
    /// Whether `Web` differs from `web`.
    #[graphql(default)]
    case_sensitive: bool,
}

/// Where a text is looked for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerSearchField {
    /// The display name.
    Name,
    /// The state.
    Status,
    /// The compute host and the hypervisor; administrators only.
    Host,
    /// The flavor's name.
    Flavor,
    /// The image's name or id, of a server booted from a volume too.
    Image,
    /// The availability zone.
    AvailabilityZone,
    /// In all of these.
    All,
}

/// What servers can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ServerOrderField {
    /// The name.
    Name,
    /// The state.
    Status,
    /// When they were made.
    CreatedAt,
    /// When their records were last changed.
    UpdatedAt,
    /// The compute host.
    Host,
    /// Virtual CPUs.
    Vcpus,
    /// Memory.
    Ram,
}

impl ServerFilter {
    pub(super) async fn prepare(mut self, scope: &Scope) -> Result<Self> {
        if let Some(project) = &self.project {
            self.project_id = Some(id_of::<Project>(scope, project).await?);
        }
        let in_images = [ServerSearchField::Image, ServerSearchField::All];
        if let Some(search) = self.search.clone()
            && in_images.contains(&search.within)
        {
            self.find_images(scope, &search).await?;
        }
        Ok(self)
    }

    /// The images that a search means, and the servers whose boot volumes were made from them.
    /// Without Cinder's answer the search goes on without the latter, and says so.
    async fn find_images(&mut self, scope: &Scope, search: &ServerSearch) -> Result<()> {
        let cloud = scope.cloud();
        let (images, volumes) = join!(
            Image::all(cloud, Vec::new()),
            Volume::all(cloud, Vec::new())
        );
        for image in images?.iter() {
            if search.is_in(image.name.as_deref()) {
                self.images.insert(image.id.to_string());
            }
        }
        match volumes {
            Ok(volumes) => {
                let made_from = |volume: &block_storage::Volume| {
                    let image = volume.volume_image_metadata.as_ref()?;
                    let is_meant = search.is_in(image.image_name.as_deref())
                        || search.is_in(image.image_id.as_deref());
                    is_meant.then(|| {
                        volume
                            .attachments
                            .iter()
                            .filter_map(|it| it.server_id.as_ref().map(Text::to_string))
                            .collect::<Vec<_>>()
                    })
                };
                self.booted_from_image = volumes
                    .iter()
                    .filter_map(|it| made_from(it))
                    .flatten()
                    .collect();
            }
            Err(Error::ServiceAbsent { .. }) => {}
            Err(error) => scope.report(error),
        }
        Ok(())
    }

    /// What Nova applies itself. It answers more than was asked for when the credential may not
    /// use a filter, or when a name is a pattern, so that every row is checked again.
    pub(super) fn push(&self) -> Pushed {
        let mut query: Vec<Parameter> = Vec::new();
        let mut conditions = 0;
        let mut pushed_whole = 0;
        let mut condition = |is_set: bool, is_whole: bool| {
            conditions += usize::from(is_set);
            pushed_whole += usize::from(is_set && is_whole);
        };
        let (ids, names) = self.chosen();
        condition(ids.is_some() || names.is_some(), false);
        if let (None, Some(names)) = (ids, names) {
            if let [name] = names.as_slice() {
                query.extend(exact_name(name));
            }
        } else if let Some(part) = &self.name_contains {
            query.extend(pattern(part, false).map(|pattern| ("name".into(), pattern)));
        } else if let Some(search) = &self.search
            && search.within == ServerSearchField::Name
        {
            let pattern = pattern(&search.term, search.case_sensitive);
            query.extend(pattern.map(|pattern| ("name".into(), pattern)));
        }
        condition(self.name_contains.is_some(), false);
        let status = self.status.and_then(ServerStatus::wire);
        query.extend(status.map(|status| ("status".into(), status.to_owned())));
        condition(self.status.is_some(), status.is_some());
        if let Some(project) = &self.project_id {
            query.push(("project_id".into(), project.clone()));
        }
        let others = [
            self.statuses.is_some(),
            self.project_id.is_some(),
            self.host.is_some(),
            self.availability_zone.is_some(),
            self.flavor.is_some(),
            self.image_id.is_some(),
            self.is_locked.is_some(),
            self.tag.is_some(),
            self.updated_since.is_some(),
            self.search.is_some(),
        ];
        for is_set in others {
            condition(is_set, false);
        }
        Pushed {
            query,
            is_whole: conditions == pushed_whole,
        }
    }

    pub(super) fn keeps(&self, row: &compute::Server) -> bool {
        let updated = DateTime::maybe(row.updated.as_deref());
        self.is_one_of(row)
            && unset_or(self.name_contains.as_ref(), |part| {
                contains(row.name.as_deref(), part)
            })
            && unset_or(self.status.as_ref(), |wanted| is_in(row, *wanted))
            && unset_or(self.statuses.as_ref(), |wanted| {
                wanted.iter().any(|status| is_in(row, *status))
            })
            && unset_or(self.project_id.as_ref(), |id| {
                row.project_id.as_deref() == Some(id)
            })
            && unset_or(self.host.as_ref(), |host| {
                row.host.as_deref() == Some(host)
                    || row.hypervisor_hostname.as_deref() == Some(host)
            })
            && unset_or(self.availability_zone.as_ref(), |zone| {
                row.availability_zone.as_deref() == Some(zone)
            })
            && unset_or(self.flavor.as_ref(), |name| {
                flavor_name(row) == Some(name.as_str())
            })
            && unset_or(self.image_id.as_ref(), |id| {
                row.image.as_deref() == Some(id.as_str())
            })
            && unset_or(self.is_locked.as_ref(), |locked| {
                row.locked == Some(*locked)
            })
            && unset_or(self.tag.as_ref(), |tag| row.tags.contains(tag))
            && unset_or(self.updated_since.as_ref(), |since| updated >= Some(*since))
            && unset_or(self.search.as_ref(), |search| self.finds(search, row))
    }

    /// The ids and names that were asked for; neither of them when everything was.
    fn chosen(&self) -> (Option<&Vec<ID>>, Option<&Vec<String>>) {
        if self.everything == Some(true) {
            return (None, None);
        }
        (self.ids.as_ref(), self.names.as_ref())
    }

    pub(super) fn pinned(&self) -> Option<Vec<String>> {
        match self.chosen() {
            (Some(ids), None) => Some(ids.iter().map(|id| id.to_string()).collect()),
            _ => None,
        }
    }

    /// An error for each id and name that was asked for and is none of the rows'.
    pub(super) fn unmet(&self, rows: &[Arc<compute::Server>]) -> Vec<Error> {
        let (ids, names) = self.chosen();
        let ids = ids.into_iter().flatten().map(|id| id.as_str());
        let ids = ids.filter(|id| !rows.iter().any(|row| row.id == *id));
        let names = names.into_iter().flatten().map(String::as_str);
        let names = names.filter(|name| !rows.iter().any(|row| row.name.as_deref() == Some(name)));
        let unmet = ids.chain(names).map(|reference| Error::NotFound {
            kind: "Server",
            reference: reference.to_owned(),
            list: "servers",
        });
        unmet.collect()
    }

    fn is_one_of(&self, row: &compute::Server) -> bool {
        let by_id = self
            .ids
            .as_ref()
            .map(|ids| ids.iter().any(|id| id.as_str() == row.id));
        let names = self.names.as_ref();
        let by_name = names.map(|names| one_of(Some(names), row.name.as_deref()));
        match (by_id, by_name) {
            (None, None) => true,
            (by_id, by_name) => by_id.unwrap_or(false) || by_name.unwrap_or(false),
        }
    }

    fn finds(&self, search: &ServerSearch, row: &compute::Server) -> bool {
        let has = |text: Option<&str>| search.is_in(text);
        let name = || has(row.name.as_deref());
        let status = || has(Some(&row.status));
        let host = || has(row.host.as_deref()) || has(row.hypervisor_hostname.as_deref());
        let flavor = || has(flavor_name(row));
        let image = || {
            let id = row.image.as_deref();
            id.is_some_and(|id| has(Some(id)) || self.images.contains(id))
                || self.booted_from_image.contains(row.id.as_str())
        };
        let zone = || has(row.availability_zone.as_deref());
        match search.within {
            ServerSearchField::Name => name(),
            ServerSearchField::Status => status(),
            ServerSearchField::Host => host(),
            ServerSearchField::Flavor => flavor(),
            ServerSearchField::Image => image(),
            ServerSearchField::AvailabilityZone => zone(),
            ServerSearchField::All => name() || status() || host() || flavor() || image() || zone(),
        }
    }
}

impl ServerSearch {
    fn is_in(&self, text: Option<&str>) -> bool {
        match (text, self.case_sensitive) {
            (None, _) => false,
            (Some(text), true) => text.contains(&self.term),
            (Some(text), false) => contains(Some(text), &self.term),
        }
    }
}

impl ServerOrderField {
    pub(super) fn compare(self, one: &compute::Server, other: &compute::Server) -> Ordering {
        let size = |row: &compute::Server| row.flavor.as_ref().map(|it| (it.vcpus, it.ram));
        match self {
            Self::Name => one.name.cmp(&other.name),
            Self::Status => one.status.cmp(&other.status),
            Self::CreatedAt => one.created.cmp(&other.created),
            Self::UpdatedAt => one.updated.cmp(&other.updated),
            Self::Host => one.host.cmp(&other.host),
            Self::Vcpus => size(one).map(|it| it.0).cmp(&size(other).map(|it| it.0)),
            Self::Ram => size(one).map(|it| it.1).cmp(&size(other).map(|it| it.1)),
        }
    }
}

/// Whether a server is in a state, whatever task it is busy with.
fn is_in(row: &compute::Server, wanted: ServerStatus) -> bool {
    let state = row.vm_state.as_deref();
    ServerStatus::read(&row.status) == wanted
        || state.is_some_and(|state| ServerStatus::without_task(state) == Some(wanted))
}

fn flavor_name(row: &compute::Server) -> Option<&str> {
    row.flavor.as_ref()?.original_name.as_deref()
}

/// The filter for an exact name: Nova reads `name` as a pattern of its database's dialect, and a
/// `|` in it as itself, so that several names cannot be asked for at once.
pub(super) fn exact_name(name: &str) -> Option<Parameter> {
    let pattern = pattern(name, true)?;
    Some(("name".into(), format!("^{pattern}$")))
}

/// A pattern that every database Nova runs on reads as this text: brackets, since they differ in
/// what a backslash does; both cases where case does not matter, since they differ in that too.
/// `None` for a text that cannot be written so; then nothing is narrowed upstream.
fn pattern(text: &str, case_sensitive: bool) -> Option<String> {
    let mut pattern = String::new();
    for character in text.chars() {
        match character {
            '\\' | '^' | '[' | ']' => return None,
            letter if letter.is_ascii_alphabetic() && !case_sensitive => {
                let (lower, upper) = (letter.to_ascii_lowercase(), letter.to_ascii_uppercase());
                pattern.push_str(&format!("[{lower}{upper}]"));
            }
            plain if plain.is_ascii_alphanumeric() || plain == ' ' => pattern.push(plain),
            // Databases differ in what they take for the other case of these.
            other if !other.is_ascii() && !case_sensitive => return None,
            other if !other.is_ascii() => pattern.push(other),
            other => pattern.push_str(&format!("[{other}]")),
        }
    }
    Some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_server_is_in_the_state_it_has_without_its_task() {
        let row = |status: &str, vm_state: Option<&str>| -> compute::Server {
            let row = serde_json::json!({
                "id": "1", "status": status, "OS-EXT-STS:vm_state": vm_state,
            });
            serde_json::from_value(row).unwrap()
        };
        let is_in = |row, wanted| super::is_in(&row, wanted);
        let rebooting = || row("REBOOT", Some("active"));
        assert!(is_in(rebooting(), ServerStatus::Active));
        assert!(is_in(rebooting(), ServerStatus::Reboot));
        assert!(!is_in(rebooting(), ServerStatus::HardReboot));
        assert!(!is_in(row("REBOOT", None), ServerStatus::Active));
        assert!(!is_in(
            row("SHUTOFF", Some("stopped")),
            ServerStatus::Active
        ));
    }

    #[test]
    fn a_text_becomes_a_pattern_for_itself() {
        assert_eq!(pattern("web-1.a", true).as_deref(), Some("web[-]1[.]a"));
        assert_eq!(pattern("Web", false).as_deref(), Some("[wW][eE][bB]"));
        assert_eq!(pattern("a[b", true), None);
        assert_eq!(pattern("ü", false), None);
        assert_eq!(exact_name("b+").unwrap().1, "^b[+]$");
    }
}
