use std::time::Duration;

use clap::{CommandFactory, Parser};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::*;
use crate::cloud::Service;
use crate::policy::Mode;

/// The smallest cloud that variables can describe.
const ENVVARS: &[(&str, &str)] = &[
    ("OS_AUTH_URL", "https://keystone.example.org:5000/v3"),
    ("OS_USERNAME", "ops"),
    ("OS_PASSWORD", "s3cret-os"),
    ("OS_PROJECT_NAME", "web"),
];

/// A place to load a configuration in: variables, flags, and folders of its own.
struct Place {
    folder: TempDir,
    variables: Vec<(String, String)>,
    flags: Vec<String>,
}

impl Place {
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["work", "home/.config/openstack", "etc"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        Self {
            folder,
            variables: Vec::new(),
            flags: vec!["mcp-openstack-ops".to_owned()],
        }
    }

    fn with_envvars() -> Self {
        ENVVARS
            .iter()
            .fold(Self::empty(), |place, (name, value)| place.env(name, value))
    }

    fn with_clouds(text: &str) -> Self {
        Self::empty().file("work/clouds.yaml", text)
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }

    fn file(self, path: &str, text: &str) -> Self {
        std::fs::write(self.path(path), text).unwrap();
        self
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    fn load(&self) -> Result<Config> {
        let arguments = match self.flags.len() {
            // Building the parser is what takes time.
            1 => Arguments {
                command: None,
                options: Options::default(),
            },
            _ => Arguments::try_parse_from(&self.flags).unwrap(),
        };
        let environment = Environment {
            variables: self.variables.iter().cloned().collect(),
            directory: self.path("work"),
            home: Some(self.path("home")),
            system_directory: self.path("etc"),
        };
        Config::load(&arguments, &environment)
    }

    fn loaded(&self) -> Config {
        self.load().unwrap()
    }

    /// The refusal, which names everything in `names`.
    fn refused(&self, names: &[&str]) -> String {
        let message = match self.load() {
            Err(crate::Error::Configuration(message)) => message,
            other => panic!("not refused: {other:?}"),
        };
        for name in names {
            assert!(message.contains(name), "no {name} in: {message}");
        }
        assert!(!message.contains("s3cret"), "{message}");
        message
    }

    /// The one warning, which names everything in `names`.
    fn warned(&self, names: &[&str]) -> Config {
        let config = self.loaded();
        assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
        for name in names {
            let warning = &config.warnings[0];
            assert!(warning.contains(name), "no {name} in: {warning}");
        }
        config
    }
}

fn names(config: &Config) -> Vec<&str> {
    config
        .clouds
        .iter()
        .map(|cloud| cloud.name.as_str())
        .collect()
}

mod server {
    use super::*;

    #[test]
    fn defaults() {
        let config = Place::with_envvars().loaded();
        assert_eq!(config.log.level, LogLevel::Info);
        assert_eq!(config.log.format, LogFormat::Text);
        assert_eq!(config.transport, Transport::Stdio);
        assert_eq!(config.http.host, "127.0.0.1");
        assert_eq!(config.http.port, 8080);
        assert!(matches!(config.http.auth, RemoteAuth::Off));
        assert!(config.changes.mode == Mode::ReadOnly);
        assert_eq!(config.limits.request_timeout, Duration::from_secs(45));
        assert_eq!(config.limits.cache_ttl, Some(Duration::from_secs(5)));
        assert_eq!(
            config.limits.cache_reference_ttl,
            Some(Duration::from_secs(300))
        );
        assert_eq!(config.tools, ToolSettings::default());
        assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    }

    #[test]
    fn flag_over_environment_over_file_over_default() {
        let place = Place::with_envvars().file("work/.env", "FASTMCP_PORT=1\n");
        assert_eq!(place.loaded().http.port, 1);
        let place = place.env("FASTMCP_PORT", "2");
        assert_eq!(place.loaded().http.port, 2);
        assert_eq!(place.flag("--port=3").loaded().http.port, 3);
    }

