//! The clouds of `clouds.yaml`, and which is the default.

use super::*;

const PARIS: &str = "clouds:
  paris:
    region_name: One
    auth:
      auth_url: https://paris.example.org/identity
      username: ops
      password: s3cret-paris
      project_name: web
      user_domain_name: Corp
      project_domain_id: d1
";

const OSLO: &str = "  oslo:
    auth: {auth_url: 'http://oslo:5000', username: u, password: s3cret-oslo, project_id: p}
";

fn two() -> Place {
    Place::with_clouds(&format!("{PARIS}{OSLO}"))
}

#[test]
fn a_single_entry_is_the_default() {
    let config = Place::with_clouds(PARIS).loaded();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert_eq!(names(&config), ["paris"]);
    let cloud = &config.clouds[0];
    assert_eq!(cloud.region.as_deref(), Some("One"));
    assert!(matches!(
        &cloud.auth,
        Auth::Password { user: Named::Name { domain: DomainRef::Name(name), .. }, .. } if name == "Corp"
    ));
    assert!(matches!(
        &cloud.scope,
        Scope::Project(Named::Name { domain: DomainRef::Id(id), .. }) if id == "d1"
    ));
}

#[test]
fn several_entries_need_a_choice() {
    two().refused(&["`OS_CLOUD`", "`oslo`, `paris`", "clouds.yaml"]);
    assert_eq!(
        names(&two().env("OS_CLOUD", "paris").loaded()),
        ["paris", "oslo"]
    );
    assert_eq!(
        names(&two().flag("--os-cloud=oslo").loaded()),
        ["oslo", "paris"]
    );
    two()
        .env("OS_CLOUD", "rome")
        .refused(&["`OS_CLOUD`", "`rome`", "`oslo`, `paris`"]);
    Place::empty()
        .env("OS_CLOUD", "rome")
        .refused(&["`rome`", "OS_CLIENT_CONFIG_FILE"]);
    let region = two().env("OS_CLOUD", "oslo").loaded().clouds[0]
        .region
        .clone();
    assert_eq!(region, None);
}

#[test]
fn variables_are_the_default_beside_the_file() {
    let mut place = two();
    for (name, value) in ENVVARS {
        place = place.env(name, value);
    }
    assert_eq!(names(&place.loaded()), ["envvars", "oslo", "paris"]);
    let place = place.env("OS_CLOUD", "envvars");
    assert_eq!(names(&place.loaded()), ["envvars", "oslo", "paris"]);
    place
        .file("work/clouds.yaml", &PARIS.replace("paris:", "envvars:"))
        .refused(&["`envvars`", "rename"]);
}

#[test]
fn a_chosen_entry_is_used_whole() {
    for (name, value) in ENVVARS {
        let place = two().env("OS_CLOUD", "paris").env(name, value);
        place.refused(&["OS_CLOUD", &format!("`{name}`")]);
    }
    two()
        .env("OS_CLOUD", "paris")
        .file("work/.env", "OS_TOKEN=s3cret\n")
        .refused(&["`OS_TOKEN` in .env"]);
    two()
        .flag("--os-cloud=paris")
        .flag("--os-password=s3cret")
        .refused(&["`--os-cloud`", "`--os-password`"]);
    let config = two()
        .env("OS_CLOUD", "paris")
        .env("OS_REGION_NAME", "Two")
        .env("OS_COMPUTE_PORT", "8774")
        .warned(&["`OS_REGION_NAME`, `OS_COMPUTE_PORT`"]);
    assert_eq!(config.clouds[0].region.as_deref(), Some("One"));
    assert!(config.clouds[0].ports.is_empty());
}

#[test]
fn nothing_at_all_says_what_to_set() {
    Place::empty().refused(&["OS_AUTH_URL", "clouds.yaml"]);
    Place::with_clouds("clouds:\n").refused(&["OS_AUTH_URL"]);
    Place::with_clouds("").refused(&["OS_AUTH_URL"]);
}

#[test]
fn files_are_found_in_order() {
    let named = |name: &str| PARIS.replace("paris:", name);
    let place = Place::empty().file("etc/clouds.yaml", &named("etc:"));
    assert_eq!(names(&place.loaded()), ["etc"]);
    let place = place.file("home/.config/openstack/clouds.yml", &named("home:"));
    assert_eq!(names(&place.loaded()), ["home"]);
    let json = r#"{"clouds": {"json": {"auth": {"auth_url": "http://k", "username": "u", "password": 1}}}}"#;
    let place = place.file("work/clouds.json", json);
    assert_eq!(names(&place.loaded()), ["json"]);
    let place = place.file("work/clouds.yaml", &named("work:"));
    assert_eq!(names(&place.loaded()), ["work"]);
    let place = place.file("work/mine.yaml", &named("mine:"));
    let place = place.env("OS_CLIENT_CONFIG_FILE", "mine.yaml");
    assert_eq!(names(&place.loaded()), ["mine"]);
    Place::with_clouds(PARIS)
        .env("OS_CLIENT_CONFIG_FILE", "/nowhere/clouds.yaml")
        .refused(&["`OS_CLIENT_CONFIG_FILE`", "/nowhere/clouds.yaml"]);
}

#[test]
fn secrets_are_merged_in() {
    let open = PARIS.replace("      password: s3cret-paris\n", "");
    Place::with_clouds(&open).refused(&["`password`", "`paris`", "clouds.yaml"]);
    let place = Place::with_clouds(&open).file(
        "etc/secure.yaml",
        "clouds:\n  paris:\n    auth:\n      password: 0123\n",
    );
    let config = place.loaded();
    let Auth::Password { password, .. } = &config.clouds[0].auth else {
        panic!("{:?}", config.clouds[0].auth);
    };
    assert_eq!(password.expose_secret(), "0123");
    assert_eq!(config.clouds[0].region.as_deref(), Some("One"));
}

