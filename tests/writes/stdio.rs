//! The program over stdio, whose callers may send files of its own machine.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{Made, World, text};

/// What stands for the data of an image.
pub(crate) const DATA: &[u8] = b"not a disk, but long enough for one\n";

pub(crate) struct OverStdio {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    asked: u64,
}

impl OverStdio {
    /// As the world's person, with a folder to take images from.
    pub(crate) fn start(world: &World, folder: &Path) -> Self {
        let mut process = world
            .program()
            .env("IMAGE_SOURCE_DIR", folder)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let input = process.stdin.take().expect("its input");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let mut program = Self {
            process,
            input,
            output,
            asked: 0,
        };
        let client = json!({
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "writes", "version": "1"},
        });
        program.ask("initialize", &client);
        program.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        program
    }

    /// The whole result of a tool call.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.ask("tools/call", &json!({"name": tool, "arguments": arguments}))
    }

    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.asked += 1;
        let message =
            json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": parameters});
        self.send(&message);
        let mut line = String::new();
        self.output.read_line(&mut line).expect("an answer");
        let mut answer: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("{method}: {line:?}"));
        assert_eq!(answer["id"], self.asked, "{answer:#}");
        answer["result"].take()
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.input, "{message}").expect("it reads");
    }
}

impl Drop for OverStdio {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An image that has data: its id, and what removes it.
pub(crate) fn image<'a>(world: &'a World, name: &str) -> (String, Made<'a>) {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("disk.raw"), DATA).expect("a file");
    let mut program = OverStdio::start(world, folder.path());
    let create = json!({
        "image_name": name, "action": "create", "disk_format": "raw", "source_file": "disk.raw",
    });
    let answer = program.call("manage_image", &create);
    assert_ne!(answer["isError"], true, "{answer:#}");
    let result = &answer["structuredContent"]["result"];
    let id = text(result, "/image/id");
    let made = world.made("image", format!("/images/{id}"));
    assert_eq!(result["image"]["status"], "ACTIVE", "{answer:#}");
    (id, made)
}