    #[test]
    fn an_empty_variable_is_unset() {
        let place = Place::with_envvars()
            .env("FASTMCP_PORT", "")
            .env("OS_CLOUD", "")
            .env("OS_TOKEN", "");
        assert_eq!(place.loaded().http.port, 8080);
        let place = place.file("work/.env", "FASTMCP_PORT=1\n");
        assert_eq!(place.loaded().http.port, 1);
        assert_eq!(place.flag("--port=").loaded().http.port, 1);
    }

    #[test]
    fn bad_values_are_refused_by_name() {
        for (name, flag, value) in [
            ("FASTMCP_PORT", "--port", "65536"),
            ("FASTMCP_PORT", "--port", "http"),
            ("FASTMCP_TYPE", "--type", "sse"),
            ("FASTMCP_HOST", "--host", "http://0.0.0.0"),
            ("FASTMCP_HOST", "--host", "0.0.0.0:80"),
            ("MCP_LOG_LEVEL", "--log-level", "LOUD"),
            ("MCP_LOG_FORMAT", "--log-format", "xml"),
            ("REQUEST_TIMEOUT", "--request-timeout", "soon"),
            ("REQUEST_TIMEOUT", "--request-timeout", "0"),
            ("CACHE_TTL", "--cache-ttl", "-5s"),
            ("CACHE_TTL", "--cache-ttl", "2days"),
            ("ALLOW_MODIFY_OPERATIONS", "--allow-modify", "maybe"),
            ("REMOTE_AUTH_ENABLE", "--auth-enable", "2"),
            ("ALLOWED_HOSTS", "--allowed-hosts", "*"),
            ("ALLOWED_HOSTS", "--allowed-hosts", "http://a"),
            ("ALLOWED_ORIGINS", "--allowed-origins", "https://a,*"),
            ("ALLOWED_ORIGINS", "--allowed-origins", "https://a/b"),
        ] {
            let by_variable = Place::with_envvars().env(name, value);
            by_variable.refused(&[&format!("`{name}`"), value]);
            let by_flag = Place::with_envvars().flag(&format!("{flag}={value}"));
            by_flag.refused(&[&format!("`{flag}`"), value]);
            let by_file = Place::with_envvars().file("work/.env", &format!("{name}='{value}'"));
            by_file.refused(&[&format!("`{name}` in .env"), value]);
        }
    }

    #[test]
    fn a_flag_without_its_key_is_refused_like_its_variable() {
        let by_flag = Place::with_envvars()
            .flag("--auth-enable")
            .refused(&["--secret-key"]);
        let by_variable = Place::with_envvars()
            .env("REMOTE_AUTH_ENABLE", "true")
            .refused(&["REMOTE_SECRET_KEY"]);
        assert_eq!(by_flag, by_variable);
        Place::with_envvars()
            .env("REMOTE_AUTH_ENABLE", "on")
            .env("REMOTE_SECRET_KEY", "  ")
            .refused(&["REMOTE_SECRET_KEY"]);
    }

    #[test]
    fn signed_tokens_need_what_tells_them_apart() {
        let with_jwks = || {
            Place::with_envvars()
                .flag("--auth-enable")
                .env("JWT_JWKS", "https://id.example.org/jwks")
        };
        let by_variable = with_jwks().refused(&["JWT_AUDIENCE"]);
        let by_flag = Place::with_envvars()
            .flag("--auth-enable")
            .flag("--jwt-jwks=https://id.example.org/jwks")
            .refused(&["--jwt-audience"]);
        assert_eq!(by_flag, by_variable);
        let with_audience = || with_jwks().env("JWT_AUDIENCE", "https://ops.example.org/mcp");
        with_audience().warned(&["JWT_ISSUER"]);
        let whole = with_audience().env("JWT_ISSUER", "https://id.example.org/");
        let config = whole.loaded();
        assert!(config.warnings.is_empty(), "{:?}", config.warnings);
        let RemoteAuth::Bearer(bearer) = config.http.auth else {
            panic!("{:?}", config.http.auth);
        };
        let url = "https://id.example.org/jwks".parse().unwrap();
        assert_eq!(bearer.jwks, Some(JwksSource::Url(url)));
        assert_eq!(bearer.issuer.as_deref(), Some("https://id.example.org/"));
        assert!(bearer.secret.is_none());
        whole
            .env("JWT_JWKS", "http://id.example.org/jwks")
            .warned(&["JWT_JWKS", "https"]);
    }

