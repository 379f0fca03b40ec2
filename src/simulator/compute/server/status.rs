//! The word for how a server is, which Nova makes of two.

use crate::world::compute::Server;

/// A state, what a server in it is called, and what it is called in some tasks.
type Word = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const WORDS: [Word; 12] = [
    (
        "active",
        "ACTIVE",
        &[
            ("rebooting", "REBOOT"),
            ("reboot_pending", "REBOOT"),
            ("reboot_started", "REBOOT"),
            ("rebooting_hard", "HARD_REBOOT"),
            ("reboot_pending_hard", "HARD_REBOOT"),
            ("reboot_started_hard", "HARD_REBOOT"),
            ("updating_password", "PASSWORD"),
            ("rebuilding", "REBUILD"),
            ("rebuild_block_device_mapping", "REBUILD"),
            ("rebuild_spawning", "REBUILD"),
            ("migrating", "MIGRATING"),
            ("resize_prep", "RESIZE"),
            ("resize_migrating", "RESIZE"),
            ("resize_migrated", "RESIZE"),
            ("resize_finish", "RESIZE"),
        ],
    ),
    ("building", "BUILD", &[]),
    (
        "stopped",
        "SHUTOFF",
        &[
            ("resize_prep", "RESIZE"),
            ("resize_migrating", "RESIZE"),
            ("resize_migrated", "RESIZE"),
            ("resize_finish", "RESIZE"),
            ("rebuilding", "REBUILD"),
            ("rebuild_block_device_mapping", "REBUILD"),
            ("rebuild_spawning", "REBUILD"),
        ],
    ),
    (
        "resized",
        "VERIFY_RESIZE",
        &[("resize_reverting", "REVERT_RESIZE")],
    ),
    ("paused", "PAUSED", &[("migrating", "MIGRATING")]),
    ("suspended", "SUSPENDED", &[]),
    ("rescued", "RESCUE", &[]),
    (
        "error",
        "ERROR",
        &[
            ("rebuilding", "REBUILD"),
            ("rebuild_block_device_mapping", "REBUILD"),
            ("rebuild_spawning", "REBUILD"),
        ],
    ),
    ("deleted", "DELETED", &[]),
    ("soft-delete", "SOFT_DELETED", &[]),
    ("shelved", "SHELVED", &[]),
    ("shelved_offloaded", "SHELVED_OFFLOADED", &[]),
];

pub(super) fn status(server: &Server) -> &'static str {
    let state = server.vm_state.word();
    let Some((_, usual, in_task)) = WORDS.iter().find(|(word, _, _)| *word == state) else {
        return "UNKNOWN";
    };
    let task = server.task_state.unwrap_or_default();
    let word = in_task.iter().find(|(is, _)| *is == task);
    word.map_or(*usual, |(_, word)| word)
}

/// The states, and the tasks where only some are meant, in which a server is called one of some
/// words. As in Nova a task counts in any of the states.
pub(super) struct States {
    pub(super) states: Vec<&'static str>,
    pub(super) tasks: Option<Vec<&'static str>>,
}

pub(super) fn states(statuses: &[&str]) -> States {
    let mut states = Vec::new();
    let mut tasks = Vec::new();
    let mut any_task = false;
    let is_meant = |word: &str| {
        let mut statuses = statuses.iter();
        statuses.any(|status| status.eq_ignore_ascii_case(word))
    };
    for (state, usual, in_task) in WORDS {
        let of_task = in_task.iter().filter(|(_, word)| is_meant(word));
        let of_task: Vec<&str> = of_task.map(|(task, _)| *task).collect();
        any_task |= is_meant(usual);
        if is_meant(usual) || !of_task.is_empty() {
            states.push(state);
        }
        tasks.extend(of_task);
    }
    States {
        states,
        tasks: (!any_task).then_some(tasks),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_state_and_seldom_a_task() {
        let states_of = |statuses: &[&str]| {
            let states = states(statuses);
            (states.states, states.tasks.map(|tasks| tasks.len()))
        };
        assert_eq!(states_of(&["error"]), (vec!["error"], None));
        assert_eq!(
            states_of(&["SHUTOFF", "PAUSED"]),
            (vec!["stopped", "paused"], None)
        );
        assert_eq!(states_of(&["HARD_REBOOT"]), (vec!["active"], Some(3)));
        assert_eq!(states_of(&["bogus"]), (vec![], Some(0)));
    }
}
