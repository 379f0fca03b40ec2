//! Nouns of few rows, or of none at all.

use http::StatusCode;
use serde_json::{Value, json};

use super::filter::flag;
use super::listing::{Page, fields};
use super::{Asker, error, failure, invalid, unknown_path};
use crate::reply::{Answer, Reply};

/// What becomes of a filter that the noun does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    PassedOver,
    Refused,
}

/// A noun whose rows are made as they are asked for.
pub(super) struct Small {
    pub(super) collection: &'static str,
    pub(super) filters: &'static [&'static str],
    pub(super) unknown: Unknown,
    pub(super) is_paged: bool,
}

/// What a query has beside filters.
const NO_FILTERS: [&str; 9] = [
    "fields",
    "sort_key",
    "sort_dir",
    "limit",
    "marker",
    "page_reverse",
    "tags-any",
    "not-tags",
    "not-tags-any",
];

impl Small {
    pub(super) fn list(&self, asker: &Asker<'_>, mut rows: Vec<Value>) -> Answer {
        let query = &asker.call.query;
        for (name, _) in query.pairs() {
            if NO_FILTERS.contains(&name) {
                continue;
            }
            if self.filters.contains(&name) {
                let wanted: Vec<&str> = query.all(name).collect();
                narrow(&mut rows, name, &wanted)?;
            } else if self.unknown == Unknown::Refused {
                return Err(invalid(&format!(
                    "'{name}' is not supported for filtering."
                )));
            }
        }
        let page = Page::read(query)?;
        let links = if self.is_paged {
            page.links(asker.call, rows.len(), None)
        } else {
            Vec::new()
        };
        let fields = fields(query);
        rows.iter_mut().for_each(|row| pick(row, &fields));
        let mut body = json!({self.collection: rows});
        if !links.is_empty() {
            body[format!("{}_links", self.collection)] = json!(links);
        }
        Ok(Reply::ok(&body))
    }
}

/// Leaves the rows that have one of the values.
fn narrow(rows: &mut Vec<Value>, name: &str, wanted: &[&str]) -> Result<(), Reply> {
    if rows.iter().any(|row| row[name].is_boolean()) {
        let wanted: Result<Vec<bool>, Reply> = wanted.iter().map(|text| flag(text)).collect();
        let wanted = wanted?;
        rows.retain(|row| row[name].as_bool().is_some_and(|is| wanted.contains(&is)));
        return Ok(());
    }
    rows.retain(|row| {
        let value = row[name].as_str();
        value.is_some_and(|value| wanted.iter().any(|text| value.eq_ignore_ascii_case(text)))
    });
    Ok(())
}

/// Leaves the fields that were asked for, if any was.
pub(super) fn pick(row: &mut Value, fields: &[&str]) {
    if let Value::Object(row) = row
        && !fields.is_empty()
    {
        row.retain(|name, _| fields.contains(&name.as_str()));
    }
}

/// A noun of which nobody has made anything: its path, collection, and what is said of an id.
struct Nothing {
    path: &'static [&'static str],
    collection: &'static str,
    missing: (&'static str, &'static str, &'static str),
    unknown: Unknown,
}

const NOTHING: [Nothing; 8] = [
    Nothing {
        path: &["subnetpools"],
        collection: "subnetpools",
        missing: ("SubnetPoolNotFound", "Subnet pool ", " could not be found."),
        unknown: Unknown::PassedOver,
    },
    Nothing {
        path: &["address-scopes"],
        collection: "address_scopes",
        missing: (
            "AddressScopeNotFound",
            "Address scope ",
            " could not be found.",
        ),
        unknown: Unknown::Refused,
    },
    Nothing {
        path: &["address-groups"],
        collection: "address_groups",
        missing: (
            "AddressGroupNotFound",
            "Address group ",
            " could not be found.",
        ),
        unknown: Unknown::Refused,
    },
    Nothing {
        path: &["trunks"],
        collection: "trunks",
        missing: ("TrunkNotFound", "Trunk ", " could not be found."),
        unknown: Unknown::Refused,
    },
    Nothing {
        path: &["qos", "policies"],
        collection: "policies",
        missing: ("QosPolicyNotFound", "QoS policy ", " could not be found."),
        unknown: Unknown::Refused,
    },
    Nothing {
        path: &["log", "logs"],
        collection: "logs",
        missing: (
            "LogResourceNotFound",
            "Log resource ",
            " could not be found.",
        ),
        unknown: Unknown::Refused,
    },
    Nothing {
        path: &["flavors"],
        collection: "flavors",
        missing: ("FlavorNotFound", "Flavor ", " could not be found."),
        unknown: Unknown::Refused,
    },
    Nothing {
        path: &["service_profiles"],
        collection: "service_profiles",
        missing: (
            "ServiceProfileNotFound",
            "Service Profile ",
            " could not be found.",
        ),
        unknown: Unknown::Refused,
    },
];

