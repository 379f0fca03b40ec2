//! What is done with a server: who may, in which state it has to be, and what becomes of it.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use crate::compute::schema::{self, Schemas};
use crate::compute::writer::Writer;
use crate::compute::{bad_request, conflict, done};
use crate::reply::{Answer, Reply};
use crate::world::compute::{PowerState, Server, VmState};
use crate::world::events::{Deed, ServerStep};

pub(in crate::compute) static SCHEMAS: Schemas =
    Schemas::new(|| schema::read(include_str!("../schema/server.json")));

/// How long what is done at once takes.
const QUICK: Duration = Duration::from_secs(2);

/// In which states something may be done.
pub(in crate::compute) struct Allowed {
    /// What it is called when it may not be.
    pub(in crate::compute) word: &'static str,
    /// Any when there are none.
    pub(in crate::compute) states: &'static [VmState],
    /// Tasks during which it may be, too.
    pub(in crate::compute) tasks: &'static [&'static str],
    pub(in crate::compute) needs_host: bool,
    pub(in crate::compute) needs_launch: bool,
}

impl Allowed {
    pub(in crate::compute) const fn of(word: &'static str, states: &'static [VmState]) -> Self {
        Self {
            word,
            states,
            tasks: &[],
            needs_host: false,
            needs_launch: true,
        }
    }
}

/// What needs nothing but a state, and leads to another one.
struct Plain {
    rule: &'static str,
    allowed: Allowed,
    /// What the actions of the server call it, and its event.
    action: &'static str,
    event: &'static str,
    task: &'static str,
    to: (VmState, PowerState),
}

const RUNNING: (VmState, PowerState) = (VmState::Active, PowerState::Running);

/// By the key of the body.
fn plain(key: &str) -> Option<Plain> {
    use VmState::{Active, Error, Paused, Rescued, Stopped, Suspended};
    let with_host = |word, states| Allowed {
        needs_host: true,
        ..Allowed::of(word, states)
    };
    Some(match key {
        "os-start" => Plain {
            rule: "os_compute_api:servers:start",
            allowed: with_host("start", &[Stopped]),
            action: "start",
            event: "compute_start_instance",
            task: "powering-on",
            to: RUNNING,
        },
        "os-stop" => Plain {
            rule: "os_compute_api:servers:stop",
            allowed: with_host("stop", &[Active, Error]),
            action: "stop",
            event: "compute_stop_instance",
            task: "powering-off",
            to: (Stopped, PowerState::Shutdown),
        },
        "pause" => Plain {
            rule: "os_compute_api:os-pause-server:pause",
            allowed: Allowed::of("pause", &[Active]),
            action: "pause",
            event: "compute_pause_instance",
            task: "pausing",
            to: (Paused, PowerState::Paused),
        },
        "unpause" => Plain {
            rule: "os_compute_api:os-pause-server:unpause",
            allowed: Allowed::of("unpause", &[Paused]),
            action: "unpause",
            event: "compute_unpause_instance",
            task: "unpausing",
            to: RUNNING,
        },
        "suspend" => Plain {
            rule: "os_compute_api:os-suspend-server:suspend",
            allowed: Allowed::of("suspend", &[Active]),
            action: "suspend",
            event: "compute_suspend_instance",
            task: "suspending",
            to: (Suspended, PowerState::Shutdown),
        },
        "resume" => Plain {
            rule: "os_compute_api:os-suspend-server:resume",
            allowed: Allowed::of("resume", &[Suspended]),
            action: "resume",
            event: "compute_resume_instance",
            task: "resuming",
            to: RUNNING,
        },
        "unrescue" => Plain {
            rule: "os_compute_api:os-unrescue",
            allowed: Allowed::of("unrescue", &[Rescued]),
            action: "unrescue",
            event: "compute_unrescue_instance",
            task: "unrescuing",
            to: RUNNING,
        },
        _ => return None,
    })
}

