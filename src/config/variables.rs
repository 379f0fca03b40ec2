//! Every setting there is: its variable, its flag, its default and its help, said once.
//!
//! The command line, the reading of the environment, the warning about unknown variables and the
//! entry `envvars` all come from this table, so that a flag and its variable cannot differ.

use crate::cloud::Service;

/// One setting.
pub(super) struct Variable {
    /// The environment variable; some settings are flags alone.
    pub(super) name: Option<&'static str>,
    /// The flag, without its dashes.
    pub(super) flag: &'static str,
    /// What stands for the value in the help; a switch needs none.
    pub(super) value: Option<&'static str>,
    /// What holds when nothing is set.
    pub(super) default: Option<&'static str>,
    /// What the setting is for.
    pub(super) role: Role,
    /// One line for the operator.
    pub(super) help: &'static str,
}

/// What a setting is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The server itself.
    Server,
    /// Which cloud is the default, and in which files clouds are described.
    Selection,
    /// A key of the entry `envvars` that says who asks whom; refused beside `OS_CLOUD`.
    Credential(&'static str),
    /// Any other key of the entry `envvars`.
    Entry(&'static str),
    /// A service's port at Keystone's host; the one without a service is accepted and not used.
    Port(Option<Service>),
}

impl Variable {
    /// What the setting is looked up by: its variable, or its flag when it has none.
    pub(super) fn key(&self) -> &'static str {
        self.name.unwrap_or(self.flag)
    }

    /// How messages name the setting when it is not set.
    pub(super) fn label(&self) -> String {
        match self.name {
            Some(name) => format!("`{name}`"),
            None => format!("`--{}`", self.flag),
        }
    }

    /// Whether the value must never be shown.
    pub(super) fn is_secret(&self) -> bool {
        matches!(
            self.key(),
            "REMOTE_SECRET_KEY"
                | "CACHE_URL"
                | "CACHE_SECRET_KEY"
                | "OS_PASSWORD"
                | "OS_TOKEN"
                | "OS_APPLICATION_CREDENTIAL_SECRET"
        )
    }

    const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }
}

/// Settings by the heading they have in the help.
pub(super) const SECTIONS: &[(&str, &[Variable])] = &[
    ("Server", SERVER),
    ("Changes to the cloud", CHANGES),
    ("Remote access", REMOTE),
    ("Limits and caches", LIMITS),
    ("Tools", TOOLS),
    ("Choice of cloud", SELECTION),
    ("Credentials of the cloud `envvars`", CREDENTIALS),
    ("Endpoints of the cloud `envvars`", ENTRY),
];

/// Every setting.
pub(super) fn all() -> impl Iterator<Item = &'static Variable> {
    SECTIONS.iter().flat_map(|(_, variables)| variables.iter())
}

/// The setting that a key names.
pub(super) fn find(key: &str) -> Option<&'static Variable> {
    all().find(|variable| variable.key() == key)
}

/// Whether a variable is meant for this server or for an OpenStack client.
pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with("OS_") || find(name).is_some()
}

const fn server(
    name: &'static str,
    flag: &'static str,
    value: &'static str,
    help: &'static str,
) -> Variable {
    Variable {
        name: Some(name),
        flag,
        value: Some(value),
        default: None,
        role: Role::Server,
        help,
    }
}

const fn switch(name: &'static str, flag: &'static str, help: &'static str) -> Variable {
    Variable {
        name: Some(name),
        flag,
        value: None,
        default: Some("false"),
        role: Role::Server,
        help,
    }
}

const fn flag(flag: &'static str, value: &'static str, help: &'static str) -> Variable {
    Variable {
        name: None,
        flag,
        value: Some(value),
        default: None,
        role: Role::Server,
        help,
    }
}

const fn cloud(
    name: &'static str,
    flag: &'static str,
    value: &'static str,
    role: Role,
    help: &'static str,
) -> Variable {
    Variable {
        name: Some(name),
        flag,
        value: Some(value),
        default: None,
        role,
        help,
    }
}

const SERVER: &[Variable] = &[
    server(
        "FASTMCP_TYPE",
        "type",
        "TRANSPORT",
        "stdio (MCP alone) or streamable-http (every door)",
    )
    .default("stdio"),
    server(
        "FASTMCP_HOST",
        "host",
        "ADDRESS",
        "Address to listen on with streamable-http",
    )
    .default("127.0.0.1"),
    server(
        "FASTMCP_PORT",
        "port",
        "PORT",
        "Port to listen on with streamable-http; 0 takes a free one",
    )
    .default("8080"),
    server(
        "MCP_LOG_LEVEL",
        "log-level",
        "LEVEL",
        "DEBUG, INFO, WARNING, ERROR or CRITICAL; logs go to stderr",
    )
    .default("INFO"),
    server("MCP_LOG_FORMAT", "log-format", "FORMAT", "text or json").default("text"),
];

