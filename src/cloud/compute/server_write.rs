//! What is done to servers.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Result;
use crate::cloud::collection::escape;
use crate::cloud::request::Call;
use crate::cloud::{Cloud, Microversion, Service, Written};

/// 2.37 brings `networks: auto | none`, 2.52 tags, 2.67 volume types, 2.74 hosts, 2.90 host names.
const CREATE: Microversion = Microversion(2, 90);
/// 2.73 brings the reason of a lock, 2.77 the zone of an unshelved server; 2.93 rebuilds servers
/// that boot from a volume, 2.45 tells the id of a created image.
const ACT: Microversion = Microversion(2, 93);
/// 2.79 brings `delete_on_termination`, 2.85 changes it.
const ATTACH: Microversion = Microversion(2, 85);
/// 2.70 brings tags, 2.49 the rest.
const INTERFACE: Microversion = Microversion(2, 70);
/// 2.90 renames the guest too, 2.19 brings descriptions.
const UPDATE: Microversion = Microversion(2, 90);
/// 2.6 brings consoles of every kind under one call.
const CONSOLE: Microversion = Microversion(2, 8);

/// What a server is told to do: `POST /servers/{id}/action`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerAct {
    /// Boots a stopped one.
    Start,
    /// Shuts the guest down.
    Stop,
    /// Asks the guest to restart, or cuts its power.
    Reboot {
        /// Cuts the power.
        hard: bool,
    },
    /// Holds it in memory.
    Pause,
    /// Lets a paused one go on.
    Unpause,
    /// Holds it on disk.
    Suspend,
    /// Lets a suspended one go on.
    Resume,
    /// Stores it away and frees its host.
    Shelve,
    /// Brings a shelved one back.
    Unshelve,
    /// Keeps its users from acting on it.
    Lock {
        /// Why.
        reason: Option<String>,
    },
    /// Lets its users act on it again.
    Unlock,
    /// Boots it from an image, with its disk attached.
    Rescue {
        /// The image; the one it was made from unless given.
        image_id: Option<String>,
    },
    /// Boots a rescued one from its own disk.
    Unrescue,
    /// Gives it another flavor.
    Resize {
        /// The flavor.
        flavor_id: String,
    },
    /// Keeps the new flavor.
    ConfirmResize,
    /// Goes back to the old flavor.
    RevertResize,
    /// Makes its disk anew from an image.
    Rebuild {
        /// The image.
        image_id: String,
        /// The new name.
        name: Option<String>,
    },
    /// Lets a security group hold for all its ports.
    AddSecurityGroup {
        /// The group's id.
        group_id: String,
    },
    /// Takes a security group from all its ports.
    RemoveSecurityGroup {
        /// The group's id.
        group_id: String,
    },
    /// Deletes it at once, also where deleted servers can be restored.
    ForceDelete,
}

impl ServerAct {
    fn body(&self) -> Value {
        match self {
            Self::Start => json!({"os-start": null}),
            Self::Stop => json!({"os-stop": null}),
            Self::Reboot { hard } => {
                json!({"reboot": {"type": if *hard { "HARD" } else { "SOFT" }}})
            }
            Self::Pause => json!({"pause": null}),
            Self::Unpause => json!({"unpause": null}),
            Self::Suspend => json!({"suspend": null}),
            Self::Resume => json!({"resume": null}),
            Self::Shelve => json!({"shelve": null}),
            Self::Unshelve => json!({"unshelve": null}),
            Self::Lock { reason: None } => json!({"lock": null}),
            Self::Lock {
                reason: Some(reason),
            } => json!({"lock": {"locked_reason": reason}}),
            Self::Unlock => json!({"unlock": null}),
            Self::Rescue { image_id: None } => json!({"rescue": null}),
            Self::Rescue {
                image_id: Some(image),
            } => json!({"rescue": {"rescue_image_ref": image}}),
            Self::Unrescue => json!({"unrescue": null}),
            Self::Resize { flavor_id } => json!({"resize": {"flavorRef": flavor_id}}),
            Self::ConfirmResize => json!({"confirmResize": null}),
            Self::RevertResize => json!({"revertResize": null}),
            Self::Rebuild { image_id, name } => {
                let mut rebuild = json!({"imageRef": image_id});
                if let Some(name) = name {
                    rebuild["name"] = json!(name);
                }
                json!({"rebuild": rebuild})
            }
            Self::AddSecurityGroup { group_id } => json!({"addSecurityGroup": {"name": group_id}}),
            Self::RemoveSecurityGroup { group_id } => {
                json!({"removeSecurityGroup": {"name": group_id}})
            }
            Self::ForceDelete => json!({"forceDelete": null}),
        }
    }
}

