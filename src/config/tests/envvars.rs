//! The cloud that `OS_*` variables describe.

use super::*;

fn cloud(place: &Place) -> CloudEntry {
    let config = place.loaded();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    config.clouds.into_iter().next().unwrap()
}

fn without(name: &str) -> Place {
    let mut place = Place::with_envvars();
    place.variables.retain(|(existing, _)| existing != name);
    place
}

#[test]
fn password_and_project() {
    let cloud = cloud(&Place::with_envvars());
    assert_eq!(cloud.name, "envvars");
    assert_eq!(
        cloud.auth_url.as_str(),
        "https://keystone.example.org:5000/v3"
    );
    assert_eq!(cloud.region.as_deref(), Some("RegionOne"));
    assert_eq!(cloud.interface, Interface::Public);
    assert!(cloud.tls.verify && cloud.tls.ca_cert.is_none());
    let Auth::Password {
        user: Named::Name {
            name,
            domain: DomainRef::Id(domain),
        },
        password,
    } = cloud.auth
    else {
        panic!("{:?}", cloud.auth);
    };
    assert_eq!((name.as_str(), domain.as_str()), ("ops", "default"));
    assert_eq!(password.expose_secret(), "s3cret-os");
    let Scope::Project(Named::Name {
        name,
        domain: DomainRef::Id(domain),
    }) = cloud.scope
    else {
        panic!("{:?}", cloud.scope);
    };
    assert_eq!((name.as_str(), domain.as_str()), ("web", "default"));
}

#[test]
fn the_file_of_the_original_works() {
    let place = Place::empty().file(
        "work/.env",
        "# OpenStack Authentication (required)\nOS_AUTH_HOST=10.0.0.1\nOS_AUTH_PORT=5001\n\
         OS_IDENTITY_API_VERSION=3\nOS_USERNAME=ops\nOS_PASSWORD=s3cret\nOS_PROJECT_NAME=web\n\
         OS_PROJECT_DOMAIN_NAME=default\nOS_USER_DOMAIN_NAME=default\nOS_REGION_NAME=RegionOne\n\n\
         OS_COMPUTE_PORT=8774\nOS_NETWORK_PORT=9696\nOS_VOLUME_PORT=8776\nOS_IMAGE_PORT=9292\n\
         OS_PLACEMENT_PORT=8780\nOS_HEAT_STACK_PORT=8004\nOS_HEAT_STACK_CFN_PORT=8000\n\
         MCP_LOG_LEVEL=INFO\nALLOW_MODIFY_OPERATIONS=false\nFASTMCP_TYPE=stdio\n",
    );
    let cloud = cloud(&place);
    assert_eq!(cloud.auth_url.as_str(), "http://10.0.0.1:5001/v3");
    let Auth::Password {
        user: Named::Name {
            domain: DomainRef::Name(domain),
            ..
        },
        ..
    } = &cloud.auth
    else {
        panic!("{:?}", cloud.auth);
    };
    assert_eq!(domain, "default");
    let ports: Vec<_> = cloud.ports.into_iter().collect();
    assert_eq!(
        ports,
        [
            (Service::Compute, 8774),
            (Service::Network, 9696),
            (Service::BlockStorage, 8776),
            (Service::Image, 9292),
            (Service::Orchestration, 8004),
            (Service::Placement, 8780),
        ]
    );
}

#[test]
fn keystone_by_host() {
    let url = |host, others: &[(&str, &str)]| {
        let place = without("OS_AUTH_URL").env("OS_AUTH_HOST", host);
        let place = others
            .iter()
            .fold(place, |place, (name, value)| place.env(name, value));
        cloud(&place).auth_url.to_string()
    };
    assert_eq!(url("k", &[]), "http://k:5000/v3");
    assert_eq!(
        url(
            "::1",
            &[("OS_AUTH_PORT", "35357"), ("OS_AUTH_PROTOCOL", "https")]
        ),
        "https://[::1]:35357/v3"
    );
    for (name, value) in [
        ("OS_AUTH_PORT", "x"),
        ("OS_AUTH_PORT", "0"),
        ("OS_AUTH_PROTOCOL", "ftp"),
        ("OS_AUTH_HOST", "http://k"),
        ("OS_AUTH_HOST", "k/v3"),
    ] {
        let place = without("OS_AUTH_URL")
            .env("OS_AUTH_HOST", "k")
            .env(name, value);
        place.refused(&[&format!("`{name}`"), value]);
    }
    Place::with_envvars()
        .env("OS_AUTH_HOST", "k")
        .warned(&["`OS_AUTH_URL`", "`OS_AUTH_HOST`"]);
}