const CHANGES: &[Variable] = &[
    switch(
        "ALLOW_MODIFY_OPERATIONS",
        "allow-modify",
        "Let operations that change the cloud run",
    ),
    server(
        "CONFIRM_DESTRUCTIVE",
        "confirm-destructive",
        "WHEN",
        "Whether a tool asks before it destroys: when-possible, always or never",
    )
    .default("when-possible"),
    server(
        "AUDIT_LOG",
        "audit-log",
        "FILE",
        "File that a line is appended to for every change; the log has them anyway",
    ),
    server(
        "IMAGE_SOURCE_DIR",
        "image-source-dir",
        "DIR",
        "Folder whose files callers over stdio may make images of",
    ),
];

const REMOTE: &[Variable] = &[
    switch(
        "REMOTE_AUTH_ENABLE",
        "auth-enable",
        "Ask every caller over HTTP for a bearer token",
    ),
    server(
        "REMOTE_SECRET_KEY",
        "secret-key",
        "KEY",
        "A bearer token to take, and the key of HS256 tokens when it has 32 bytes; the variable \
         keeps it out of the process list",
    ),
    server(
        "JWT_JWKS",
        "jwt-jwks",
        "URL|FILE",
        "Public keys of the issuer whose signed tokens (JWT) are taken; needs JWT_AUDIENCE",
    ),
    server(
        "JWT_ISSUER",
        "jwt-issuer",
        "ISSUER",
        "The issuer that signed tokens must be of, as its claim `iss` has it",
    ),
    server(
        "JWT_AUDIENCE",
        "jwt-audience",
        "AUDIENCE",
        "The audience that signed tokens must be for, as their claim `aud` has it",
    ),
    server(
        "ALLOWED_HOSTS",
        "allowed-hosts",
        "HOST,…",
        "Host names answered to beyond loopback",
    ),
    server(
        "ALLOWED_ORIGINS",
        "allowed-origins",
        "ORIGIN,…",
        "Origins of web pages that may ask, beside the server's own",
    ),
];

const LIMITS: &[Variable] = &[
    server(
        "REQUEST_TIMEOUT",
        "request-timeout",
        "DURATION",
        "Time an operation may take in all, as 45s or 2m",
    )
    .default("45s"),
    server(
        "CACHE_TTL",
        "cache-ttl",
        "DURATION",
        "How long lists of resources are kept; 0 keeps none",
    )
    .default("5s"),
    server(
        "CACHE_REFERENCE_TTL",
        "cache-reference-ttl",
        "DURATION",
        "How long flavors, types, zones, projects and users are kept; 0 keeps none",
    )
    .default("5m"),
    server(
        "CACHE_URL",
        "cache-url",
        "URL",
        "Valkey or Redis that replicas share, as redis://:password@valkey:6379; needs \
         CACHE_SECRET_KEY or REMOTE_SECRET_KEY",
    ),
    server(
        "CACHE_SECRET_KEY",
        "cache-secret-key",
        "KEY",
        "What seals the values that replicas share: the same 32 bytes or more for all of them \
         [default: REMOTE_SECRET_KEY]",
    ),
    server(
        "RATE_LIMIT",
        "rate-limit",
        "N/TIME",
        "Requests of each caller over HTTP in a time, as 100/1m; 0 is no limit [default: 0]",
    ),
];

const TOOLS: &[Variable] = &[
    flag(
        "operations",
        "DIR",
        "Folder of GraphQL documents that become further tools",
    ),
    flag("toolsets", "NAME,…", "Offer the tools of these sets alone"),
    flag("allow-tools", "NAME,…", "Offer these tools alone"),
    flag("deny-tools", "NAME,…", "Never offer these tools"),
];

const SELECTION: &[Variable] = &[
    cloud(
        "OS_CLOUD",
        "os-cloud",
        "NAME",
        Role::Selection,
        "Entry of clouds.yaml that is the default, as paris or paris/RegionTwo",
    ),
    cloud(
        "OS_CLIENT_CONFIG_FILE",
        "os-client-config-file",
        "FILE",
        Role::Selection,
        "clouds.yaml to read instead of those in ., ~/.config/openstack and /etc/openstack",
    ),
    cloud(
        "OS_CLIENT_SECURE_FILE",
        "os-client-secure-file",
        "FILE",
        Role::Selection,
        "secure.yaml to read instead of those in the same folders",
    ),
    cloud(
        "OS_CLIENT_VENDOR_FILE",
        "os-client-vendor-file",
        "FILE",
        Role::Selection,
        "clouds-public.yaml to read instead of those in the same folders",
    ),
];

