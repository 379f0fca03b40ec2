//! Templates: read, looked at, and resolved.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{BAD, bad_request, refusal, small};
use crate::python::str as shown;
use crate::reply::Reply;

const VERSIONS: [&str; 17] = [
    "2013-05-23",
    "2014-10-16",
    "2015-04-30",
    "2015-10-15",
    "2016-04-08",
    "2016-10-14",
    "2017-02-24",
    "2017-09-01",
    "2018-03-02",
    "2018-08-31",
    "2021-04-16",
    "newton",
    "ocata",
    "pike",
    "queens",
    "rocky",
    "wallaby",
];

const SECTIONS: [&str; 8] = [
    "heat_template_version",
    "description",
    "parameter_groups",
    "parameters",
    "resources",
    "outputs",
    "conditions",
    "parameter_tags",
];

/// How many resources a stack has at most, unless Heat is told otherwise.
const MOST_RESOURCES: usize = 1000;

/// What resources of a type may be told, and what they have to be.
struct Properties {
    resource_type: &'static str,
    known: &'static [&'static str],
    required: &'static [&'static str],
}

const PROPERTIES: [Properties; 6] = [
    Properties {
        resource_type: "OS::Heat::RandomString",
        known: &["length", "character_classes", "character_sequences", "salt"],
        required: &[],
    },
    Properties {
        resource_type: "OS::Heat::Value",
        known: &["type", "value"],
        required: &["value"],
    },
    Properties {
        resource_type: "OS::Neutron::Net",
        known: &[
            "name",
            "value_specs",
            "admin_state_up",
            "tenant_id",
            "shared",
            "dhcp_agent_ids",
            "port_security_enabled",
            "qos_policy",
            "dns_domain",
            "availability_zone_hints",
            "tags",
        ],
        required: &[],
    },
    Properties {
        resource_type: "OS::Neutron::Subnet",
        known: &[
            "network",
            "network_id",
            "subnetpool",
            "prefixlen",
            "cidr",
            "value_specs",
            "name",
            "ip_version",
            "dns_nameservers",
            "gateway_ip",
            "enable_dhcp",
            "allocation_pools",
            "tenant_id",
            "host_routes",
            "ipv6_ra_mode",
            "ipv6_address_mode",
            "segment",
            "tags",
        ],
        required: &["network"],
    },
    Properties {
        resource_type: "OS::Cinder::Volume",
        known: &[
            "availability_zone",
            "size",
            "snapshot_id",
            "backup_id",
            "name",
            "description",
            "image",
            "metadata",
            "volume_type",
            "source_volid",
            "cinder_scheduler_hints",
            "read_only",
            "multiattach",
        ],
        required: &[],
    },
    Properties {
        resource_type: "OS::Neutron::RouterInterface",
        known: &[
            "router",
            "router_id",
            "subnet",
            "subnet_id",
            "port",
            "port_id",
        ],
        required: &["router"],
    },
];

fn invalid(kind: &str, message: &str) -> Reply {
    refusal(StatusCode::BAD_REQUEST, BAD, kind, Some(message))
}

pub(super) fn failed(message: &str) -> Reply {
    invalid("StackValidationFailed", message)
}

/// The template of a body: an object, or the text of one.
pub(super) fn read(body: &Value) -> Result<Value, Reply> {
    match body.get("template") {
        Some(Value::Object(template)) if !template.is_empty() => {
            Ok(Value::Object(template.clone()))
        }
        Some(Value::String(text)) if !text.is_empty() => {
            let parsed: Result<Value, _> = serde_saphyr::from_str(text);
            let parsed = parsed.map_err(|error| {
                bad_request(&format!(
                    "Template not in valid format: Error parsing template [root stack] {error}"
                ))
            })?;
            if parsed.is_object() {
                return Ok(parsed);
            }
            Err(bad_request(
                "Template not in valid format: The template is not a JSON object or YAML mapping.",
            ))
        }
        _ if body.get("template_url").is_some_and(Value::is_string) => {
            let url = shown(&body["template_url"]);
            Err(bad_request(&format!(
                "Could not retrieve template: Failed to retrieve template from {url}"
            )))
        }
        _ => Err(bad_request("No template specified")),
    }
}

/// A section of a template; empty where there is none.
pub(super) fn section<'t>(
    template: &'t Value,
    name: &str,
) -> impl Iterator<Item = (&'t String, &'t Value)> {
    template[name].as_object().into_iter().flatten()
}