    #[test]
    fn keys_are_at_a_url_or_in_a_file() {
        let place = |value: &str| Place::with_envvars().env("JWT_JWKS", value);
        for bad in [
            "jwks.json",
            ".",
            "ftp://id.example.org/jwks",
            "https://",
            "https://user:password@id.example.org/",
        ] {
            place(bad).refused(&["`JWT_JWKS`"]);
        }
        let config = place("jwks.json")
            .file("work/jwks.json", "{}")
            .env("JWT_AUDIENCE", "ops")
            .env("JWT_ISSUER", "id")
            .flag("--auth-enable")
            .loaded();
        let RemoteAuth::Bearer(bearer) = config.http.auth else {
            panic!("{:?}", config.http.auth);
        };
        assert!(matches!(bearer.jwks, Some(JwksSource::File(path)) if path.ends_with("jwks.json")));
    }

    #[test]
    fn a_short_secret_signs_nothing() {
        let with_secret = |secret: &str| {
            Place::with_envvars()
                .flag("--auth-enable")
                .env("REMOTE_SECRET_KEY", secret)
        };
        let short = "s3cret-of-31-bytes-is-too-short";
        let long = "s3cret-of-32-bytes-is-long-enough";
        with_secret(short).warned(&["REMOTE_SECRET_KEY", "32 bytes", "JWT"]);
        for variable in ["JWT_ISSUER", "JWT_AUDIENCE"] {
            let means_tokens = with_secret(short).env(variable, "name");
            means_tokens.refused(&["REMOTE_SECRET_KEY", "32 bytes", "JWT_JWKS"]);
            let config = with_secret(long).env(variable, "name").loaded();
            assert!(config.warnings.is_empty(), "{:?}", config.warnings);
        }
    }

    #[test]
    fn a_flag_and_its_variable_enforce_the_same() {
        let secret = |place: Place| match place.loaded().http.auth {
            RemoteAuth::Bearer(bearer) => bearer.secret.unwrap().expose_secret().to_owned(),
            RemoteAuth::Off => "off".to_owned(),
        };
        let switches = [
            Place::with_envvars().flag("--auth-enable"),
            Place::with_envvars().flag("--auth-enable=Yes"),
            Place::with_envvars().env("REMOTE_AUTH_ENABLE", "1"),
            Place::with_envvars().file("work/.env", "REMOTE_AUTH_ENABLE=ON"),
            Place::with_envvars()
                .flag("--auth-enable")
                .env("REMOTE_AUTH_ENABLE", "false"),
        ];
        for (index, place) in switches.into_iter().enumerate() {
            let place = match index % 2 {
                0 => place.flag("--secret-key=s3cret-key"),
                _ => place.env("REMOTE_SECRET_KEY", "s3cret-key"),
            };
            assert_eq!(secret(place), "s3cret-key", "case {index}");
        }
        let off = Place::with_envvars()
            .flag("--auth-enable=false")
            .env("REMOTE_AUTH_ENABLE", "true");
        assert_eq!(secret(off), "off");
    }

    /// The configuration or the refusal, with a flag called by its variable's name and without
    /// the folder, which is another one each time.
    fn outcome(place: &Place, variable: &variables::Variable) -> String {
        let outcome = match place.load() {
            Ok(config) => format!("{config:?}"),
            Err(error) => error.to_string(),
        };
        outcome
            .replace(&place.folder.path().display().to_string(), "")
            .replace(&format!("--{}", variable.flag), variable.key())
    }