/// What filters such a noun may have: all that matters is that they are not refused.
const COMMON: &[&str] = &[
    "id",
    "name",
    "project_id",
    "tenant_id",
    "description",
    "shared",
    "status",
    "port_id",
    "ip_version",
    "enabled",
    "service_type",
];

pub(super) fn read(asker: &Asker<'_>, path: &[&str]) -> Answer {
    match path {
        ["rbac-policies"] => rbac_policies(asker),
        ["rbac-policies", id] => rbac_policy(asker, id),
        ["service-providers"] => service_providers(asker),
        ["qos", "rule-types"] => rule_types(asker),
        ["log", "loggable-resources"] => loggable(asker),
        path => nothing(asker, path),
    }
}

fn nothing(asker: &Asker<'_>, path: &[&str]) -> Answer {
    for noun in NOTHING {
        if path == noun.path {
            let small = Small {
                collection: noun.collection,
                filters: COMMON,
                unknown: noun.unknown,
                is_paged: true,
            };
            return small.list(asker, Vec::new());
        }
        if let [above @ .., id] = path
            && above == noun.path
        {
            let (kind, before, behind) = noun.missing;
            let message = format!("{before}{id}{behind}");
            return Err(error(StatusCode::NOT_FOUND, kind, &message));
        }
    }
    Err(unknown_path())
}

fn policies(asker: &Asker<'_>) -> Vec<Value> {
    let rows = asker.network.rbac_policies.values();
    let rows = rows.filter(|row| asker.is_admin || Some(row.project) == asker.project);
    rows.map(|row| {
        json!({
            "id": row.id,
            "project_id": row.project,
            "tenant_id": row.project,
            "object_type": row.object_type,
            "object_id": row.object,
            "action": row.action,
            "target_tenant": "*",
        })
    })
    .collect()
}

fn rbac_policies(asker: &Asker<'_>) -> Answer {
    Small {
        collection: "rbac_policies",
        filters: &[
            "id",
            "action",
            "object_id",
            "object_type",
            "project_id",
            "tenant_id",
            "target_tenant",
        ],
        unknown: Unknown::Refused,
        is_paged: false,
    }
    .list(asker, policies(asker))
}

fn rbac_policy(asker: &Asker<'_>, id: &str) -> Answer {
    let row = policies(asker).into_iter().find(|row| row["id"] == id);
    let row = row.ok_or_else(|| {
        let message = format!("RBAC policy of type unknown with ID {id} not found");
        error(StatusCode::NOT_FOUND, "RbacPolicyNotFound", &message)
    })?;
    Ok(Reply::ok(&json!({"rbac_policy": row})))
}

/// How routers can be made.
fn service_providers(asker: &Asker<'_>) -> Answer {
    let rows = ["dvrha", "dvr", "ha", "single_node"].into_iter();
    let rows =
        rows.map(|name| json!({"service_type": "L3_ROUTER_NAT", "name": name, "default": false}));
    Small {
        collection: "service_providers",
        filters: &["name", "service_type", "default"],
        unknown: Unknown::PassedOver,
        is_paged: false,
    }
    .list(asker, rows.collect())
}

fn rule_types(asker: &Asker<'_>) -> Answer {
    let rows = [
        "bandwidth_limit",
        "minimum_bandwidth",
        "packet_rate_limit",
        "minimum_packet_rate",
        "dscp_marking",
    ];
    let rows = rows.into_iter().map(|name| json!({"type": name}));
    unpageable(asker, "rule_types", Unknown::Refused, rows.collect())
}

fn loggable(asker: &Asker<'_>) -> Answer {
    let rows = if asker.is_admin {
        vec![json!({"type": "security_group"})]
    } else {
        Vec::new()
    };
    unpageable(asker, "loggable_resources", Unknown::PassedOver, rows)
}

/// Rows without an id, which break the service when a page of them is asked for.
fn unpageable(
    asker: &Asker<'_>,
    collection: &'static str,
    unknown: Unknown,
    rows: Vec<Value>,
) -> Answer {
    if asker.call.query.has("limit") && !rows.is_empty() {
        return Err(failure());
    }
    Small {
        collection,
        filters: &[],
        unknown,
        is_paged: false,
    }
    .list(asker, rows)
}
