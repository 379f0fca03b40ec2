//! What is done to volumes. Servers are given them by `serverAddVolume`.

use async_graphql::{Context, InputObject, Object};

use super::affected::{Concern, affected};
use super::{Volume, VolumeStatus};
use crate::Result;
use crate::cloud::Written;
use crate::cloud::block_storage::{self, NewVolume, RecordChange, VolumeAct, VolumeSource};
use crate::graph::block_storage::reason::with_reason;
use crate::graph::block_storage::snapshot::VolumeSnapshot;
use crate::graph::block_storage::volume_type::VolumeType;
use crate::graph::compute::server::mutation::create::MetadataInput;
use crate::graph::failure::Answered;
use crate::graph::image::image::Image;
use crate::graph::mutation::{
    Blamed, Common, Deed, Done, Progress, carry_out, named, now, paid, payload, refer, refer_maybe,
    settle,
};
use crate::graph::noun::Noun;
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

payload! {
    /// What became of a mutation of a volume.
    VolumePayload {
        /// The volume as it is now; null when it is not there any longer, or was never made. What
        /// takes time may still be under way: see its `status`.
        volume: Volume,
    }
}

/// How long to wait for what was done to a volume.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct VolumeWait {
    /// The state to wait for; the one that the action leads to unless given.
    until: Option<VolumeStatus>,
    /// Seconds to wait, from 1 to 3,600. When they are over, the volume is told as it is then, and
    /// a user error `STILL_UNDER_WAY` says so.
    #[graphql(default = 120, validator(minimum = 1, maximum = 3600))]
    timeout_seconds: u64,
}

/// A volume to be made: empty, or of an image, a snapshot or another volume.
#[derive(InputObject)]
pub struct VolumeCreateInput {
    /// The display name.
    name: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// The size, in GiB. Of a snapshot or a volume it is that one's size unless given.
    #[graphql(validator(minimum = 1))]
    size_gib: Option<i64>,
    /// The image it is made of; a server can boot from it then.
    image: Option<Ref>,
    /// The snapshot it is made of.
    snapshot: Option<Ref>,
    /// The volume it is a copy of.
    source_volume: Option<Ref>,
    /// Its type; the cloud's default type unless given, or the type of what it is made of.
    #[graphql(name = "type")]
    volume_type: Option<Ref>,
    /// Where it may be attached.
    availability_zone: Option<String>,
    /// What is noted of it.
    metadata: Option<Vec<MetadataInput>>,
}

/// What an action leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Goal {
    /// The volume is in this state.
    Status(VolumeStatus),
    /// Nothing is under way.
    Quiet,
    /// It has this size, in GiB, and nothing is under way.
    Size(i64),
    /// It has the type with this id or name, and nothing is under way.
    Type(String, String),
    /// It is gone.
    Gone,
}

impl Goal {
    fn progress(&self, row: Option<&block_storage::Volume>) -> Progress {
        let Some(row) = row else {
            return match self {
                Self::Gone => Progress::Reached,
                _ => Progress::Failed("the volume is gone".to_owned()),
            };
        };
        let status = VolumeStatus::read(&row.status);
        if *self == Self::Status(status) {
            return Progress::Reached;
        }
        if row.status.starts_with("error") {
            return Progress::Failed(format!("the volume is in {}", row.status));
        }
        let is_quiet = matches!(status, VolumeStatus::Available | VolumeStatus::InUse);
        let as_wanted = match self {
            Self::Quiet => true,
            Self::Size(size) => row.size == Some(*size),
            Self::Type(id, name) => {
                row.volume_type_id.as_deref() == Some(id)
                    || row.volume_type.as_deref() == Some(name)
            }
            Self::Status(_) | Self::Gone => return still(is_quiet, self, &row.status),
        };
        match (is_quiet, as_wanted) {
            (false, _) => Progress::GoesOn,
            (true, true) => Progress::Reached,
            (true, false) => {
                let size = row.size.unwrap_or_default();
                let of_type = row.volume_type.as_deref().unwrap_or("no type");
                Progress::Failed(format!(
                    "the volume is {} again, with {size} GiB and {of_type}, as before",
                    row.status
                ))
            }
        }
    }
}