#[test]
fn ids_win_over_names() {
    let place = Place::with_envvars()
        .env("OS_USER_ID", "u1")
        .env("OS_PROJECT_ID", "p1");
    let cloud = cloud(&place);
    assert!(matches!(cloud.auth, Auth::Password { user: Named::Id(id), .. } if id == "u1"));
    assert!(matches!(cloud.scope, Scope::Project(Named::Id(id)) if id == "p1"));
}

#[test]
fn tenants_are_projects() {
    let place = without("OS_PROJECT_NAME").env("OS_TENANT_NAME", "old");
    assert!(matches!(
        cloud(&place).scope,
        Scope::Project(Named::Name { name, .. }) if name == "old"
    ));
    let same = Place::with_envvars().env("OS_TENANT_NAME", "web");
    assert!(matches!(cloud(&same).scope, Scope::Project(_)));
    Place::with_envvars()
        .env("OS_TENANT_NAME", "old")
        .refused(&["`OS_TENANT_NAME`", "`OS_PROJECT_NAME`"]);
}

#[test]
fn scopes() {
    let unscoped = || without("OS_PROJECT_NAME");
    assert!(matches!(cloud(&unscoped()).scope, Scope::Unscoped));
    let system = unscoped().env("OS_SYSTEM_SCOPE", "all");
    assert!(matches!(cloud(&system).scope, Scope::System));
    let domain = unscoped().env("OS_DOMAIN_NAME", "corp");
    assert!(matches!(cloud(&domain).scope, Scope::Domain(DomainRef::Name(name)) if name == "corp"));
    let domain = unscoped().env("OS_DOMAIN_ID", "d1");
    assert!(matches!(cloud(&domain).scope, Scope::Domain(DomainRef::Id(id)) if id == "d1"));
    unscoped()
        .env("OS_SYSTEM_SCOPE", "some")
        .refused(&["OS_SYSTEM_SCOPE", "all"]);
    Place::with_envvars()
        .env("OS_SYSTEM_SCOPE", "all")
        .refused(&["`OS_SYSTEM_SCOPE`", "`OS_PROJECT_NAME`"]);
    Place::with_envvars()
        .flag("--os-domain-id=d1")
        .refused(&["`--os-domain-id`", "`OS_PROJECT_NAME`"]);
}

#[test]
fn domains() {
    let domain = |name: &str, value: &str| {
        let place = Place::with_envvars().env(name, value);
        match cloud(&place).auth {
            Auth::Password {
                user: Named::Name { domain, .. },
                ..
            } => domain,
            other => panic!("{other:?}"),
        }
    };
    assert!(
        matches!(domain("OS_USER_DOMAIN_NAME", "default"), DomainRef::Name(name) if name == "default")
    );
    assert!(matches!(domain("OS_USER_DOMAIN_ID", "d1"), DomainRef::Id(id) if id == "d1"));
    assert!(matches!(domain("OS_DEFAULT_DOMAIN", "d2"), DomainRef::Id(id) if id == "d2"));
}

