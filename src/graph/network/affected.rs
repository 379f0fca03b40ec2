//! What hangs on things of a network, for who is about to change or delete them.

use crate::Result;
use crate::cloud::network::{FloatingIp, Port};
use crate::graph::mutation::Affected;
use crate::graph::noun::Noun;
use crate::graph::scope::Scope;

/// What was found out of each kind. What could not be is said so: whoever asks is about to rely
/// on it.
pub(super) fn gathered<const N: usize>(
    scope: &Scope,
    found: [(&'static str, Result<Vec<Affected>>); N],
) -> Vec<Affected> {
    let mut affected = Vec::new();
    for (kind, found) in found {
        match found {
            Ok(found) => affected.extend(found),
            Err(error) => {
                affected.push(Affected::unknown(kind, format!("cannot be told: {error}")));
                scope.report(error);
            }
        }
    }
    affected
}

/// Says that more may hang on something, where it is of another project, or shared, so that the
/// credential does not see all that does.
pub(super) async fn unseen(
    scope: &Scope,
    kind: &'static str,
    project_id: Option<&str>,
    is_shared: Option<bool>,
) -> Result<Vec<Affected>> {
    let token = scope.token().await?;
    let own = token.project.as_ref().map(|own| own.id.as_str());
    let is_own = own.is_some() && project_id == own;
    if token.is_admin() || (is_own && is_shared == Some(false)) {
        return Ok(Vec::new());
    }
    let effect = "of other projects may hang on it too; this credential cannot see them";
    Ok(vec![Affected::unknown(kind, effect)])
}

/// Neutron makes and removes these ports itself: they keep nothing from being deleted.
const OWN_PORTS: [&str; 3] = [
    "network:dhcp",
    "network:distributed",
    "network:floatingip_agent_gateway",
];

/// Whether Neutron removes a port itself, with its network or subnet.
pub(super) fn is_neutrons_own(port: &Port) -> bool {
    let owner = port.device_owner.as_deref().unwrap_or_default();
    OWN_PORTS.contains(&owner)
}

/// What a port is plugged into, in words.
pub(super) fn plugged(port: &Port) -> String {
    let owner = port.device_owner.as_deref();
    match (owner, port.device_id.as_deref()) {
        (Some(owner), Some(device)) if port.server_id().is_some() => {
            format!("of server {device} ({owner})")
        }
        (Some(owner), Some(device)) if port.router_id().is_some() => {
            format!("of router {device} ({owner})")
        }
        (Some(owner), Some(device)) => format!("of {device} ({owner})"),
        (Some(owner), None) => format!("of {owner}"),
        (None, Some(device)) => format!("of {device}"),
        (None, None) => "not plugged in".to_owned(),
    }
}

/// A port, and what becomes of it.
pub(super) fn port(port: &Port, effect: impl Into<String>) -> Affected {
    let address = port
        .fixed_ips
        .iter()
        .find_map(|it| it.ip_address.as_deref());
    let name = port.name.as_deref().or(address);
    Affected::new("Port", &port.id, name, effect)
}

/// A floating IP, and what becomes of it.
pub(super) fn floating_ip(address: &FloatingIp, effect: impl Into<String>) -> Affected {
    let name = address.floating_ip_address.as_deref();
    Affected::new("FloatingIp", &address.id, name, effect)
}

/// A row of some kind, and what becomes of it.
pub(super) fn row<N: Noun>(
    kind: &'static str,
    row: &N::Row,
    effect: impl Into<String>,
) -> Affected {
    use crate::cloud::collection::Row;
    Affected::new(kind, row.id(), N::name(row), effect)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(owner: &str, device: &str) -> Port {
        let body = serde_json::json!({"id": "p", "device_owner": owner, "device_id": device});
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn neutrons_own_ports_go_by_themselves() {
        assert!(is_neutrons_own(&port("network:dhcp", "dhcp1")));
        assert!(!is_neutrons_own(&port("network:router_interface", "r")));
        assert!(!is_neutrons_own(&port("", "")));
    }

    #[test]
    fn a_port_says_what_it_is_plugged_into() {
        assert_eq!(plugged(&port("", "")), "not plugged in");
        assert_eq!(
            plugged(&port("compute:nova", "s")),
            "of server s (compute:nova)"
        );
        assert_eq!(
            plugged(&port("network:router_gateway", "r")),
            "of router r (network:router_gateway)"
        );
    }
}