/// A volume that shall be deleted and is free again will not be.
fn still(is_quiet: bool, goal: &Goal, status: &str) -> Progress {
    if is_quiet && *goal == Goal::Gone {
        return Progress::Failed(format!("the volume is {status} again"));
    }
    Progress::GoesOn
}

/// How a volume is after something was done to it, waited for when that was asked.
async fn finish(
    scope: &Scope,
    id: &str,
    written: &Written,
    wait: Option<VolumeWait>,
    goal: Goal,
) -> Done<Volume> {
    let goal = wait.and_then(|wait| wait.until).map_or(goal, Goal::Status);
    let seconds = wait.map(|wait| wait.timeout_seconds);
    let done = settle::<Volume>(scope, id, written, seconds, |row| goal.progress(row)).await;
    with_reason(scope, id, written, done).await
}

/// What is done to volumes.
#[derive(Default)]
pub struct VolumeMutation;

#[Object]
impl VolumeMutation {
    /// Makes a volume: empty, or of an image, a snapshot or another volume. It is made after the
    /// answer, unless that is waited for; one that could not be made is there, in `ERROR`.
    /// `POST /volumes`.
    async fn volume_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The volume to make.")] input: VolumeCreateInput,
        #[graphql(desc = "Wait until it is there; answers at once unless given.")] wait: Option<
            VolumeWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<VolumePayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let (volume, would) = input.resolved(&scope).await?;
            let sent = async move {
                let (id, written) = scope.cloud().create_volume(&volume).await?;
                Ok(finish(&scope, &id, &written, wait, Goal::Quiet).await)
            };
            Ok(Deed::new(would, None, sent))
        });
        paid(outcome.await)
    }

    /// Deletes a volume; a dry run tells what hangs on it. What it held is lost.
    /// `DELETE /volumes/{id}`.
    async fn volume_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The volume.")] volume: Ref,
        #[graphql(
            desc = "Delete its snapshots too; Cinder refuses to delete a volume that has any \
                    otherwise.",
            default = false
        )]
        cascade: bool,
        #[graphql(desc = "Wait until it is gone; answers at once unless given.")] wait: Option<
            VolumeWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<VolumePayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Volume>(&scope, &["volume"], &volume).await?;
            let affects = if dry_run {
                affected(&scope, &row, Concern::Deletion { cascade }).await
            } else {
                Vec::new()
            };
            let subject = named("volume", row.name.as_deref(), &row.id);
            let with = if cascade { ", and its snapshots" } else { "" };
            let would = format!("delete {subject}, which is {}{with}", row.status);
            let now_row = Volume::new(&scope, &row);
            let sent = async move {
                let written = scope.cloud().delete_volume(&row.id, cascade).await?;
                Ok(finish(&scope, &row.id, &written, wait, Goal::Gone).await)
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Makes a volume larger, also while it is attached. The guest's file system does not grow by
    /// itself. `os-extend` (3.42).
    async fn volume_extend(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The volume.")] volume: Ref,
        #[graphql(
            desc = "The new size, in GiB: more than it has.",
            validator(minimum = 1)
        )]
        new_size_gib: i64,
        #[graphql(desc = "Wait until it has grown; answers at once unless given.")] wait: Option<
            VolumeWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<VolumePayload> {
        let common = Common { cloud, dry_run };
        act(context, common, volume, wait, |_, row| async move {
            let size = row.size.unwrap_or_default();
            let size_gib = new_size_gib;
            Ok(Action {
                act: VolumeAct::Extend { size_gib },
                verb: "extend",
                how: format!(", from {size} GiB to {size_gib} GiB"),
                goal: Goal::Size(size_gib),
            })
        })
        .await
    }

    /// Gives a volume another type. `os-retype`.
    async fn volume_retype(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The volume.")] volume: Ref,
        #[graphql(name = "type", desc = "The new type.")] volume_type: Ref,
        #[graphql(
            desc = "Move its data where the new type is kept elsewhere; fails there otherwise. It \
                    may take long.",
            default = false
        )]
        migrate: bool,
        #[graphql(desc = "Wait until it has the type; answers at once unless given.")] wait: Option<
            VolumeWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<VolumePayload> {
        let common = Common { cloud, dry_run };
        act(context, common, volume, wait, |scope, row| async move {
            let new = refer::<VolumeType>(&scope, &["type"], &volume_type).await?;
            let old = row.volume_type.as_deref().unwrap_or("none");
            Ok(Action {
                act: VolumeAct::Retype {
                    type_id: new.id.clone(),
                    may_migrate: migrate,
                },
                verb: "change the type of",
                how: format!(", from {old} to {}", new.name),
                goal: Goal::Type(new.id.clone(), new.name.clone()),
            })
        })
        .await
    }

    /// Says whether a server can boot from a volume. Nothing is written to it.
    /// `os-set_bootable`.
    async fn volume_set_bootable(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The volume.")] volume: Ref,
        #[graphql(desc = "Whether a server can boot from it.")] is_bootable: bool,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<VolumePayload> {
        let common = Common { cloud, dry_run };
        act(context, common, volume, None, |_, _| async move {
            let verb = if is_bootable {
                "let servers boot from"
            } else {
                "let no server boot from"
            };
            Ok(Action {
                act: VolumeAct::SetBootable { is_bootable },
                verb,
                how: String::new(),
                goal: Goal::Quiet,
            })
        })
        .await
    }

    /// Renames a volume, describes it anew, or replaces what is noted of it. `PUT /volumes/{id}`.
    async fn volume_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The volume.")] volume: Ref,
        #[graphql(desc = "The new name; the old one is kept unless given.")] name: Option<String>,
        #[graphql(desc = "The new free text; the old one is kept unless given.")]
        description: Option<String>,
        #[graphql(desc = "All that is to be noted of it; what is noted is kept unless given.")]
        metadata: Option<Vec<MetadataInput>>,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<VolumePayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Volume>(&scope, &["volume"], &volume).await?;
            if name.is_none() && description.is_none() && metadata.is_none() {
                let message = "Give `name`, `description` or `metadata`: what is to be changed";
                return Err(Blamed::input(&["name"], message));
            }
            let would = format!("change {}", named("volume", row.name.as_deref(), &row.id));
            let now_row = Volume::new(&scope, &row);
            let change = RecordChange {
                name,
                description,
                metadata: metadata.map(pairs),
            };
            let sent = async move {
                scope.cloud().update_volume(&row.id, &change).await?;
                Ok(Done::well(now::<Volume>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent))
        });
        paid(outcome.await)
    }
}