#[test]
fn tokens_and_application_credentials() {
    let bare = || Place::empty().env("OS_AUTH_URL", "http://k/v3");
    let token = bare().env("OS_TOKEN", "s3cret-t").env("OS_PROJECT_ID", "p");
    assert!(
        matches!(cloud(&token).auth, Auth::Token(token) if token.expose_secret() == "s3cret-t")
    );
    let by_id = bare()
        .env("OS_AUTH_TYPE", "v3applicationcredential")
        .env("OS_APPLICATION_CREDENTIAL_ID", "a1")
        .env("OS_APPLICATION_CREDENTIAL_SECRET", "s3cret-a");
    let entry = cloud(&by_id);
    assert!(matches!(entry.scope, Scope::Unscoped));
    assert!(matches!(
        entry.auth,
        Auth::ApplicationCredential { credential: ApplicationCredentialRef::Id(id), .. } if id == "a1"
    ));
    by_id
        .env("OS_PROJECT_NAME", "web")
        .warned(&["`envvars`", "`OS_PROJECT_NAME`"]);
    let by_name = || {
        bare()
            .env("OS_APPLICATION_CREDENTIAL_NAME", "robot")
            .env("OS_APPLICATION_CREDENTIAL_SECRET", "s3cret-a")
    };
    by_name().refused(&["`OS_USERNAME`", "`OS_APPLICATION_CREDENTIAL_NAME`"]);
    assert!(matches!(
        cloud(&by_name().env("OS_USERNAME", "ops")).auth,
        Auth::ApplicationCredential {
            credential: ApplicationCredentialRef::Name { .. },
            ..
        }
    ));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    without("OS_PASSWORD").refused(&["`OS_PASSWORD`"]);
    Place::with_envvars()
        .env("OS_APPLICATION_CREDENTIAL_SECRET", "s3cret")
        .refused(&["`OS_APPLICATION_CREDENTIAL_NAME`"]);
    Place::with_envvars().env("OS_TOKEN", "s3cret").warned(&[
        "`envvars`",
        "by token",
        "`OS_PASSWORD`",
    ]);
    Place::with_envvars()
        .env("OS_TOKEN", "s3cret")
        .env("OS_AUTH_TYPE", "password")
        .warned(&["by password", "`OS_TOKEN`"]);
    without("OS_USERNAME").refused(&["`OS_USERNAME`", "`OS_USER_ID`"]);
    without("OS_AUTH_URL").refused(&["`OS_AUTH_URL`", "`OS_PASSWORD`"]);
    for (name, value) in [
        ("OS_AUTH_TYPE", "v2password"),
        ("OS_AUTH_TYPE", "v3oidcpassword"),
        ("OS_IDENTITY_API_VERSION", "2"),
        ("OS_INTERFACE", "private"),
        ("OS_INSECURE", "perhaps"),
        ("OS_COMPUTE_PORT", "0"),
        ("OS_HEAT_STACK_CFN_PORT", "x"),
        ("OS_COMPUTE_ENDPOINT_OVERRIDE", "nova:8774"),
        ("OS_CACERT", "/nowhere/ca.pem"),
    ] {
        let place = Place::with_envvars().env(name, value);
        place.refused(&[&format!("`{name}`"), value]);
    }
    without("OS_AUTH_TYPE")
        .env("OS_AUTH_TYPE", "token")
        .refused(&["`OS_TOKEN`"]);
    without("OS_AUTH_TYPE")
        .env("OS_AUTH_TYPE", "v3applicationcredential")
        .refused(&["`OS_APPLICATION_CREDENTIAL_SECRET`"]);
    for url in [
        "keystone",
        "ftp://k/",
        "http://k/v2.0",
        "http://a:s3cret@k/v3",
        "http://k/?a",
    ] {
        without("OS_AUTH_URL")
            .env("OS_AUTH_URL", url)
            .refused(&["`OS_AUTH_URL`"]);
    }
}

#[test]
fn connection() {
    let place = Place::with_envvars()
        .file("work/ca.pem", "-----BEGIN CERTIFICATE-----\n")
        .file("home/me.pem", "-----BEGIN CERTIFICATE-----\n")
        .env("OS_CACERT", "ca.pem")
        .env("OS_CERT", "~/me.pem")
        .env("OS_ENDPOINT_TYPE", "adminURL")
        .env("OS_REGION_NAME", "Two")
        .env("OS_VOLUME_ENDPOINT_OVERRIDE", "http://c:8776/v3")
        .env("OS_IDENTITY_ENDPOINT_OVERRIDE", "http://k/identity");
    let entry = cloud(&place);
    assert_eq!(entry.tls.ca_cert, Some(place.path("work/ca.pem")));
    assert_eq!(entry.tls.client_cert, Some(place.path("home/me.pem")));
    assert_eq!(entry.interface, Interface::Admin);
    assert_eq!(entry.region.as_deref(), Some("Two"));
    let overridden: Vec<_> = entry.endpoint_overrides.keys().copied().collect();
    assert_eq!(overridden, [Service::Identity, Service::BlockStorage]);
    place
        .env("OS_BLOCK_STORAGE_ENDPOINT_OVERRIDE", "http://c:1/v3")
        .refused(&[
            "OS_BLOCK_STORAGE_ENDPOINT_OVERRIDE",
            "OS_VOLUME_ENDPOINT_OVERRIDE",
        ]);
    let insecure = Place::with_envvars()
        .env("OS_INSECURE", "True")
        .warned(&["not verified"]);
    assert!(!insecure.clouds[0].tls.verify);
    Place::with_envvars()
        .env("OS_KEY", "key.pem")
        .file("work/key.pem", "-----BEGIN PRIVATE KEY-----")
        .refused(&["`OS_CERT`", "`OS_KEY`"]);
    Place::with_envvars()
        .env("OS_CACERT", "ca.der")
        .file("work/ca.der", "0\u{82}")
        .refused(&["`OS_CACERT`", "PEM"]);
}

#[test]
fn a_whole_url_wins_over_a_port() {
    let place = Place::with_envvars()
        .env("OS_COMPUTE_ENDPOINT_OVERRIDE", "http://n/v2.1")
        .env("OS_COMPUTE_PORT", "8774");
    assert!(
        place.warned(&["`OS_COMPUTE_PORT`"]).clouds[0]
            .ports
            .is_empty()
    );
}