#[test]
fn a_broken_file_is_refused_with_its_place() {
    Place::with_clouds("clouds:\n  paris:\n    auth:\n      password: 's3cret\n")
        .refused(&["clouds.yaml`", "line"]);
    Place::with_clouds("- paris\n").refused(&["clouds.yaml`", "mapping"]);
    Place::with_clouds("clouds: [paris]\n").refused(&["clouds.yaml`", "`clouds`"]);
    Place::with_clouds("clouds:\n  paris: s3cret\n").refused(&["`paris`", "mapping"]);
    Place::with_clouds("clouds:\n  paris:\n    auth: s3cret\n").refused(&["`auth`", "`paris`"]);
}

#[test]
fn regions_are_clouds_of_their_own() {
    let regions = "    regions:\n    - One\n    - name: Two\n      values:\n        interface: internal\n        auth: {project_name: two}\n";
    let place = || {
        Place::with_clouds(&format!(
            "{}{regions}",
            PARIS.replace("    region_name: One\n", "")
        ))
    };
    let config = place().loaded();
    assert_eq!(names(&config), ["paris/One", "paris/Two"]);
    assert_eq!(config.clouds[1].region.as_deref(), Some("Two"));
    assert_eq!(config.clouds[0].interface, Interface::Public);
    assert_eq!(config.clouds[1].interface, Interface::Internal);
    assert!(matches!(
        &config.clouds[1].scope,
        Scope::Project(Named::Name { name, .. }) if name == "two"
    ));
    let chosen = place().env("OS_CLOUD", "paris/Two").loaded();
    assert_eq!(names(&chosen), ["paris/Two", "paris/One"]);
    let first = place().env("OS_CLOUD", "paris").loaded();
    assert_eq!(names(&first), ["paris/One", "paris/Two"]);
    place()
        .env("OS_CLOUD", "paris/Three")
        .refused(&["`paris/Three`", "`paris/One`, `paris/Two`"]);
    let with_default =
        |name: &str| Place::with_clouds(&format!("{}{regions}", PARIS.replace("One", name)));
    assert_eq!(
        names(&with_default("Two").loaded()),
        ["paris/Two", "paris/One"]
    );
    with_default("Nine").refused(&["`region_name`", "`Nine`"]);
    let single = format!("{PARIS}    regions: [One]\n");
    assert_eq!(names(&Place::with_clouds(&single).loaded()), ["paris"]);
}

#[test]
fn two_clouds_never_share_a_name() {
    let text = format!(
        "{PARIS}    regions: [One, Two]\n{}",
        OSLO.replace("oslo:", "paris/One:")
    );
    Place::with_clouds(&text)
        .env("OS_CLOUD", "paris")
        .refused(&["`paris/One`", "rename"]);
}

#[test]
fn an_unusable_cloud_is_left_out_unless_it_is_the_default() {
    let text =
        format!("{PARIS}  bad:\n    auth_type: v2password\n    auth: {{auth_url: 'http://b'}}\n");
    let place = || Place::with_clouds(&text);
    let config = place()
        .env("OS_CLOUD", "paris")
        .warned(&["`bad`", "v2password"]);
    assert_eq!(names(&config), ["paris"]);
    place()
        .env("OS_CLOUD", "bad")
        .refused(&["`auth_type`", "`bad`", "v2password"]);
}

#[test]
fn profiles_come_from_their_file() {
    let text = "clouds:\n  mine:\n    profile: vendor\n    auth: {username: u, password: s3cret}\n";
    Place::with_clouds(text).refused(&["`vendor`", "`mine`", "clouds-public.yaml"]);
    let public = "public-clouds:\n  vendor:\n    region_name: V\n    auth:\n      auth_url: http://v/v3\n      username: other\n";
    let config = Place::with_clouds(text)
        .file("etc/clouds-public.yaml", public)
        .loaded();
    assert_eq!(config.clouds[0].auth_url.as_str(), "http://v/v3");
    assert_eq!(config.clouds[0].region.as_deref(), Some("V"));
    assert!(matches!(
        &config.clouds[0].auth,
        Auth::Password { user: Named::Name { name, .. }, .. } if name == "u"
    ));
}

#[test]
fn unknown_keys_are_said_once() {
    let text = format!(
        "client: {{force_ipv4: true}}\n{}    colour: blue\n    compute_api_version: '2'\n      ",
        PARIS.replace("username: ops", "username: ops\n      passwort: s3cret")
    );
    Place::with_clouds(text.trim_end()).warned(&["`paris.auth.passwort`, `paris.colour`"]);
}

#[test]
fn keys_in_other_spellings_and_places() {
    let text = "clouds:\n  mine:\n    auth-type: password\n    project_name: web\n    username: u\n    \
                endpoint_type: internalURL\n    verify: no\n    volumev3_endpoint_override: http://c/v3\n    \
                auth: {auth_url: 'http://k', password: s3cret, tenant-name: web}\n";
    let config = Place::with_clouds(text).loaded();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let cloud = &config.clouds[0];
    assert_eq!(cloud.interface, Interface::Internal);
    assert!(!cloud.tls.verify);
    assert!(
        cloud
            .endpoint_overrides
            .contains_key(&Service::BlockStorage)
    );
    assert!(matches!(&cloud.scope, Scope::Project(_)));
    Place::with_clouds(&text.replace("internalURL", "[internal, public]")).refused(&[
        "`endpoint_type`",
        "`mine`",
        "single value",
    ]);
}
