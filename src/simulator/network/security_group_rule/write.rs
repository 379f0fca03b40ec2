//! Rules made and taken away. They are never changed.

use http::StatusCode;
use uuid::Uuid;

use super::Rule;
use crate::network::attribute::{Body, Kind, both, create, required, shown};
use crate::network::filter::protocol_name;
use crate::network::listing::{find, shown as seen};
use crate::network::write::{Pen, Written, conflict};
use crate::network::{Asker, error};
use crate::reply::Reply;
use crate::world::network::cidr::Cidr;
use crate::world::network::{SecurityGroup, SecurityGroupRule};
use crate::world::{Key, Shared};

pub(in crate::network) static WRITTEN: Written = Written {
    path: "security-group-rules",
    member: "security_group_rule",
    attributes: &[
        both("description", Kind::Text),
        required("security_group_id", Kind::Text),
        create("remote_group_id", Kind::Free),
        create("remote_address_group_id", Kind::IdOrNull),
        required("direction", Kind::OneOf(&["ingress", "egress"])),
        create("protocol", Kind::Free),
        create("port_range_min", Kind::Free),
        create("port_range_max", Kind::Free),
        create("ethertype", Kind::Free),
        create("remote_ip_prefix", Kind::Free),
    ],
    guarded: &[],
    find: found,
    show: |asker, id| seen::<Rule<'_>>(asker, id),
    create: make,
    update: change,
    delete: remove,
    standard: None,
};

fn found(asker: &Asker<'_>, id: &str) -> Result<(Uuid, Option<Key>), Reply> {
    let row: Rule<'_> = find(asker, id)?;
    Ok((row.rule.id, row.group.standard.project))
}

fn bad(kind: &str, message: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, kind, message)
}

fn make(pen: &mut Pen<'_>, body: &Body) -> Result<Uuid, Reply> {
    let now = pen.call.now;
    let is_ipv6 = is_ipv6(body)?;
    let protocol = protocol(body, is_ipv6)?;
    let ports = ports(body, protocol.as_deref())?;
    let remote_cidr = prefix(body, is_ipv6)?;
    if remote_cidr.is_some() && body.set("remote_group_id").is_some() {
        return Err(bad(
            "SecurityGroupMultipleRemoteEntites",
            "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be \
             provided.",
        ));
    }
    let (group, remote_group) = {
        let asker = pen.asker();
        let known = |name: &str| -> Result<Uuid, Reply> {
            let id = body.value(name).map(shown).unwrap_or_default();
            let row: &SecurityGroup = find(&asker, &id)?;
            Ok(row.id)
        };
        let remote = body.set("remote_group_id");
        let remote = remote.map(|_| known("remote_group_id")).transpose()?;
        (known("security_group_id")?, remote)
    };
    let (network, dice) = pen.parts();
    let rule = SecurityGroupRule {
        description: Some(body.text("description").unwrap_or_default().to_owned()),
        is_ingress: body.text("direction") == Some("ingress"),
        is_ipv6,
        protocol,
        ports,
        remote_cidr,
        remote_group,
        ..network.new_rule(dice, now)
    };
    let row = network.security_groups.get_mut(&group);
    let row = row.ok_or_else(crate::network::failure)?;
    if let Some(same) = row.rules.iter().find(|other| is_same(other, &rule)) {
        let message = format!(
            "Security group rule already exists. Rule id is {}.",
            same.id
        );
        return Err(conflict("SecurityGroupRuleExists", &message));
    }
    let id = rule.id;
    row.rules.push(rule);
    row.standard.touch(now);
    Ok(id)
}

fn is_ipv6(body: &Body) -> Result<bool, Reply> {
    let Some(value) = body.set("ethertype") else {
        return Ok(false);
    };
    match shown(value).to_ascii_lowercase().as_str() {
        "ipv4" => Ok(false),
        "ipv6" => Ok(true),
        _ => Err(bad(
            "SecurityGroupRuleInvalidEtherType",
            &format!(
                "Security group rule for ethertype '{}' not supported. Allowed values are \
                 ['IPv4', 'IPv6'].",
                shown(value)
            ),
        )),
    }
}

fn protocol(body: &Body, is_ipv6: bool) -> Result<Option<Shared>, Reply> {
    let Some(value) = body.set("protocol") else {
        return Ok(None);
    };
    let text = shown(value);
    let Some(name) = protocol_name(&text)? else {
        return Ok(None);
    };
    let is_of_ipv6 = name.starts_with("ipv6") || name == "icmpv6";
    if is_of_ipv6 && !is_ipv6 {
        return Err(bad(
            "SecurityGroupEthertypeConflictWithProtocol",
            &format!("Invalid ethertype IPv4 for protocol {name}."),
        ));
    }
    if is_ipv6 && ["icmp", "icmpv6"].contains(&name.as_str()) {
        return Ok(Some(Shared::from("ipv6-icmp")));
    }
    Ok(Some(name.into()))
}

type Ports = (Option<u16>, Option<u16>);

