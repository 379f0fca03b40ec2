//! Servers that are made.

use async_graphql::{Context, InputObject, Object};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Goal, ServerPayload, ServerWait, finish};
use crate::cloud::compute::{BootVolume, NewPort, NewServer};
use crate::graph::block_storage::volume::Volume;
use crate::graph::compute::flavor::Flavor;
use crate::graph::compute::keypair::Keypair;
use crate::graph::compute::server::ServerStatus;
use crate::graph::compute::server_group::ServerGroup;
use crate::graph::failure::Answered;
use crate::graph::image::image::Image;
use crate::graph::mutation::{Blamed, Common, Deed, carry_out, paid, refer, refer_maybe};
use crate::graph::network::network::Network;
use crate::graph::network::port::Port;
use crate::graph::network::security_group::SecurityGroup;
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

/// A server to be made. It boots from an image, from a volume made of one, or from a volume that
/// is there.
#[derive(InputObject)]
pub struct ServerCreateInput {
    /// The display name.
    name: String,
    /// Free text.
    description: Option<String>,
    /// Its flavor.
    flavor: Ref,
    /// The image it boots from.
    image: Option<Ref>,
    /// Boot from a volume of this size, in GiB, made from the image.
    boot_volume_gib: Option<i64>,
    /// Boot from this volume; then there is no image.
    boot_volume: Option<Ref>,
    /// Whether the boot volume is deleted with the server.
    #[graphql(default)]
    is_boot_volume_deleted: bool,
    /// The networks it is connected to. Without networks and ports it gets the one that its
    /// project has; with several, one must be named.
    networks: Option<Vec<Ref>>,
    /// Ports that are there, to connect it by.
    ports: Option<Vec<Ref>>,
    /// The keypair whose public half it is given.
    keypair: Option<Ref>,
    /// Its security groups; `default` unless given. Not for ports that are there.
    security_groups: Option<Vec<Ref>>,
    /// The zone it runs in.
    availability_zone: Option<String>,
    /// What its first boot runs, as text. It is never shown again.
    user_data: Option<String>,
    /// What is noted of it.
    metadata: Option<Vec<MetadataInput>>,
    /// The server group it belongs to.
    server_group: Option<Ref>,
}

/// Something noted of a server, or of what else takes notes.
#[derive(InputObject)]
pub struct MetadataInput {
    /// Under which key.
    pub key: String,
    /// What.
    pub value: String,
}

/// Servers that are made.
#[derive(Default)]
pub struct ServerCreation;

#[Object]
impl ServerCreation {
    /// Makes a server. It is built after the answer, unless that is waited for; a server that
    /// could not be built is there, in `ERROR`, with its fault. `POST /servers` (2.90).
    async fn server_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server to make.")] input: ServerCreateInput,
        #[graphql(desc = "Wait for the outcome; answers at once unless given.")] wait: Option<
            ServerWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let name = input.name.clone();
            let server = input.resolved(&scope).await?;
            let would = format!("make a server `{name}`");
            let sent = async move {
                let (id, written) = scope.cloud().create_server(&server).await?;
                let goal = Goal::Status(ServerStatus::Active);
                Ok(finish(&scope, &id, &written, wait, goal).await)
            };
            Ok(Deed::new(would, None, sent))
        });
        paid(outcome.await)
    }
}

impl ServerCreateInput {
    /// The same with ids for references.
    async fn resolved(self, scope: &Scope) -> Result<NewServer, Blamed> {
        let at = |field: &'static str| ["input", field];
        let flavor = refer::<Flavor>(scope, &at("flavor"), &self.flavor).await?;
        let image = refer_maybe::<Image>(scope, &at("image"), self.image.as_ref()).await?;
        let volume =
            refer_maybe::<Volume>(scope, &at("bootVolume"), self.boot_volume.as_ref()).await?;
        let is_deleted_with_server = self.is_boot_volume_deleted;
        let image_id = image.as_ref().map(|image| image.id.to_string());
        let (image_id, boot_volume) = match (image_id, volume, self.boot_volume_gib) {
            (None, Some(volume), None) => {
                let volume_id = volume.id.to_string();
                let disk = BootVolume::Existing {
                    volume_id,
                    is_deleted_with_server,
                };
                (None, Some(disk))
            }
            (Some(image_id), None, Some(size_gib)) => {
                let disk = BootVolume::FromImage {
                    image_id,
                    size_gib,
                    is_deleted_with_server,
                };
                (None, Some(disk))
            }
            (Some(image_id), None, None) => (Some(image_id), None),
            _ => {
                return Err(Blamed::input(
                    &at("image"),
                    "A server boots from `image`, from a volume made of it (`image` with \
                     `bootVolumeGib`), or from `bootVolume`; give one of these",
                ));
            }
        };
        let mut networks = Vec::new();
        for network in self.networks.iter().flatten() {
            let network = refer::<Network>(scope, &at("networks"), network).await?;
            networks.push(NewPort::OnNetwork(network.id.clone()));
        }
        for port in self.ports.iter().flatten() {
            let port = refer::<Port>(scope, &at("ports"), port).await?;
            networks.push(NewPort::Existing(port.id.to_string()));
        }
        let keypair = refer_maybe::<Keypair>(scope, &at("keypair"), self.keypair.as_ref()).await?;
        let mut security_groups = Vec::new();
        for group in self.security_groups.iter().flatten() {
            let group = refer::<SecurityGroup>(scope, &at("securityGroups"), group).await?;
            security_groups.push(group.id.clone());
        }
        let group = self.server_group.as_ref();
        let group = refer_maybe::<ServerGroup>(scope, &at("serverGroup"), group).await?;
        let metadata = self.metadata.into_iter().flatten();
        Ok(NewServer {
            name: self.name,
            description: self.description,
            flavor_id: flavor.id.to_string(),
            image_id,
            boot_volume,
            networks,
            key_name: keypair.map(|keypair| keypair.name.clone()),
            security_groups,
            availability_zone: self.availability_zone,
            user_data: self.user_data.map(|text| STANDARD.encode(text)),
            metadata: metadata.map(|pair| (pair.key, pair.value)).collect(),
            group_id: group.map(|group| group.id.clone()),
        })
    }
}
