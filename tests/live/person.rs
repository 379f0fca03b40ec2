//! Who asks which cloud: the real one that the environment names, or a simulated one.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use openstack_simulator::{Options, Simulator};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Servers of the simulated cloud.
const SERVERS: usize = 200;

/// The role in which a cloud is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Of the whole cloud.
    Admin,
    /// Of one project.
    Member,
    /// Of one project.
    Reader,
}

impl Who {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Reader => "reader",
        }
    }
}

/// A credential for a cloud.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) who: Who,
    /// `real` or `simulated`.
    pub(crate) kind: &'static str,
    /// The entry of clouds.yaml, and the file it is in where that is not the usual one.
    cloud: String,
    file: Option<String>,
}

/// Everyone whom the environment has a credential for on a real cloud.
pub(crate) fn of_the_real_cloud() -> Vec<Person> {
    let Some(cloud) = set("OS_CLOUD") else {
        return Vec::new();
    };
    let admin = Person {
        who: Who::Admin,
        kind: "real",
        cloud: cloud.clone(),
        file: set("OS_CLIENT_CONFIG_FILE"),
    };
    let others = set("LIVE_CLOUDS").map(|file| {
        [Who::Member, Who::Reader].map(|who| {
            let entry = format!("{cloud}-{}", who.name());
            admin.alike(who, &entry, Path::new(&file))
        })
    });
    let others = others.into_iter().flatten();
    std::iter::once(admin).chain(others).collect()
}

/// Where the clouds.yaml of a program's simulated cloud is: programs run side by side.
pub(crate) fn clouds_yaml_of(program: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{program}-simulated.yaml"))
}

/// Everyone of a simulated cloud, which is started here and ends with the runtime; its clouds.yaml
/// is written to a file.
pub(crate) fn of_a_simulated_cloud(runtime: &tokio::runtime::Runtime, file: &Path) -> Vec<Person> {
    let options = Options {
        servers: SERVERS,
        ..Options::default()
    };
    let simulator = Simulator::new(options);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("an address");
    let text = simulator.clouds_yaml(&format!("http://{address}"));
    std::fs::write(file, text).expect("a clouds.yaml");
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
        simulator.serve(listener, CancellationToken::new()).await;
    });
    let cloud = |who| match who {
        Who::Admin => "simulated".to_owned(),
        Who::Member | Who::Reader => format!("simulated-{}", who.name()),
    };
    [Who::Admin, Who::Member, Who::Reader]
        .map(|who| Person {
            who,
            kind: "simulated",
            cloud: cloud(who),
            file: Some(file.display().to_string()),
        })
        .into()
}

impl Person {
    /// Somebody else of the same cloud, by an entry of a clouds.yaml.
    pub(crate) fn alike(&self, who: Who, cloud: &str, file: &Path) -> Self {
        Self {
            who,
            kind: self.kind,
            cloud: cloud.to_owned(),
            file: Some(file.display().to_string()),
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("{}::{}", self.kind, self.who.name())
    }

    /// Writes a clouds.yaml with this person's entry, in which a service is at a closed port.
    pub(crate) fn write_clouds_without(&self, service: &str, path: &Path) {
        let file = self.file.as_ref();
        let file = file.expect("OS_CLIENT_CONFIG_FILE names the clouds.yaml");
        let text = std::fs::read_to_string(file).expect("clouds.yaml");
        let mut clouds: Value = serde_saphyr::from_str(&text).expect("YAML");
        let entry = &mut clouds["clouds"][&self.cloud];
        let key = format!("{}_endpoint_override", service.replace('-', "_"));
        entry[key] = json!("http://127.0.0.1:9");
        let alone = json!({"clouds": {self.cloud.clone(): entry.take()}});
        // JSON is YAML.
        std::fs::write(path, alone.to_string()).expect("a clouds.yaml of our own");
    }

    /// A command that sees this credential and no other.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("OS_") {
                command.env_remove(name);
            }
        }
        command.env("OS_CLOUD", &self.cloud);
        if let Some(file) = &self.file {
            command.env("OS_CLIENT_CONFIG_FILE", file);
        }
        command
    }

    /// The JSON that a Python script of the project prints as this person.
    pub(crate) fn script(&self, path: &str, arguments: &[&str]) -> Value {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let output = self.command(python()).arg(script).args(arguments).output();
        let output = output.expect("Python starts");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{path} failed:\n{complaint}");
        serde_json::from_slice(&output.stdout).expect("JSON from the script")
    }
}

/// Whether there is a Python that has openstacksdk.
pub(crate) fn has_openstacksdk() -> bool {
    let mut command = Command::new(python());
    command.args(["-c", "import openstack"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The Python that has openstacksdk.
pub(crate) fn python() -> String {
    set("LIVE_PYTHON").unwrap_or_else(|| "python3".to_owned())
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