/// A server to be made: `POST /servers`.
#[derive(Clone, Debug, Default)]
pub struct NewServer {
    /// The display name.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// The flavor.
    pub flavor_id: String,
    /// The image it boots from, unless it boots from a volume.
    pub image_id: Option<String>,
    /// The volume it boots from.
    pub boot_volume: Option<BootVolume>,
    /// Its networks; the one there is unless given.
    pub networks: Vec<NewPort>,
    /// The keypair whose public half it is given.
    pub key_name: Option<String>,
    /// The ids of its security groups; `default` unless given.
    pub security_groups: Vec<String>,
    /// The zone it runs in.
    pub availability_zone: Option<String>,
    /// What its first boot runs, in base64.
    pub user_data: Option<String>,
    /// Its metadata.
    pub metadata: Vec<(String, String)>,
    /// The server group it belongs to.
    pub group_id: Option<String>,
}

/// The disk of a server that boots from a volume.
#[derive(Clone, Debug)]
pub enum BootVolume {
    /// One that is there.
    Existing {
        /// Cinder's id.
        volume_id: String,
        /// Whether it is deleted with the server.
        is_deleted_with_server: bool,
    },
    /// One to be made from the image.
    FromImage {
        /// The image.
        image_id: String,
        /// Its size, in GiB.
        size_gib: i64,
        /// Whether it is deleted with the server.
        is_deleted_with_server: bool,
    },
}

/// How a new server is connected.
#[derive(Clone, Debug)]
pub enum NewPort {
    /// By a port that Nova makes.
    OnNetwork(String),
    /// By a port that is there.
    Existing(String),
}

impl NewServer {
    fn body(&self) -> Value {
        let mut server = Map::new();
        let mut set = |name: &str, value: Value| {
            if !value.is_null() {
                server.insert(name.to_owned(), value);
            }
        };
        set("name", json!(self.name));
        set("description", json!(self.description));
        set("flavorRef", json!(self.flavor_id));
        set("imageRef", json!(self.image_id));
        set("key_name", json!(self.key_name));
        set("availability_zone", json!(self.availability_zone));
        set("user_data", json!(self.user_data));
        let disk = self.boot_volume.as_ref().map(|disk| match disk {
            BootVolume::Existing {
                volume_id,
                is_deleted_with_server,
            } => json!([{
                "boot_index": 0, "uuid": volume_id, "source_type": "volume",
                "destination_type": "volume", "delete_on_termination": is_deleted_with_server,
            }]),
            BootVolume::FromImage {
                image_id,
                size_gib,
                is_deleted_with_server,
            } => json!([{
                "boot_index": 0, "uuid": image_id, "source_type": "image",
                "destination_type": "volume", "volume_size": size_gib,
                "delete_on_termination": is_deleted_with_server,
            }]),
        });
        set("block_device_mapping_v2", json!(disk));
        let networks = self.networks.iter().map(|port| match port {
            NewPort::OnNetwork(id) => json!({"uuid": id}),
            NewPort::Existing(id) => json!({"port": id}),
        });
        let networks: Value = networks.collect();
        let is_told = !self.networks.is_empty();
        set("networks", if is_told { networks } else { json!("auto") });
        if !self.security_groups.is_empty() {
            let groups = self.security_groups.iter();
            set(
                "security_groups",
                groups.map(|id| json!({"name": id})).collect(),
            );
        }
        if !self.metadata.is_empty() {
            let pairs = self.metadata.iter();
            let pairs = pairs.map(|(name, value)| (name.clone(), json!(value)));
            set("metadata", Value::Object(pairs.collect()));
        }
        let mut body = json!({ "server": server });
        if let Some(group) = &self.group_id {
            body["os:scheduler_hints"] = json!({"group": group});
        }
        body
    }
}

/// What of a server's record is to be changed: `PUT /servers/{id}`.
#[derive(Clone, Debug, Default)]
pub struct ServerChange {
    /// The new display name.
    pub name: Option<String>,
    /// The new free text.
    pub description: Option<String>,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

#[derive(Deserialize)]
struct Console {
    url: String,
}

impl Cloud {
    /// Tells a server to do something. `POST /servers/{id}/action` (2.93).
    pub async fn act_on_server(&self, id: &str, act: &ServerAct) -> Result<Written> {
        let path = format!("/servers/{}/action", escape(id));
        self.write(compute(Method::POST, &path, ACT, Some(act.body())))
            .await
    }

    /// Makes a server; answers with its id. `POST /servers` (2.90).
    pub async fn create_server(&self, server: &NewServer) -> Result<(String, Written)> {
        let call = compute(Method::POST, "/servers", CREATE, Some(server.body()));
        let written = self.write(call).await?;
        let created: Created = written.read("server")?;
        Ok((created.id, written))
    }

    /// Deletes a server. `DELETE /servers/{id}`.
    pub async fn delete_server(&self, id: &str) -> Result<Written> {
        let path = format!("/servers/{}", escape(id));
        self.write(compute(Method::DELETE, &path, ACT, None)).await
    }

