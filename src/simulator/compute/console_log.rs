//! What a server's guest wrote on its console.

use serde_json::{Value, json};

use super::{Subject, bad_request, conflict, forbidden, not_found};
use crate::clock::zulu;
use crate::reply::{Answer, Reply};
use crate::world::compute::{Server, VmState};

const RULE: &str = "os_compute_api:os-console-output";

impl Subject<'_> {
    /// All of it or the last lines: it is asked for by a POST, and changes nothing.
    pub(super) fn console_log(&self, id: &str, arguments: &Value) -> Answer {
        let length = length_of(arguments)?;
        let server = self.server_of(id, RULE)?;
        if !self.token.has_role("member") {
            return Err(forbidden(RULE));
        }
        if server.host.is_none() {
            return Err(conflict(&format!("Instance {id} is not ready")));
        }
        if server.vm_state == VmState::Building {
            return Err(not_found("Guest does not have a console available."));
        }
        let text = self.boot_log(server);
        let output = length.map_or_else(|| text.clone(), |length| tail(&text, length));
        Ok(Reply::ok(&json!({"output": output})))
    }

    /// What Linux and cloud-init write, as far as it can be known of a server.
    fn boot_log(&self, server: &Server) -> String {
        let name = &server.hostname;
        let address = self.first_address(server);
        let flavor = &server.flavor;
        let started = zulu(server.launched.unwrap_or(server.created)).text();
        let mut lines = vec![
            "Linux version 6.8.0-60-generic (buildd@lcy02-amd64-001)".to_owned(),
            "Command line: BOOT_IMAGE=/boot/vmlinuz root=LABEL=cloudimg-rootfs ro \
             console=tty1 console=ttyS0"
                .to_owned(),
            "Hypervisor detected: KVM".to_owned(),
            format!("Memory: {}K available", u64::from(flavor.ram_mib) * 1024),
            format!("smpboot: Allowing {} CPUs, 0 hotplug CPUs", flavor.vcpus),
        ];
        for cpu in 1..flavor.vcpus.min(16) {
            lines.push(format!("smpboot: CPU {cpu} is now online"));
        }
        lines.push(format!("virtio_blk virtio2: [vda] {} GiB", flavor.disk_gib));
        for unit in [
            "Journal Service",
            "Load Kernel Modules",
            "Remount Root and Kernel File Systems",
            "Apply Kernel Variables",
            "Network Configuration",
            "Network Name Resolution",
            "Cloud-init: Local Stage (pre-network)",
            "Cloud-init: Network Stage",
            "System Logging Service",
            "OpenSSH server daemon",
            "Getty on tty1",
        ] {
            lines.push(format!("systemd[1]: Started {unit}."));
        }
        lines.push(format!(
            "cloud-init[612]: ci-info: | ens3 | True | {address} |"
        ));
        lines.push(format!("cloud-init[840]: Cloud-init finished at {started}"));
        let mut text = String::new();
        for (number, line) in lines.iter().enumerate() {
            let millis = 113 * number + number * number * 7;
            text += &format!("[{:>5}.{:03}000] {line}\n", millis / 1000, millis % 1000);
        }
        text += &format!("\n{name} login: \n");
        text
    }
}

/// How many lines are asked for; none for all.
fn length_of(arguments: &Value) -> Result<Option<i64>, Reply> {
    let refused = |value: &str, reason: &str| {
        Err(bad_request(&format!(
            "Invalid input for field/attribute length. Value: {value}. {reason}"
        )))
    };
    let Some(fields) = arguments.as_object() else {
        return Err(bad_request(&format!(
            "Invalid input for field/attribute os-getConsoleOutput. Value: {arguments}. \
             {arguments} is not of type 'object'"
        )));
    };
    if let Some(name) = fields.keys().find(|name| *name != "length") {
        return Err(bad_request(&format!(
            "Invalid input for field/attribute os-getConsoleOutput. Value: {arguments}. \
             Additional properties are not allowed ('{name}' was unexpected)"
        )));
    }
    match fields.get("length") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => match text.parse() {
            Ok(length) => Ok(Some(length)),
            Err(_) => refused(text, &format!("'{text}' does not match '^-?[0-9]+$'")),
        },
        Some(value) => match value.as_i64() {
            Some(length) if length >= -1 => Ok(Some(length)),
            Some(length) => refused(
                &length.to_string(),
                &format!("{length} is less than the minimum of -1"),
            ),
            None => refused(
                &value.to_string(),
                &format!("{value} is not of type 'integer', 'string', 'null'"),
            ),
        },
    }
}

/// The last lines, where what follows the last line break counts as one; of less than none all
/// but so many of the first, as Python cuts a list.
fn tail(text: &str, length: i64) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let number = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
    let from = match length {
        0 => lines.len(),
        1.. => lines.len().saturating_sub(number),
        _ => number.min(lines.len()),
    };
    lines[from..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_counts_the_end_as_a_line() {
        assert_eq!(tail("a\nb\nc\n", 2), "c\n");
        assert_eq!(tail("a\nb\nc\n", 100), "a\nb\nc\n");
        assert_eq!(tail("a\nb\nc\n", 0), "");
        assert_eq!(tail("a\nb\nc\n", -1), "b\nc\n");
    }

    #[test]
    fn a_length_is_a_number_or_nothing() {
        let length = |arguments| length_of(&arguments).ok();
        assert_eq!(length(json!({})), Some(None));
        assert_eq!(length(json!({"length": null})), Some(None));
        assert_eq!(length(json!({"length": "7"})), Some(Some(7)));
        assert_eq!(length(json!({"length": 7})), Some(Some(7)));
        assert_eq!(length(json!({"length": "x"})), None);
        assert_eq!(length(json!({"length": -2})), None);
        assert_eq!(length(json!({"lines": 2})), None);
        assert_eq!(length(json!(null)), None);
    }
}