/// Looks at a template's form.
pub(super) fn check(template: &Value) -> Result<(), Reply> {
    let version = match &template["heat_template_version"] {
        Value::Null => {
            return Err(invalid(
                "InvalidTemplateVersion",
                "The template version is invalid: Template version was not provided",
            ));
        }
        version => shown(version),
    };
    if !VERSIONS.contains(&version.as_str()) {
        return Err(invalid(
            "InvalidTemplateVersion",
            &format!(
                "The template version is invalid: \"heat_template_version: {version}\". \
                 \"heat_template_version\" should be one of: {}",
                VERSIONS.join(", ")
            ),
        ));
    }
    let sections = template.as_object().into_iter().flatten();
    for (name, _) in sections {
        if !SECTIONS.contains(&name.as_str()) {
            return Err(failed(&format!("The template section is invalid: {name}")));
        }
    }
    if section(template, "resources").count() > MOST_RESOURCES {
        return Err(invalid(
            "RequestLimitExceeded",
            "Request limit exceeded: Maximum resources per stack exceeded.",
        ));
    }
    let known: BTreeSet<&str> = section(template, "resources")
        .map(|(name, _)| name.as_str())
        .collect();
    for (name, resource) in section(template, "resources") {
        for (reference, place) in references(&resource["properties"]) {
            if !known.contains(reference.as_str()) {
                return Err(invalid(
                    "InvalidTemplateReference",
                    &format!(
                        "The specified reference \"{reference}\" (in {name}.Properties{place}) is \
                         incorrect."
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// The type of a resource, one of those that there are.
pub(super) fn type_of(resource: &Value) -> Option<&'static str> {
    let wanted = resource["type"].as_str()?;
    small::resource_types()
        .into_iter()
        .find(|known| *known == wanted)
}

/// Looks at the resources: their types, and what they are told.
pub(super) fn check_resources(
    template: &Value,
    parameters: &BTreeMap<String, String>,
) -> Result<(), Reply> {
    for (_, resource) in section(template, "resources") {
        if type_of(resource).is_none() {
            let name = shown(&resource["type"]);
            return Err(failed(&format!(
                "The Resource Type ({name}) could not be found."
            )));
        }
    }
    for (name, resource) in section(template, "resources") {
        let properties = &resource["properties"];
        let wrong = |message: &str| {
            failed(&format!(
                "Property error: : resources.{name}.properties: : {message}"
            ))
        };
        for (property, value) in properties.as_object().into_iter().flatten() {
            if let Some(unknown) = unknown_parameter(value, parameters) {
                return Err(failed(&format!(
                    "Property error: : resources.{name}.properties.{property}: : The Parameter \
                     ({unknown}) was not provided."
                )));
            }
        }
        let of_type = PROPERTIES
            .iter()
            .find(|one| resource["type"] == one.resource_type);
        let Some(of_type) = of_type else { continue };
        let given = properties.as_object().into_iter().flatten();
        for (property, _) in given {
            if !of_type.known.contains(&property.as_str()) {
                return Err(wrong(&format!("Unknown Property {property}")));
            }
        }
        for property in of_type.required {
            let old = format!("{property}_id");
            if properties.get(property).is_none() && properties.get(&old).is_none() {
                return Err(wrong(&format!("Property {property} not assigned")));
            }
        }
    }
    Ok(())
}

/// The parameter in a value that nobody knows.
fn unknown_parameter(value: &Value, parameters: &BTreeMap<String, String>) -> Option<String> {
    match value {
        Value::Array(items) => items
            .iter()
            .find_map(|item| unknown_parameter(item, parameters)),
        Value::Object(fields) => {
            if let Some(name) = fields.get("get_param").filter(|_| fields.len() == 1) {
                let name = name.as_str().or_else(|| name.get(0)?.as_str());
                let name = name.unwrap_or_default();
                let is_known = name.starts_with("OS::") || parameters.contains_key(name);
                return (!is_known).then(|| name.to_owned());
            }
            let mut values = fields.values();
            values.find_map(|item| unknown_parameter(item, parameters))
        }
        _ => None,
    }
}

/// The parameters of a stack: what is given, and what a template says otherwise.
pub(super) fn parameters(
    template: &Value,
    given: &Map<String, Value>,
) -> Result<BTreeMap<String, String>, Reply> {
    for name in given.keys() {
        if template["parameters"].get(name).is_none() {
            return Err(invalid(
                "UnknownUserParameter",
                &format!("The Parameter ({name}) was not defined in template."),
            ));
        }
    }
    let mut parameters = BTreeMap::new();
    for (name, schema) in section(template, "parameters") {
        let value = given.get(name).or_else(|| schema.get("default"));
        let Some(value) = value else {
            return Err(invalid(
                "UserParameterMissing",
                &format!("The Parameter ({name}) was not provided."),
            ));
        };
        let text = match value {
            Value::Array(_) | Value::Object(_) => value.to_string(),
            value => shown(value),
        };
        if schema["type"] == "number" && text.trim().parse::<f64>().is_err() {
            return Err(failed(&format!(
                "Parameter '{name}' is invalid: could not convert string to float: '{text}'"
            )));
        }
        parameters.insert(name.clone(), text);
    }
    Ok(parameters)
}

/// The resources that a value speaks of, and where in it.
fn references(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found
}

fn collect(value: &Value, place: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                collect(item, &format!("{place}[{number}]"), found);
            }
        }
        Value::Object(fields) => {
            let resource = fields.get("get_resource").and_then(Value::as_str);
            let attribute = fields
                .get("get_attr")
                .and_then(|value| value.get(0)?.as_str());
            if let Some(name) = resource.or(attribute).filter(|_| fields.len() == 1) {
                found.push((name.to_owned(), place.to_owned()));
                return;
            }
            for (name, item) in fields {
                collect(item, &format!("{place}.{name}"), found);
            }
        }
        _ => {}
    }
}

/// What a resource waits for.
pub(super) fn needs(resource: &Value) -> BTreeSet<String> {
    let mut needs: BTreeSet<String> = references(&resource["properties"])
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    match &resource["depends_on"] {
        Value::String(name) => {
            needs.insert(name.clone());
        }
        Value::Array(names) => needs.extend(names.iter().map(shown)),
        _ => {}
    }
    needs
}

/// The resources of a template, those that others wait for first.
pub(super) fn ordered(template: &Value) -> Vec<String> {
    let mut left: Vec<(String, BTreeSet<String>)> = section(template, "resources")
        .map(|(name, resource)| (name.clone(), needs(resource)))
        .collect();
    let mut ordered: Vec<String> = Vec::new();
    while !left.is_empty() {
        let ready = left
            .iter()
            .position(|(_, needs)| needs.iter().all(|name| ordered.contains(name)));
        // What waits for itself is made all the same.
        let (name, _) = left.remove(ready.unwrap_or(0));
        ordered.push(name);
    }
    ordered
}

/// What values are made of.
pub(super) struct Known<'a> {
    pub(super) parameters: &'a BTreeMap<String, String>,
    /// What stands for a resource.
    pub(super) resource: &'a dyn Fn(&str) -> Value,
    pub(super) attribute: &'a dyn Fn(&str, &str) -> Value,
}

impl Known<'_> {
    /// A value with the functions in it carried out.
    pub(super) fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Value::Object(fields) => {
                let mut pairs = fields.iter();
                if let (Some((name, argument)), None) = (pairs.next(), pairs.next())
                    && let Some(value) = self.call(name, argument)
                {
                    return value;
                }
                let fields = fields.iter();
                let fields = fields.map(|(name, item)| (name.clone(), self.resolve(item)));
                Value::Object(fields.collect())
            }
            value => value.clone(),
        }
    }

    fn call(&self, name: &str, argument: &Value) -> Option<Value> {
        let first = || argument.as_str().or_else(|| argument.get(0)?.as_str());
        Some(match name {
            "get_param" => {
                let text = self.parameters.get(first()?);
                text.map_or(Value::Null, |text| json!(text))
            }
            "get_resource" => (self.resource)(argument.as_str()?),
            "get_attr" => (self.attribute)(first()?, argument.get(1)?.as_str()?),
            "str_replace" => {
                let mut text = shown(&self.resolve(&argument["template"]));
                for (from, to) in argument["params"].as_object()? {
                    text = text.replace(from, &shown(&self.resolve(to)));
                }
                json!(text)
            }
            "list_join" => {
                let separator = argument.get(0)?.as_str()?;
                let items = self.resolve(argument.get(1)?);
                let items: Vec<String> = items.as_array()?.iter().map(shown).collect();
                json!(items.join(separator))
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wait_for_comes_first() {
        let template = json!({"resources": {
            "c": {"depends_on": "b"},
            "b": {"properties": {"x": [{"get_attr": ["a", "id"]}]}},
            "a": {},
        }});
        assert_eq!(ordered(&template), ["a", "b", "c"]);
    }

    #[test]
    fn functions_are_carried_out() {
        let parameters = BTreeMap::from([("p".to_owned(), "v".to_owned())]);
        let known = Known {
            parameters: &parameters,
            resource: &|name| json!(format!("id-of-{name}")),
            attribute: &|name, attribute| json!(format!("{name}.{attribute}")),
        };
        let value = json!({"a": {"get_param": "p"}, "b": {"list_join": ["-", [
            {"get_resource": "r"}, {"get_attr": ["r", "x"]},
        ]]}});
        assert_eq!(known.resolve(&value), json!({"a": "v", "b": "id-of-r-r.x"}));
    }
}