impl Writer<'_> {
    /// What is done with a server: the body's only key says what.
    pub(in crate::compute) fn server_do(&mut self, id: &str) -> Answer {
        let body = self.call.json();
        let fields = body.as_object().map(|body| body.iter().collect::<Vec<_>>());
        let Some([(key, asked)]) = fields.as_deref() else {
            return Err(bad_request("Malformed request body"));
        };
        if let Some(plain) = plain(key) {
            return self.server_do_plain(id, &plain);
        }
        let schema = key.as_str();
        let is_checked = match schema {
            "lock" => self.version.is(73),
            "unshelve" => self.version.is(77),
            "reboot" | "rescue" | "rebuild" | "resize" | "createImage" | "os-resetState" => true,
            _ => false,
        };
        if is_checked {
            SCHEMAS.check(schema, &body, self.version.minor())?;
        }
        if matches!(schema, "addSecurityGroup" | "removeSecurityGroup") {
            super::attach::SCHEMAS.check(schema, &body, self.version.minor())?;
        }
        match schema {
            "os-getConsoleOutput" => self.subject().console_log(id, asked),
            "reboot" => self.server_reboot(id, asked),
            "lock" => self.server_lock(id, asked),
            "unlock" => self.server_unlock(id),
            "rescue" => self.server_rescue(id, asked),
            "shelve" => self.server_shelve(id),
            "shelveOffload" => self.server_shelve_offload(id),
            "unshelve" => self.server_unshelve(id),
            "resize" => self.server_resize(id, asked),
            "confirmResize" => self.server_confirm_resize(id),
            "revertResize" => self.server_revert_resize(id),
            "rebuild" => self.server_rebuild(id, asked),
            "createImage" => self.server_create_image(id, asked),
            "addSecurityGroup" => self.security_group_do(id, asked, true),
            "removeSecurityGroup" => self.security_group_do(id, asked, false),
            "os-resetState" => self.server_reset_state(id, asked),
            key => Err(bad_request(&format!("There is no such action: {key}"))),
        }
    }

    fn server_do_plain(&mut self, id: &str, plain: &Plain) -> Answer {
        let server = self.server_to(id, plain.rule).map_err(|refusal| {
            let is_unknown = refusal.status == StatusCode::NOT_FOUND && !self.was_ever(id);
            // Only these two look for where it is first.
            if is_unknown && plain.rule.starts_with("os_compute_api:servers:") {
                return crate::compute::not_found(&format!(
                    "Instance {id} has no mapping to a cell."
                ));
            }
            refusal
        })?;
        let server = self.allow(server, &plain.allowed)?;
        self.begin(server, plain.action, plain.event, plain.task);
        let (vm_state, power_state) = plain.to;
        self.plan(server, QUICK, ServerStep::Becomes(vm_state, power_state));
        Ok(done(StatusCode::ACCEPTED))
    }

    fn was_ever(&self, id: &str) -> bool {
        let compute = &self.region().compute;
        crate::world::id::read_uuid(id).is_some_and(|id| {
            compute.servers.contains_key(&id) || compute.deleted_servers.contains_key(&id)
        })
    }

    /// The server that the caller may do something with.
    pub(in crate::compute) fn server_to(&self, id: &str, rule: &str) -> Result<&Server, Reply> {
        self.subject().server_to(id, rule)
    }

    /// Whether a server's state lets something be done with it; its id.
    pub(in crate::compute) fn allow(
        &self,
        server: &Server,
        allowed: &Allowed,
    ) -> Result<Uuid, Reply> {
        self.allow_locked(server)?;
        self.allow_state(server, allowed)
    }

    /// The same for what no lock keeps anyone from.
    pub(in crate::compute) fn allow_state(
        &self,
        server: &Server,
        allowed: &Allowed,
    ) -> Result<Uuid, Reply> {
        let id = server.id;
        if allowed.needs_host && server.host.is_none() {
            return Err(conflict(&format!("Instance {id} is not ready")));
        }
        let word = allowed.word;
        let is_in = |attribute: &str, state: &str| {
            conflict(&format!(
                "Cannot '{word}' instance {id} while it is in {attribute} {state}"
            ))
        };
        if !allowed.states.is_empty() && !allowed.states.contains(&server.vm_state) {
            return Err(is_in("vm_state", server.vm_state.word()));
        }
        if let Some(task) = server.task_state
            && !allowed.tasks.contains(&task)
        {
            return Err(is_in("task_state", task));
        }
        if allowed.needs_launch && server.launched.is_none() {
            return Err(conflict(&format!(
                "Instance {id} is in an invalid state for '{word}'"
            )));
        }
        Ok(id)
    }

    /// Whether a lock lets the caller do something.
    pub(in crate::compute) fn allow_locked(&self, server: &Server) -> Result<(), Reply> {
        if server.locked.is_some() && !self.token.is_admin() {
            return Err(conflict(&format!("Instance {} is locked", server.id)));
        }
        Ok(())
    }

    /// Notes what is begun with a server.
    pub(in crate::compute) fn begin(
        &mut self,
        server: Uuid,
        action: &'static str,
        event: &'static str,
        task: &'static str,
    ) {
        self.note(server, action, Some(event));
        if let Some(server) = self.server_mut(server) {
            server.task_state = Some(task);
        }
    }

    /// Notes that something is done with a server, which is no task.
    pub(in crate::compute) fn note(
        &mut self,
        server: Uuid,
        action: &'static str,
        event: Option<&'static str>,
    ) {
        let deed = Deed {
            region: self.call.region,
            server,
            request: &self.call.request_id,
            user: self.token.user,
        };
        self.world.begin(&deed, action, event);
    }

    pub(in crate::compute) fn plan(&mut self, server: Uuid, after: Duration, step: ServerStep) {
        let deed = Deed {
            region: self.call.region,
            server,
            request: &self.call.request_id,
            user: self.token.user,
        };
        self.world.plan_step(&deed, after, step);
    }

    pub(in crate::compute) fn server_mut(&mut self, id: Uuid) -> Option<&mut Server> {
        self.region_mut().compute.servers.get_mut(&id)
    }

    fn server_reboot(&mut self, id: &str, asked: &Value) -> Answer {
        use VmState::{Active, Error, Paused, Stopped, Suspended};
        const SLOW: Duration = Duration::from_secs(3);
        let server = self.server_to(id, "os_compute_api:servers:reboot")?;
        let is_hard = asked["type"]
            .as_str()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("hard"));
        let mut allowed = Allowed::of("reboot", &[Active]);
        if is_hard {
            allowed.states = &[Active, Stopped, Paused, Suspended, Error];
            allowed.tasks = &[
                "rebooting",
                "reboot_pending",
                "reboot_started",
                "rebooting_hard",
                "reboot_pending_hard",
                "reboot_started_hard",
                "resuming",
                "unpausing",
                "pausing",
                "suspending",
            ];
        }
        let server = self.allow(server, &allowed)?;
        let task = if is_hard {
            "rebooting_hard"
        } else {
            "rebooting"
        };
        self.begin(server, "reboot", "compute_reboot_instance", task);
        let (vm_state, power_state) = RUNNING;
        self.plan(server, SLOW, ServerStep::Becomes(vm_state, power_state));
        Ok(done(StatusCode::ACCEPTED))
    }

    fn server_reset_state(&mut self, id: &str, asked: &Value) -> Answer {
        self.subject()
            .may("os_compute_api:os-admin-actions:reset_state")?;
        let server = self.server_to(id, "os_compute_api:os-admin-actions:reset_state")?;
        let server = server.id;
        self.note(server, "resetState", None);
        let state = match asked["state"].as_str() {
            Some("active") => VmState::Active,
            _ => VmState::Error,
        };
        if let Some(server) = self.server_mut(server) {
            server.vm_state = state;
            server.task_state = None;
        }
        Ok(done(StatusCode::ACCEPTED))
    }
}