fn ports(body: &Body, protocol: Option<&str>) -> Result<Ports, Reply> {
    let end = |name: &str| -> Result<Option<u16>, Reply> {
        let Some(value) = body.set(name) else {
            return Ok(None);
        };
        let number = crate::network::attribute::number(value);
        let number = number.and_then(|number| u16::try_from(number).ok());
        number.map(Some).ok_or_else(|| bad_port(&shown(value)))
    };
    let (first, last) = (end("port_range_min")?, end("port_range_max")?);
    if first.is_none() && last.is_none() {
        return Ok((None, None));
    }
    match protocol {
        None => Err(bad(
            "SecurityGroupProtocolRequiredWithPorts",
            "Must also specify protocol if port range is given.",
        )),
        Some("tcp" | "udp" | "udplite" | "sctp" | "dccp" | "6" | "17" | "132" | "33" | "136") => {
            if first == Some(0) || last == Some(0) {
                return Err(bad_port("0"));
            }
            let is_range = first.zip(last).is_some_and(|(first, last)| first <= last);
            if !is_range {
                return Err(bad(
                    "SecurityGroupInvalidPortRange",
                    "For TCP/UDP protocols, port_range_min must be <= port_range_max",
                ));
            }
            if (first, last) == (Some(1), Some(65535)) {
                return Ok((None, None));
            }
            Ok((first, last))
        }
        Some("icmp" | "ipv6-icmp" | "icmpv6" | "1" | "58") => {
            let named = [
                ("port_range_min", "type", first),
                ("port_range_max", "code", last),
            ];
            let wrong = named
                .iter()
                .find(|(_, _, value)| value.is_some_and(|value| value > 255));
            if let Some((attribute, field, Some(value))) = wrong {
                return Err(bad(
                    "SecurityGroupInvalidIcmpValue",
                    &format!(
                        "Invalid value for ICMP {field} ({attribute}) {value}. It must be 0 to \
                         255."
                    ),
                ));
            }
            if let (None, Some(code)) = (first, last) {
                return Err(bad(
                    "SecurityGroupMissingIcmpType",
                    &format!(
                        "ICMP code (port-range-max) {code} is provided but ICMP type \
                         (port-range-min) is missing."
                    ),
                ));
            }
            Ok((first, last))
        }
        Some(protocol) => Err(bad(
            "SecurityGroupInvalidProtocolForPort",
            &format!(
                "Ports cannot be specified for protocol {}. Ports are only supported for DCCP, \
                 SCTP, TCP, UDP, UDPLITE.",
                number_of(protocol)
            ),
        )),
    }
}

/// The number of a protocol that has no ports.
fn number_of(protocol: &str) -> &str {
    match protocol {
        "ah" => "51",
        "egp" => "8",
        "esp" => "50",
        "gre" => "47",
        "hopopt" | "ip" => "0",
        "igmp" => "2",
        "ipip" => "4",
        "ipv6-encap" => "41",
        "ipv6-frag" => "44",
        "ipv6-nonxt" => "59",
        "ipv6-opts" => "60",
        "ipv6-route" => "43",
        "ospf" => "89",
        "pgm" => "113",
        "vrrp" => "112",
        number => number,
    }
}

fn bad_port(port: &str) -> Reply {
    let message = format!("Invalid value for port {port}");
    bad("SecurityGroupInvalidPortValue", &message)
}

fn prefix(body: &Body, is_ipv6: bool) -> Result<Option<String>, Reply> {
    let Some(value) = body.set("remote_ip_prefix") else {
        return Ok(None);
    };
    let text = shown(value);
    let Some(cidr) = Cidr::read(&text) else {
        let message = format!("Invalid CIDR {text} given as IP prefix.");
        return Err(bad("InvalidCIDR", &message));
    };
    if (cidr.ip_version() == 6) != is_ipv6 {
        let ethertype = if is_ipv6 { "IPv6" } else { "IPv4" };
        let message = format!("Conflicting value ethertype {ethertype} for CIDR {text}");
        return Err(bad("SecurityGroupRuleParameterConflict", &message));
    }
    // The address stays as it was said.
    let has_length = text.contains('/');
    Ok(Some(if has_length { text } else { cidr.to_string() }))
}

/// Whether two rules let the same through.
fn is_same(one: &SecurityGroupRule, other: &SecurityGroupRule) -> bool {
    let cidr = |rule: &SecurityGroupRule| {
        let cidr = rule.remote_cidr.clone();
        cidr.filter(|cidr| !["0.0.0.0/0", "::/0"].contains(&cidr.as_str()))
    };
    one.is_ingress == other.is_ingress
        && one.is_ipv6 == other.is_ipv6
        && one.protocol == other.protocol
        && one.ports == other.ports
        && one.remote_group == other.remote_group
        && cidr(one) == cidr(other)
}

fn change(pen: &mut Pen<'_>, id: Uuid, body: &Body) -> Result<(), Reply> {
    let groups = pen.network_mut().security_groups.values_mut();
    let rule = groups
        .flat_map(|group| &mut group.rules)
        .find(|rule| rule.id == id);
    if let (Some(rule), Some(text)) = (rule, body.text("description")) {
        rule.description = Some(text.to_owned());
    }
    Ok(())
}

fn remove(pen: &mut Pen<'_>, id: Uuid) -> Result<(), Reply> {
    let now = pen.call.now;
    for group in pen.network_mut().security_groups.values_mut() {
        let before = group.rules.len();
        group.rules.retain(|rule| rule.id != id);
        if group.rules.len() < before {
            group.standard.touch(now);
        }
    }
    Ok(())
}