    #[test]
    fn every_flag_does_what_its_variable_does() {
        for variable in variables::all() {
            let Some(name) = variable.name else { continue };
            let default = outcome(&Place::with_envvars(), variable);
            let mut has_effect = false;
            // Values that are right for some settings and wrong for others.
            for value in ["7", "true", "x", "http://x:1/a"] {
                let by_variable = outcome(&Place::with_envvars().env(name, value), variable);
                let flag = format!("--{}={value}", variable.flag);
                let by_flag = outcome(&Place::with_envvars().flag(&flag), variable);
                assert_eq!(by_flag, by_variable, "{flag}");
                has_effect |= by_flag != default;
            }
            // One is accepted and not used; one is of use beside another; another secret looks like
            // the first.
            let is_unseen = matches!(
                name,
                "OS_HEAT_STACK_CFN_PORT" | "CACHE_SECRET_KEY" | "OS_PASSWORD"
            );
            assert!(has_effect || is_unseen, "{name}");
        }
    }

    #[test]
    fn durations_and_lists() {
        let config = Place::with_envvars()
            .env("REQUEST_TIMEOUT", "90")
            .env("CACHE_TTL", "0")
            .env("CACHE_REFERENCE_TTL", "1m 30s")
            .env("ALLOWED_HOSTS", "Ops.Example.org, 10.0.0.5:8080,, [::1]:80")
            .env("ALLOWED_ORIGINS", "https://A.example.org:443/, http://b:81")
            .flag("--toolsets=compute, network")
            .flag("--deny-tools=manage_volume")
            .loaded();
        assert_eq!(config.limits.request_timeout, Duration::from_secs(90));
        assert_eq!(config.limits.cache_ttl, None);
        assert_eq!(
            config.limits.cache_reference_ttl,
            Some(Duration::from_secs(90))
        );
        assert_eq!(
            config.http.allowed_hosts,
            ["ops.example.org", "10.0.0.5:8080", "[::1]:80"]
        );
        assert_eq!(
            config.http.allowed_origins,
            ["https://a.example.org", "http://b:81"]
        );
        assert_eq!(config.tools.toolsets, ["compute", "network"]);
        assert_eq!(config.tools.deny, ["manage_volume"]);
    }

    #[test]
    fn a_folder_of_operations_must_exist() {
        let place = Place::with_envvars().flag("--operations=mine");
        place.refused(&["--operations", "mine"]);
        std::fs::create_dir(place.path("work/mine")).unwrap();
        assert_eq!(
            place.loaded().tools.operations,
            Some(place.path("work/mine"))
        );
    }

    #[test]
    fn strangers_may_read_but_not_change() {
        let beyond = || {
            Place::with_envvars()
                .flag("--type=streamable-http")
                .flag("--host=0.0.0.0")
        };
        beyond().warned(&["0.0.0.0", "REMOTE_AUTH_ENABLE"]);
        beyond()
            .flag("--allow-modify")
            .refused(&["ALLOW_MODIFY_OPERATIONS", "REMOTE_SECRET_KEY"]);
        let known = beyond()
            .flag("--allow-modify")
            .flag("--auth-enable")
            .flag("--secret-key=a-secret-of-more-than-32-bytes-or-so")
            .loaded();
        assert!(known.changes.mode == Mode::Modify && known.warnings.is_empty());
        beyond()
            .flag("--allow-modify")
            .flag("--auth-enable=false")
            .flag("--secret-key=a-secret-of-more-than-32-bytes-or-so")
            .refused(&["ALLOW_MODIFY_OPERATIONS"]);
        for host in ["::", "[::]", "192.0.2.1", "ops.example"] {
            Place::with_envvars()
                .flag("--type=streamable-http")
                .flag("--allow-modify")
                .env("FASTMCP_HOST", host)
                .refused(&["ALLOW_MODIFY_OPERATIONS", host]);
        }
        for host in ["localhost", "LocalHost", "::1", "[::1]", "127.0.0.9"] {
            let local = Place::with_envvars()
                .flag("--type=streamable-http")
                .flag("--allow-modify")
                .env("FASTMCP_HOST", host);
            assert!(local.loaded().warnings.is_empty(), "{host}");
        }
    }

