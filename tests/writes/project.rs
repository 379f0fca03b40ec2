//! A project that nobody else is in.

use std::path::PathBuf;

use serde_json::Value;
use tokio::runtime::Runtime;

use crate::person::{self, Who};
use crate::world::World;

const SCRIPT: &str = "tests/writes/project.py";

pub(crate) struct Project {
    /// As its only member.
    pub(crate) world: World,
    /// As an administrator of the same cloud.
    admin: World,
    /// What makes and removes it; where the cloud is simulated it goes with that.
    script: Option<PathBuf>,
    _runtime: Option<Runtime>,
}

impl Project {
    pub(crate) fn new(world: &World) -> Self {
        let name = world.new_name("project");
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.yaml"));
        if !world.is_real() {
            let runtime = Runtime::new().expect("a runtime");
            let people = person::of_a_simulated_cloud(&runtime, &file);
            let of = |who| people.iter().find(|person| person.who == who);
            return Self {
                world: World::new(of(Who::Member).expect("a member").clone()),
                admin: World::new(of(Who::Admin).expect("an admin").clone()),
                script: None,
                _runtime: Some(runtime),
            };
        }
        let people = person::of_the_real_cloud();
        let admin = people.into_iter().find(|person| person.who == Who::Admin);
        let admin = admin.expect("an admin");
        admin.script(SCRIPT, &["make", &file.display().to_string()]);
        let member = admin.alike(Who::Member, "alone", &file);
        Self {
            world: World::new(member),
            admin: World::new(admin),
            script: Some(file),
            _runtime: None,
        }
    }

    /// Sets quotas; `{project}` in the path is its id.
    pub(crate) fn limit(&self, service: &str, path: &str, quotas: &Value) {
        let path = path.replace("{project}", &self.world.project());
        let (status, body) = self.admin.send(service, "PUT", &path, quotas);
        assert_eq!(status, 200, "{service} {path}: {body}");
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.world.stop();
        self.admin.stop();
        if let Some(file) = &self.script {
            let file = file.display().to_string();
            self.admin.person().script(SCRIPT, &["remove", &file]);
        }
    }
}