/// An action, what it is called, how, and what it leads to.
struct Action {
    act: VolumeAct,
    verb: &'static str,
    how: String,
    goal: Goal,
}

/// Does something to a volume; the action may depend on how it is.
async fn act<A, F>(
    context: &Context<'_>,
    common: Common,
    volume: Ref,
    wait: Option<VolumeWait>,
    action: A,
) -> Answered<VolumePayload>
where
    A: FnOnce(Scope, std::sync::Arc<block_storage::Volume>) -> F + Send,
    F: Future<Output = Result<Action, Blamed>> + Send,
{
    let dry_run = common.dry_run;
    let outcome = carry_out(context, common, |scope| async move {
        let row = refer::<Volume>(&scope, &["volume"], &volume).await?;
        let action = action(scope.clone(), row.clone()).await?;
        let affects = if dry_run {
            affected(&scope, &row, Concern::Change).await
        } else {
            Vec::new()
        };
        let subject = named("volume", row.name.as_deref(), &row.id);
        let would = format!(
            "{} {subject}, which is {}{}",
            action.verb, row.status, action.how
        );
        let now_row = Volume::new(&scope, &row);
        let sent = async move {
            let written = scope.cloud().act_on_volume(&row.id, &action.act).await?;
            Ok(finish(&scope, &row.id, &written, wait, action.goal).await)
        };
        Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
    });
    paid(outcome.await)
}

/// Notes as keys and values.
pub(in crate::graph::block_storage) fn pairs(
    metadata: Vec<MetadataInput>,
) -> Vec<(String, String)> {
    let pairs = metadata.into_iter();
    pairs.map(|pair| (pair.key, pair.value)).collect()
}