    #[test]
    fn a_rate_is_a_number_in_a_time() {
        for (text, expected) in [
            ("100/1m", Some((100, 60))),
            ("10/s", Some((10, 1))),
            ("5 / 2h", Some((5, 7200))),
            ("0", None),
        ] {
            let limit = Place::with_envvars()
                .env("RATE_LIMIT", text)
                .loaded()
                .limits
                .rate_limit;
            let told = limit.map(|limit| (limit.requests.get(), limit.period.as_secs()));
            assert_eq!(told, expected, "{text}");
        }
        for text in ["100", "/1m", "0/1m", "100/", "100/0", "1/25h", "x/1m"] {
            Place::with_envvars()
                .env("RATE_LIMIT", text)
                .refused(&["`RATE_LIMIT`", "100/1m"]);
        }
    }

    #[test]
    fn what_has_no_effect_is_said_once() {
        Place::with_envvars()
            .env("OS_FOO", "s3cret")
            .env("OS_COMPUTE_API_VERSION", "2.1")
            .env("OS_EMPTY", "")
            .warned(&["`OS_COMPUTE_API_VERSION`, `OS_FOO`"]);
        Place::with_envvars()
            .env("REMOTE_SECRET_KEY", "s3cret")
            .env("JWT_ISSUER", "id")
            .warned(&["`REMOTE_SECRET_KEY`, `JWT_ISSUER`", "REMOTE_AUTH_ENABLE"]);
    }

    #[test]
    fn a_malformed_file_is_refused_with_its_line() {
        Place::with_envvars()
            .file("work/.env", "A=1\nOS_PASSWORD=s3cret pass\n")
            .refused(&[".env`, line 2"]);
    }
}

mod command_line {
    use super::*;

    #[test]
    fn is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn has_no_setting_twice() {
        let mut keys: Vec<_> = variables::all().map(variables::Variable::key).collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn names_every_variable_in_the_help() {
        let help = Arguments::command().render_long_help().to_string();
        // Lines are broken where the terminal ends.
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for variable in variables::all() {
            assert!(help.contains(&format!("--{}", variable.flag)));
            if let Some(name) = variable.name {
                assert!(help.contains(&format!("[env: {name}]")), "{name}");
            }
        }
        assert!(help.contains("[default: 127.0.0.1]"));
    }

    #[test]
    fn takes_flags_before_and_after_a_subcommand() {
        for flags in [["--port=7", "check"], ["check", "--port=7"]] {
            let arguments = Arguments::try_parse_from(["x"].into_iter().chain(flags)).unwrap();
            assert_eq!(arguments.command, Some(Command::Check));
            assert_eq!(arguments.options.get("FASTMCP_PORT"), Some("7"));
        }
    }

    #[test]
    fn refuses_unknown_flags_by_name() {
        for flag in ["--prot", "--jwt-jwk", "--rate-limits"] {
            let error = Arguments::try_parse_from(["x", flag, "7"]).unwrap_err();
            assert!(error.to_string().contains(flag));
        }
    }

    #[test]
    fn schema_needs_no_cloud() {
        let config = Place::empty().flag("schema").flag("--federation").loaded();
        assert!(config.clouds.is_empty());
        Place::empty()
            .flag("check")
            .refused(&["OS_AUTH_URL", "clouds.yaml"]);
    }

    #[test]
    fn debug_shows_no_secret() {
        let place = Place::with_envvars()
            .flag("--auth-enable")
            .flag("--secret-key=s3cret-key")
            .env("OS_FOO", "s3cret-foo");
        let arguments = Arguments::try_parse_from(&place.flags).unwrap();
        let variables: Variables = place.variables.iter().cloned().collect();
        let shown = format!("{:?} {arguments:?} {variables:?}", place.loaded());
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("REDACTED"), "{shown}");
    }
}

mod clouds;
mod envvars;
