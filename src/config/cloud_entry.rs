//! One cloud as the configuration describes it: where Keystone is and who asks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use crate::cloud::Service;

/// One credential entry in one region.
#[derive(Clone, Debug)]
pub struct CloudEntry {
    /// Unique among the configured clouds: `paris`, `paris/RegionTwo`, `envvars`.
    pub name: String,
    /// Keystone's URL, with or without `/v3`.
    pub auth_url: Url,
    /// Who asks.
    pub auth: Auth,
    /// What the token is for.
    pub scope: Scope,
    /// The region whose endpoints are used; the only one of the catalog when absent.
    pub region: Option<String>,
    /// The endpoint interface to use.
    pub interface: Interface,
    /// How HTTPS is verified.
    pub tls: Tls,
    /// Whole base URLs that replace those of the catalog.
    pub endpoint_overrides: BTreeMap<Service, Url>,
    /// Ports at Keystone's host that replace the catalog, as long as they answer discovery.
    pub ports: BTreeMap<Service, u16>,
}

/// The credential.
#[derive(Clone, Debug)]
pub enum Auth {
    /// A user's name or id and password.
    Password {
        /// The user.
        user: Named,
        /// The password.
        password: SecretString,
    },
    /// A token had from elsewhere.
    Token(SecretString),
    /// An application credential; its scope is fixed by Keystone.
    ApplicationCredential {
        /// By id, or by name, which needs the user.
        credential: ApplicationCredentialRef,
        /// The secret.
        secret: SecretString,
    },
}

/// How an application credential is named.
#[derive(Clone, Debug)]
pub enum ApplicationCredentialRef {
    /// Its id.
    Id(String),
    /// Its name, unique for the user.
    Name {
        /// The credential's name.
        name: String,
        /// Its owner.
        user: Named,
    },
}

/// A user or project by id, or by name in a domain.
#[derive(Clone, Debug)]
pub enum Named {
    /// By id.
    Id(String),
    /// By name.
    Name {
        /// The name.
        name: String,
        /// The domain the name is unique in.
        domain: DomainRef,
    },
}

/// A domain by id or name.
#[derive(Clone, Debug)]
pub enum DomainRef {
    /// By id.
    Id(String),
    /// By name.
    Name(String),
}

/// What a token is asked for.
#[derive(Clone, Debug)]
pub enum Scope {
    /// One project.
    Project(Named),
    /// One domain.
    Domain(DomainRef),
    /// The whole deployment.
    System,
    /// Whatever the credential itself carries.
    Unscoped,
}

/// Which of a service's endpoints to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interface {
    /// For everybody.
    #[default]
    Public,
    /// Inside the deployment.
    Internal,
    /// For administration.
    Admin,
}

impl Interface {
    /// The word the catalog uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Admin => "admin",
        }
    }
}

/// How HTTPS connections are made.
#[derive(Clone, Debug)]
pub struct Tls {
    /// A bundle of authorities to trust beside the system's.
    pub ca_cert: Option<PathBuf>,
    /// A client certificate.
    pub client_cert: Option<PathBuf>,
    /// Its key, when it is not in the same file.
    pub client_key: Option<PathBuf>,
    /// Whether certificates are verified at all.
    pub verify: bool,
}
