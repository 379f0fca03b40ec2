//! One entry's keys made into a [`CloudEntry`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use super::cloud_entry::{
    ApplicationCredentialRef, Auth, CloudEntry, DomainRef, Interface, Named, Scope, Tls,
};
use super::environment::Environment;
use super::fields::Fields;
use crate::cloud::Service;
use crate::{Error, Result};

/// What the keys before `_endpoint_override` call the services.
const OVERRIDES: &[(&str, Service)] = &[
    ("identity", Service::Identity),
    ("compute", Service::Compute),
    ("network", Service::Network),
    ("block_storage", Service::BlockStorage),
    ("block_store", Service::BlockStorage),
    ("volumev3", Service::BlockStorage),
    ("volume", Service::BlockStorage),
    ("image", Service::Image),
    ("orchestration", Service::Orchestration),
    ("placement", Service::Placement),
];

/// Makes the entry.
///
/// # Errors
/// When a key is missing, has a value that cannot be, or contradicts another; the key is named.
pub(super) fn build(
    name: String,
    mut fields: Fields,
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Result<CloudEntry> {
    for (older, key) in [
        ("tenant_name", "project_name"),
        ("tenant_id", "project_id"),
        ("endpoint_type", "interface"),
        ("auth_token", "token"),
    ] {
        fields.adopt(older, key)?;
    }
    check_identity_version(&fields)?;
    let auth_url = auth_url(&fields)?;
    let method = method(&fields)?;
    warn_of_unused(&name, method, &fields, warnings);
    let (auth, scope) = match method {
        Method::Password => (password(&fields)?, scope(&fields)?),
        Method::Token => {
            let token = fields.needed("token", "the token to use")?;
            (Auth::Token(SecretString::from(token)), scope(&fields)?)
        }
        Method::ApplicationCredential => {
            // Keystone refuses to scope it to anything but its own project.
            (application_credential(&fields)?, Scope::Unscoped)
        }
    };
    let tls = tls(&name, &fields, environment, warnings)?;
    Ok(CloudEntry {
        auth_url,
        auth,
        scope,
        region: fields.text("region_name").map(str::to_owned),
        interface: interface(&fields)?,
        tls,
        endpoint_overrides: endpoint_overrides(&fields)?,
        ports: BTreeMap::new(),
        name,
    })
}

fn check_identity_version(fields: &Fields) -> Result<()> {
    match fields.text("identity_api_version") {
        None | Some("3" | "v3") => Ok(()),
        Some(_) => Err(fields.refuse(
            "identity_api_version",
            "a version that this server speaks; use 3",
        )),
    }
}

fn auth_url(fields: &Fields) -> Result<Url> {
    fields.needed("auth_url", "the URL of Keystone, as https://host:5000/v3")?;
    let url = service_url(fields, "auth_url")?;
    if url.path().trim_end_matches('/').ends_with("/v2.0") {
        return Err(fields.refuse(
            "auth_url",
            "Keystone's API v3; use the URL that ends in /v3",
        ));
    }
    Ok(url)
}

fn service_url(fields: &Fields, key: &str) -> Result<Url> {
    let text = fields.text(key).unwrap_or_default();
    let url = Url::parse(text.trim())
        .map_err(|_| fields.refuse(key, "a URL; write it as https://host:port/path"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(fields.refuse(
            key,
            "an http or https URL; write it as https://host:port/path",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fields.refuse(key, "a URL without a user; remove what is before the @"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(fields.refuse(key, "a base URL; remove what follows the path"));
    }
    Ok(url)
}

const APPLICATION_CREDENTIAL_KEYS: [&str; 3] = [
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Password,
    Token,
    ApplicationCredential,
}

/// The method that `auth_type` names, else the one whose keys are there.
fn method(fields: &Fields) -> Result<Method> {
    const SUPPORTED: &str = "a method that this server knows; use password, v3password, token, \
                             v3token or v3applicationcredential";
    match fields.text("auth_type") {
        Some("password" | "v3password") => Ok(Method::Password),
        Some("token" | "v3token") => Ok(Method::Token),
        Some("v3applicationcredential") => Ok(Method::ApplicationCredential),
        Some(text) if text.starts_with("v2") => Err(fields.refuse(
            "auth_type",
            "a method of Keystone's API v3; use v3password or v3token",
        )),
        Some(_) => Err(fields.refuse("auth_type", SUPPORTED)),
        None => {
            let is_set = |key| fields.text(key).is_some();
            if APPLICATION_CREDENTIAL_KEYS.into_iter().any(is_set) {
                Ok(Method::ApplicationCredential)
            } else if is_set("token") {
                Ok(Method::Token)
            } else {
                Ok(Method::Password)
            }
        }
    }
}

fn password(fields: &Fields) -> Result<Auth> {
    let user = named(fields, "user_id", "username", "user").ok_or_else(|| {
        Error::Configuration(format!(
            "{} is missing: the user to authenticate as (or {})",
            fields.label("username"),
            fields.label("user_id")
        ))
    })?;
    let password = fields.needed("password", "the user's password")?;
    Ok(Auth::Password {
        user,
        password: SecretString::from(password),
    })
}

fn application_credential(fields: &Fields) -> Result<Auth> {
    let secret = fields.needed(
        "application_credential_secret",
        "the application credential's secret",
    )?;
    let credential = match fields.text("application_credential_id") {
        Some(id) => ApplicationCredentialRef::Id(id.to_owned()),
        None => {
            let name = fields.needed(
                "application_credential_name",
                "the application credential, by name or by id",
            )?;
            let user = named(fields, "user_id", "username", "user").ok_or_else(|| {
                Error::Configuration(format!(
                    "{} is missing: an application credential named by {} needs its user",
                    fields.label("username"),
                    fields.label("application_credential_name")
                ))
            })?;
            ApplicationCredentialRef::Name {
                name: name.to_owned(),
                user,
            }
        }
    };
    Ok(Auth::ApplicationCredential {
        credential,
        secret: SecretString::from(secret),
    })
}

/// A user or project; an id says all, a name needs its domain.
fn named(fields: &Fields, id_key: &str, name_key: &str, domain_of: &str) -> Option<Named> {
    if let Some(id) = fields.text(id_key) {
        return Some(Named::Id(id.to_owned()));
    }
    let name = fields.text(name_key)?.to_owned();
    let given = domain(
        fields,
        &format!("{domain_of}_domain_id"),
        &format!("{domain_of}_domain_name"),
    );
    let domain = given
        .or_else(|| domain(fields, "default_domain_id", "default_domain_name"))
        .unwrap_or_else(|| {
            // Every deployment's first domain has this id, whatever its name is spelled like.
            DomainRef::Id(
                fields
                    .text("default_domain")
                    .unwrap_or("default")
                    .to_owned(),
            )
        });
    Some(Named::Name { name, domain })
}

fn domain(fields: &Fields, id_key: &str, name_key: &str) -> Option<DomainRef> {
    let by_id = fields.text(id_key).map(|id| DomainRef::Id(id.to_owned()));
    by_id.or_else(|| {
        fields
            .text(name_key)
            .map(|name| DomainRef::Name(name.to_owned()))
    })
}

fn scope(fields: &Fields) -> Result<Scope> {
    let system = match fields.text("system_scope") {
        None => None,
        Some("all") => Some(("system_scope", Scope::System)),
        Some(_) => return Err(fields.refuse("system_scope", "a scope; the only one is all")),
    };
    let first_set = |keys: [&'static str; 2]| {
        let set = keys.into_iter().find(|key| fields.text(key).is_some());
        set.unwrap_or(keys[0])
    };
    let project = named(fields, "project_id", "project_name", "project").map(|project| {
        (
            first_set(["project_id", "project_name"]),
            Scope::Project(project),
        )
    });
    let domain = domain(fields, "domain_id", "domain_name").map(|domain| {
        (
            first_set(["domain_id", "domain_name"]),
            Scope::Domain(domain),
        )
    });
    let mut scopes = [system, project, domain].into_iter().flatten();
    let Some((first, scope)) = scopes.next() else {
        return Ok(Scope::Unscoped);
    };
    if let Some((second, _)) = scopes.next() {
        return Err(Error::Configuration(format!(
            "{} and {} exclude each other: a token is for one of them; remove one",
            fields.label(first),
            fields.label(second)
        )));
    }
    Ok(scope)
}

/// Says which keys belong to another way to authenticate than the one that is used.
fn warn_of_unused(name: &str, method: Method, fields: &Fields, warnings: &mut Vec<String>) {
    const PASSWORD: &[&str] = &["password"];
    const TOKEN: &[&str] = &["token"];
    const SCOPE: &[&str] = &[
        "project_id",
        "project_name",
        "domain_id",
        "domain_name",
        "system_scope",
    ];
    let unused = match method {
        Method::Password => [TOKEN, &APPLICATION_CREDENTIAL_KEYS],
        Method::Token => [PASSWORD, &APPLICATION_CREDENTIAL_KEYS],
        Method::ApplicationCredential => [&["password", "token"], SCOPE],
    };
    let ignored: Vec<String> = unused
        .into_iter()
        .flatten()
        .filter(|key| fields.text(key).is_some())
        .map(|key| fields.label(key))
        .collect();
    if !ignored.is_empty() {
        let used = match method {
            Method::Password => "it authenticates by password",
            Method::Token => "it authenticates by token",
            Method::ApplicationCredential => {
                "it authenticates by application credential, which has a project of its own"
            }
        };
        warnings.push(format!(
            "cloud `{name}`: {used}, ignored: {}",
            ignored.join(", ")
        ));
    }
}

fn interface(fields: &Fields) -> Result<Interface> {
    let Some(text) = fields.text("interface") else {
        return Ok(Interface::default());
    };
    let word = text.trim().to_ascii_lowercase();
    match word.trim_end_matches("url") {
        "public" => Ok(Interface::Public),
        "internal" => Ok(Interface::Internal),
        "admin" => Ok(Interface::Admin),
        _ => Err(fields.refuse("interface", "an interface; use public, internal or admin")),
    }
}

fn tls(
    name: &str,
    fields: &Fields,
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Result<Tls> {
    let file = |key| pem_file(fields, key, environment);
    let tls = Tls {
        ca_cert: file("cacert")?,
        client_cert: file("cert")?,
        client_key: file("key")?,
        verify: match fields.boolean("insecure")? {
            Some(true) => false,
            _ => fields.boolean("verify")?.unwrap_or(true),
        },
    };
    if tls.client_key.is_some() && tls.client_cert.is_none() {
        return Err(Error::Configuration(format!(
            "{} is missing: {} is of no use without its certificate",
            fields.label("cert"),
            fields.label("key")
        )));
    }
    if !tls.verify
        && fields
            .text("auth_url")
            .is_some_and(|url| url.starts_with("https"))
    {
        warnings.push(format!("cloud `{name}`: certificates are not verified"));
    }
    Ok(tls)
}

fn pem_file(fields: &Fields, key: &str, environment: &Environment) -> Result<Option<PathBuf>> {
    let Some(text) = fields.text(key) else {
        return Ok(None);
    };
    let path = environment.path(text.trim());
    let content = std::fs::read(&path)
        .map_err(|error| fields.refuse(key, &format!("a file that can be read ({error})")))?;
    if !String::from_utf8_lossy(&content).contains("-----BEGIN ") {
        return Err(fields.refuse(key, "a PEM file; there is no -----BEGIN line in it"));
    }
    Ok(Some(path))
}

fn endpoint_overrides(fields: &Fields) -> Result<BTreeMap<Service, Url>> {
    let mut overrides: BTreeMap<Service, (String, Url)> = BTreeMap::new();
    for (word, service) in OVERRIDES {
        let key = format!("{word}_endpoint_override");
        if fields.text(&key).is_none() {
            continue;
        }
        let url = service_url(fields, &key)?;
        if let Some((other, existing)) = overrides.get(service)
            && *existing != url
        {
            return Err(Error::Configuration(format!(
                "{} and {} differ and mean the same service; remove one",
                fields.label(other),
                fields.label(&key)
            )));
        }
        overrides.insert(*service, (key, url));
    }
    let urls = overrides
        .into_iter()
        .map(|(service, (_, url))| (service, url));
    Ok(urls.collect())
}