const CREDENTIALS: &[Variable] = &[
    cloud(
        "OS_AUTH_URL",
        "os-auth-url",
        "URL",
        Role::Credential("auth_url"),
        "Keystone's URL",
    ),
    cloud(
        "OS_AUTH_HOST",
        "os-auth-host",
        "HOST",
        Role::Credential("auth_host"),
        "Keystone's host, instead of its URL",
    ),
    cloud(
        "OS_AUTH_PORT",
        "os-auth-port",
        "PORT",
        Role::Credential("auth_port"),
        "Keystone's port, beside OS_AUTH_HOST [default: 5000]",
    ),
    cloud(
        "OS_AUTH_PROTOCOL",
        "os-auth-protocol",
        "SCHEME",
        Role::Credential("auth_protocol"),
        "http or https, beside OS_AUTH_HOST [default: http]",
    ),
    cloud(
        "OS_AUTH_TYPE",
        "os-auth-type",
        "TYPE",
        Role::Credential("auth_type"),
        "password, v3password, token, v3token or v3applicationcredential [default: by what is set]",
    ),
    cloud(
        "OS_USERNAME",
        "os-username",
        "NAME",
        Role::Credential("username"),
        "User's name",
    ),
    cloud(
        "OS_USER_ID",
        "os-user-id",
        "ID",
        Role::Credential("user_id"),
        "User's id",
    ),
    cloud(
        "OS_PASSWORD",
        "os-password",
        "PASSWORD",
        Role::Credential("password"),
        "User's password; the variable keeps it out of the process list",
    ),
    cloud(
        "OS_USER_DOMAIN_NAME",
        "os-user-domain-name",
        "NAME",
        Role::Credential("user_domain_name"),
        "Name of the user's domain [default: the domain with the id default]",
    ),
    cloud(
        "OS_USER_DOMAIN_ID",
        "os-user-domain-id",
        "ID",
        Role::Credential("user_domain_id"),
        "Id of the user's domain",
    ),
    cloud(
        "OS_PROJECT_NAME",
        "os-project-name",
        "NAME",
        Role::Credential("project_name"),
        "Project's name",
    ),
    cloud(
        "OS_PROJECT_ID",
        "os-project-id",
        "ID",
        Role::Credential("project_id"),
        "Project's id",
    ),
    cloud(
        "OS_TENANT_NAME",
        "os-tenant-name",
        "NAME",
        Role::Credential("tenant_name"),
        "Older word for OS_PROJECT_NAME",
    ),
    cloud(
        "OS_TENANT_ID",
        "os-tenant-id",
        "ID",
        Role::Credential("tenant_id"),
        "Older word for OS_PROJECT_ID",
    ),
    cloud(
        "OS_PROJECT_DOMAIN_NAME",
        "os-project-domain-name",
        "NAME",
        Role::Credential("project_domain_name"),
        "Name of the project's domain [default: the domain with the id default]",
    ),
    cloud(
        "OS_PROJECT_DOMAIN_ID",
        "os-project-domain-id",
        "ID",
        Role::Credential("project_domain_id"),
        "Id of the project's domain",
    ),
    cloud(
        "OS_DOMAIN_NAME",
        "os-domain-name",
        "NAME",
        Role::Credential("domain_name"),
        "Ask for a token for this domain instead of a project",
    ),
    cloud(
        "OS_DOMAIN_ID",
        "os-domain-id",
        "ID",
        Role::Credential("domain_id"),
        "The same by id",
    ),
    cloud(
        "OS_DEFAULT_DOMAIN",
        "os-default-domain",
        "ID",
        Role::Credential("default_domain"),
        "Domain of users and projects that name none [default: default]",
    ),
    cloud(
        "OS_SYSTEM_SCOPE",
        "os-system-scope",
        "all",
        Role::Credential("system_scope"),
        "Ask for a token for the whole deployment",
    ),
    cloud(
        "OS_TOKEN",
        "os-token",
        "TOKEN",
        Role::Credential("token"),
        "A token had from elsewhere",
    ),
    cloud(
        "OS_APPLICATION_CREDENTIAL_ID",
        "os-application-credential-id",
        "ID",
        Role::Credential("application_credential_id"),
        "Application credential's id",
    ),
    cloud(
        "OS_APPLICATION_CREDENTIAL_NAME",
        "os-application-credential-name",
        "NAME",
        Role::Credential("application_credential_name"),
        "Application credential's name, beside its user",
    ),
    cloud(
        "OS_APPLICATION_CREDENTIAL_SECRET",
        "os-application-credential-secret",
        "SECRET",
        Role::Credential("application_credential_secret"),
        "Application credential's secret",
    ),
    cloud(
        "OS_IDENTITY_API_VERSION",
        "os-identity-api-version",
        "VERSION",
        Role::Entry("identity_api_version"),
        "Keystone's API; 3 is the only one left",
    ),
];