impl VolumeCreateInput {
    /// The same with ids for references, and what would be made, in words.
    async fn resolved(self, scope: &Scope) -> Result<(NewVolume, String), Blamed> {
        let at = |field: &'static str| ["input", field];
        let image = refer_maybe::<Image>(scope, &at("image"), self.image.as_ref()).await?;
        let snapshot = self.snapshot.as_ref();
        let snapshot = refer_maybe::<VolumeSnapshot>(scope, &at("snapshot"), snapshot).await?;
        let volume = self.source_volume.as_ref();
        let volume = refer_maybe::<Volume>(scope, &at("sourceVolume"), volume).await?;
        let (source, of) = match (image, snapshot, volume) {
            (None, None, None) => (None, String::new()),
            (Some(image), None, None) => {
                let of = named(" of image", image.name.as_deref(), &image.id);
                (Some(VolumeSource::Image(image.id.to_string())), of)
            }
            (None, Some(snapshot), None) => {
                let of = named(" of snapshot", snapshot.name.as_deref(), &snapshot.id);
                (Some(VolumeSource::Snapshot(snapshot.id.clone())), of)
            }
            (None, None, Some(volume)) => {
                let of = named(" of volume", volume.name.as_deref(), &volume.id);
                (Some(VolumeSource::Volume(volume.id.to_string())), of)
            }
            _ => {
                let message = "A volume is made of `image`, `snapshot` or `sourceVolume`, or of \
                               none of them; give one at most";
                return Err(Blamed::input(&at("image"), message));
            }
        };
        let needs_size = matches!(source, None | Some(VolumeSource::Image(_)));
        if needs_size && self.size_gib.is_none() {
            let message = "Give `sizeGib`: only of a snapshot or a volume is the size known";
            return Err(Blamed::input(&at("sizeGib"), message));
        }
        let volume_type = self.volume_type.as_ref();
        let volume_type = refer_maybe::<VolumeType>(scope, &at("type"), volume_type).await?;
        let name = self.name.as_deref();
        let name = name.map_or(String::new(), |name| format!(" `{name}`"));
        let size = self.size_gib;
        let size = size.map_or(String::new(), |size| format!(" of {size} GiB"));
        let would = format!("make a volume{name}{size}{of}");
        let new = NewVolume {
            name: self.name,
            description: self.description,
            size_gib: self.size_gib,
            source,
            type_id: volume_type.map(|volume_type| volume_type.id.clone()),
            availability_zone: self.availability_zone,
            metadata: pairs(self.metadata.unwrap_or_default()),
        };
        Ok((new, would))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: &str, size: i64) -> block_storage::Volume {
        let row = serde_json::json!({"id": "1", "status": status, "size": size,
            "volume_type": "slow", "volume_type_id": "s"});
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn a_volume_has_grown_when_it_has_the_size_and_is_quiet() {
        let at = |status, size| Goal::Size(2).progress(Some(&row(status, size)));
        assert_eq!(at("extending", 1), Progress::GoesOn);
        assert_eq!(at("extending", 2), Progress::GoesOn);
        assert_eq!(at("in-use", 2), Progress::Reached);
        assert!(matches!(at("available", 1), Progress::Failed(_)));
        assert!(matches!(at("error_extending", 1), Progress::Failed(_)));
        assert!(matches!(Goal::Size(2).progress(None), Progress::Failed(_)));
    }

    #[test]
    fn a_type_is_told_by_id_or_by_name() {
        let goal = |id: &str, name: &str| Goal::Type(id.to_owned(), name.to_owned());
        let at = |goal: Goal, status| goal.progress(Some(&row(status, 1)));
        assert_eq!(at(goal("s", "x"), "available"), Progress::Reached);
        assert_eq!(at(goal("x", "slow"), "available"), Progress::Reached);
        assert_eq!(at(goal("f", "fast"), "retyping"), Progress::GoesOn);
        assert!(matches!(
            at(goal("f", "fast"), "available"),
            Progress::Failed(_)
        ));
    }

    #[test]
    fn a_deleted_volume_is_gone_or_says_why_not() {
        let at = |status| Goal::Gone.progress(Some(&row(status, 1)));
        assert_eq!(Goal::Gone.progress(None), Progress::Reached);
        assert_eq!(at("deleting"), Progress::GoesOn);
        assert!(matches!(at("error_deleting"), Progress::Failed(_)));
        assert!(matches!(at("available"), Progress::Failed(_)));
    }

    #[test]
    fn a_state_that_was_asked_for_may_be_an_error() {
        let goal = Goal::Status(VolumeStatus::Error);
        assert_eq!(goal.progress(Some(&row("error", 1))), Progress::Reached);
        assert_eq!(goal.progress(Some(&row("creating", 1))), Progress::GoesOn);
    }
}