    /// Changes a server's record. `PUT /servers/{id}` (2.90).
    pub async fn update_server(&self, id: &str, change: &ServerChange) -> Result<Written> {
        let mut server = Map::new();
        if let Some(name) = &change.name {
            server.insert("name".to_owned(), json!(name));
        }
        if let Some(description) = &change.description {
            server.insert("description".to_owned(), json!(description));
        }
        let path = format!("/servers/{}", escape(id));
        self.write(compute(
            Method::PUT,
            &path,
            UPDATE,
            Some(json!({"server": server})),
        ))
        .await
    }

    /// Adds to a server's metadata, or replaces it. `POST` or `PUT /servers/{id}/metadata`.
    pub async fn set_server_metadata(
        &self,
        id: &str,
        metadata: &[(String, String)],
        replaces: bool,
    ) -> Result<Written> {
        let pairs = metadata.iter();
        let pairs = pairs.map(|(name, value)| (name.clone(), json!(value)));
        let body = json!({"metadata": Value::Object(pairs.collect())});
        let path = format!("/servers/{}/metadata", escape(id));
        let method = if replaces { Method::PUT } else { Method::POST };
        self.write(compute(method, &path, UPDATE, Some(body))).await
    }

    /// Attaches a volume. `POST /servers/{id}/os-volume_attachments` (2.85).
    pub async fn attach_server_volume(
        &self,
        id: &str,
        volume_id: &str,
        is_deleted_with_server: Option<bool>,
    ) -> Result<Written> {
        let mut attachment = json!({"volumeId": volume_id});
        if let Some(is_deleted) = is_deleted_with_server {
            attachment["delete_on_termination"] = json!(is_deleted);
        }
        let path = format!("/servers/{}/os-volume_attachments", escape(id));
        let body = json!({"volumeAttachment": attachment});
        self.write(compute(Method::POST, &path, ATTACH, Some(body)))
            .await
    }

    /// Detaches a volume. `DELETE /servers/{id}/os-volume_attachments/{volume}`.
    pub async fn detach_server_volume(&self, id: &str, volume_id: &str) -> Result<Written> {
        let path = format!(
            "/servers/{}/os-volume_attachments/{}",
            escape(id),
            escape(volume_id)
        );
        self.write(compute(Method::DELETE, &path, ATTACH, None))
            .await
    }

    /// Connects a server by a port, or to a network. `POST /servers/{id}/os-interface` (2.70).
    pub async fn attach_server_interface(&self, id: &str, port: &NewPort) -> Result<Written> {
        let attachment = match port {
            NewPort::OnNetwork(network) => json!({"net_id": network}),
            NewPort::Existing(port) => json!({"port_id": port}),
        };
        let path = format!("/servers/{}/os-interface", escape(id));
        let body = json!({"interfaceAttachment": attachment});
        self.write(compute(Method::POST, &path, INTERFACE, Some(body)))
            .await
    }

    /// Takes a port from a server. `DELETE /servers/{id}/os-interface/{port}`.
    pub async fn detach_server_interface(&self, id: &str, port_id: &str) -> Result<Written> {
        let path = format!("/servers/{}/os-interface/{}", escape(id), escape(port_id));
        self.write(compute(Method::DELETE, &path, INTERFACE, None))
            .await
    }

    /// Makes an image of a server; answers with the image's id. `createImage` (2.45).
    pub async fn create_server_image(&self, id: &str, name: &str) -> Result<(String, Written)> {
        let path = format!("/servers/{}/action", escape(id));
        let body = json!({"createImage": {"name": name}});
        let written = self
            .write(compute(Method::POST, &path, ACT, Some(body)))
            .await?;
        let image_id = written.read("image_id")?;
        Ok((image_id, written))
    }

    /// Opens a console; answers with its URL, which lets in whoever has it.
    /// `POST /servers/{id}/remote-consoles` (2.8).
    pub async fn create_server_console(
        &self,
        id: &str,
        protocol: &str,
        kind: &str,
    ) -> Result<(String, Written)> {
        let path = format!("/servers/{}/remote-consoles", escape(id));
        let body = json!({"remote_console": {"protocol": protocol, "type": kind}});
        let mut call = compute(Method::POST, &path, CONSOLE, Some(body));
        call.expects_secret = true;
        let written = self.write(call).await?;
        let console: Console = written.read("remote_console")?;
        Ok((console.url, written))
    }
}

fn compute(method: Method, path: &str, version: Microversion, body: Option<Value>) -> Call<'_> {
    let mut call = Call::change(Service::Compute, method, path, body);
    call.microversion = Some(version);
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_networks_gets_the_one_there_is() {
        let server = NewServer {
            name: "web".to_owned(),
            flavor_id: "f".to_owned(),
            ..NewServer::default()
        };
        let body = server.body();
        assert_eq!(body["server"]["networks"], "auto");
        assert!(body["server"].get("imageRef").is_none());
    }
}