const ENTRY: &[Variable] = &[
    cloud(
        "OS_REGION_NAME",
        "os-region-name",
        "NAME",
        Role::Entry("region_name"),
        "Region whose endpoints are used [default: RegionOne]",
    ),
    cloud(
        "OS_INTERFACE",
        "os-interface",
        "INTERFACE",
        Role::Entry("interface"),
        "public, internal or admin [default: public]",
    ),
    cloud(
        "OS_ENDPOINT_TYPE",
        "os-endpoint-type",
        "INTERFACE",
        Role::Entry("endpoint_type"),
        "Older word for OS_INTERFACE",
    ),
    cloud(
        "OS_CACERT",
        "os-cacert",
        "FILE",
        Role::Entry("cacert"),
        "Certificate authorities to trust beside the system's",
    ),
    cloud(
        "OS_CERT",
        "os-cert",
        "FILE",
        Role::Entry("cert"),
        "Client certificate",
    ),
    cloud(
        "OS_KEY",
        "os-key",
        "FILE",
        Role::Entry("key"),
        "Its key, when it is in another file",
    ),
    Variable {
        name: Some("OS_INSECURE"),
        flag: "os-insecure",
        value: None,
        default: None,
        role: Role::Entry("insecure"),
        help: "Do not verify certificates",
    },
    port(
        "OS_COMPUTE_PORT",
        "os-compute-port",
        Service::Compute,
        "Nova is at Keystone's host and this port, instead of where the catalog says",
    ),
    port(
        "OS_NETWORK_PORT",
        "os-network-port",
        Service::Network,
        "Neutron is at Keystone's host and this port, instead of where the catalog says",
    ),
    port(
        "OS_VOLUME_PORT",
        "os-volume-port",
        Service::BlockStorage,
        "Cinder is at Keystone's host and this port, instead of where the catalog says",
    ),
    port(
        "OS_IMAGE_PORT",
        "os-image-port",
        Service::Image,
        "Glance is at Keystone's host and this port, instead of where the catalog says",
    ),
    port(
        "OS_PLACEMENT_PORT",
        "os-placement-port",
        Service::Placement,
        "Placement is at Keystone's host and this port, instead of where the catalog says",
    ),
    port(
        "OS_HEAT_STACK_PORT",
        "os-heat-stack-port",
        Service::Orchestration,
        "Heat is at Keystone's host and this port, instead of where the catalog says",
    ),
    cloud(
        "OS_HEAT_STACK_CFN_PORT",
        "os-heat-stack-cfn-port",
        "PORT",
        Role::Port(None),
        "Accepted and not used",
    ),
    endpoint(
        "OS_IDENTITY_ENDPOINT_OVERRIDE",
        "os-identity-endpoint-override",
        "identity_endpoint_override",
        "Keystone's whole URL, instead of the catalog's",
    ),
    endpoint(
        "OS_COMPUTE_ENDPOINT_OVERRIDE",
        "os-compute-endpoint-override",
        "compute_endpoint_override",
        "Nova's whole URL, instead of the catalog's",
    ),
    endpoint(
        "OS_NETWORK_ENDPOINT_OVERRIDE",
        "os-network-endpoint-override",
        "network_endpoint_override",
        "Neutron's whole URL, instead of the catalog's",
    ),
    endpoint(
        "OS_BLOCK_STORAGE_ENDPOINT_OVERRIDE",
        "os-block-storage-endpoint-override",
        "block_storage_endpoint_override",
        "Cinder's whole URL, instead of the catalog's",
    ),
    endpoint(
        "OS_VOLUME_ENDPOINT_OVERRIDE",
        "os-volume-endpoint-override",
        "volume_endpoint_override",
        "Cinder's whole URL, instead of the catalog's",
    ),
    endpoint(
        "OS_IMAGE_ENDPOINT_OVERRIDE",
        "os-image-endpoint-override",
        "image_endpoint_override",
        "Glance's whole URL, instead of the catalog's",
    ),
    endpoint(
        "OS_ORCHESTRATION_ENDPOINT_OVERRIDE",
        "os-orchestration-endpoint-override",
        "orchestration_endpoint_override",
        "Heat's whole URL, instead of the catalog's",
    ),
    endpoint(
        "OS_PLACEMENT_ENDPOINT_OVERRIDE",
        "os-placement-endpoint-override",
        "placement_endpoint_override",
        "Placement's whole URL, instead of the catalog's",
    ),
];

const fn port(
    name: &'static str,
    flag: &'static str,
    service: Service,
    help: &'static str,
) -> Variable {
    cloud(name, flag, "PORT", Role::Port(Some(service)), help)
}

const fn endpoint(
    name: &'static str,
    flag: &'static str,
    key: &'static str,
    help: &'static str,
) -> Variable {
    cloud(name, flag, "URL", Role::Entry(key), help)
}
