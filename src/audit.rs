//! What was changed, by whom, and what became of it: a line of JSON for each.
//!
//! Every mutation that is sent leaves exactly one `outcome` line, refused or not. One that is about
//! to reach OpenStack leaves an `intent` line with the same id first, so that a server that dies in
//! its midst leaves a trace. Lines go to the log and, where one is configured, to a file that is
//! appended to, flushed with each line, and opened again when it was moved away.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{SecondsFormat, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::policy::Rule;
use crate::{Error, Result};

/// Where lines go.
#[derive(Debug, Default)]
pub struct Audit {
    file: Option<LogFile>,
}

#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    file: Mutex<File>,
}

/// Which door a request came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    /// MCP over stdio.
    Stdio,
    /// MCP over HTTP.
    Mcp,
    /// GraphQL over HTTP.
    Graphql,
}

/// What is known of a mutation before anything is done about it.
#[derive(Clone, Debug, Serialize)]
pub struct Deed {
    /// Joins the lines of one mutation.
    pub id: String,
    /// Who asked: `local`, `anonymous`, `secret`, `jwt:<subject>`.
    pub caller: String,
    /// Through which door.
    pub door: Door,
    /// The MCP tool, when one was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The operation's name, when it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The mutation.
    pub mutation: String,
    /// Its arguments, without secrets.
    pub variables: Value,
    /// Whether the policy lets it happen.
    pub decision: &'static str,
    /// What decided.
    pub rule: &'static str,
    /// Whether it only asked what would be done.
    pub dry_run: bool,
    /// How confirmation was had, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<&'static str>,
}

/// What became of a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The policy forbids it; nothing was sent.
    Refused,
    /// The document is not valid or was not executed as far as this; nothing was sent.
    NotRun,
    /// It was said what would be done; nothing was sent.
    DryRun,
    /// It was done, or accepted where nobody waited for it.
    Done,
    /// It was not done, or did not come to a good end.
    Failed,
    /// The answer was lost: it may have been done.
    Unknown,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    event: &'static str,
    #[serde(flatten)]
    deed: &'a Deed,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    request_ids: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl Audit {
    /// Lines go to the log alone, or to this file too.
    ///
    /// # Errors
    /// When the file cannot be opened: nothing is to be changed unseen.
    pub fn new(path: Option<&Path>) -> Result<Self> {
        let open = |path: &Path| -> Result<LogFile> {
            let file = append(path).map_err(|error| {
                Error::Configuration(format!(
                    "AUDIT_LOG {} cannot be opened: {error}",
                    path.display()
                ))
            })?;
            Ok(LogFile {
                path: path.to_owned(),
                file: Mutex::new(file),
            })
        };
        Ok(Self {
            file: path.map(open).transpose()?,
        })
    }

    /// Opens the file again: whoever rotates logs has moved it away.
    pub fn reopen(&self) {
        let Some(log) = &self.file else { return };
        match append(&log.path) {
            Ok(file) => *lock(&log.file) = file,
            Err(error) => tracing::error!(
                "AUDIT_LOG {} cannot be opened again: {error}; the old file is still written to",
                log.path.display()
            ),
        }
    }

    /// A change is about to be sent.
    pub fn intent(&self, deed: &Deed) {
        self.write(&Line {
            time: now(),
            event: "intent",
            deed,
            request_ids: &[],
            outcome: None,
            error: None,
        });
    }

    /// What became of it, with OpenStack's ids for what was sent.
    pub fn outcome(
        &self,
        deed: &Deed,
        outcome: Outcome,
        request_ids: &[String],
        error: Option<&str>,
    ) {
        self.write(&Line {
            time: now(),
            event: "outcome",
            deed,
            request_ids,
            outcome: Some(outcome),
            error,
        });
    }

    fn write(&self, line: &Line<'_>) {
        let mut text = match serde_json::to_string(line) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(%error, "a line of the audit could not be written; this is a bug");
                return;
            }
        };
        tracing::info!(target: "audit", "{text}");
        let Some(log) = &self.file else { return };
        text.push('\n');
        let mut file = lock(&log.file);
        // One write for a line, so that lines of several processes do not mix.
        let written = file.write_all(text.as_bytes()).and_then(|()| file.flush());
        if let Err(error) = written {
            tracing::error!(
                "AUDIT_LOG {} cannot be written: {error}",
                log.path.display()
            );
        }
    }
}

impl Deed {
    /// Says what decided about it.
    pub fn decided(&mut self, rule: Rule) {
        self.rule = rule.name();
        self.decision = if rule == Rule::Allowed {
            "allow"
        } else {
            "deny"
        };
    }
}

/// The mutations of one operation, each with its outcome line written or still owed.
#[derive(Debug)]
pub struct Ledger {
    audit: Arc<Audit>,
    owed: Mutex<Vec<(String, Deed)>>,
}

impl Ledger {
    /// Of deeds by their keys in the response.
    #[must_use]
    pub fn new(audit: Arc<Audit>, deeds: Vec<(String, Deed)>) -> Self {
        Self {
            audit,
            owed: Mutex::new(deeds),
        }
    }

    /// The deed under a key is about to be sent.
    pub fn intend(&self, key: &str) {
        let owed = lock(&self.owed);
        if let Some((_, deed)) = owed.iter().find(|(owed, _)| owed == key) {
            self.audit.intent(deed);
        }
    }

    /// What became of the deed under a key; said once.
    pub fn close(&self, key: &str, outcome: Outcome, request_ids: &[String], error: Option<&str>) {
        let mut owed = lock(&self.owed);
        if let Some(place) = owed.iter().position(|(owed, _)| owed == key) {
            let (_, deed) = owed.remove(place);
            self.audit.outcome(&deed, outcome, request_ids, error);
        }
    }

    /// What became of all that nothing was said of yet.
    pub fn close_rest(&self, outcome: Outcome, error: Option<&str>) {
        for (_, deed) in lock(&self.owed).drain(..) {
            self.audit.outcome(&deed, outcome, &[], error);
        }
    }
}

impl Drop for Ledger {
    /// An operation that was ended in its midst.
    fn drop(&mut self) {
        self.close_rest(
            Outcome::Unknown,
            Some("the operation was ended in its midst"),
        );
    }
}

fn append(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(mutation: &str) -> Deed {
        Deed {
            id: "1".to_owned(),
            caller: "local".to_owned(),
            door: Door::Stdio,
            tool: None,
            operation: None,
            mutation: mutation.to_owned(),
            variables: Value::Null,
            decision: "allow",
            rule: Rule::Allowed.name(),
            dry_run: false,
            confirmation: None,
        }
    }

    fn lines(path: &Path) -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn each_deed_has_one_outcome() {
        let folder = std::env::temp_dir().join(format!("audit-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("audit.jsonl");
        let audit = Arc::new(Audit::new(Some(&path)).unwrap());
        let deeds = ["serverStop", "serverStart", "serverPause"];
        let deeds = deeds.map(|name| (name.to_owned(), deed(name)));
        let ledger = Ledger::new(Arc::clone(&audit), deeds.to_vec());
        ledger.intend("serverStop");
        ledger.close("serverStop", Outcome::Done, &["req-1".to_owned()], None);
        ledger.close("serverStop", Outcome::Failed, &[], None);
        ledger.close_rest(Outcome::NotRun, Some("why"));
        drop(ledger);
        let told: Vec<String> = lines(&path)
            .iter()
            .map(|line| {
                format!(
                    "{} {} {}",
                    line["event"].as_str().unwrap(),
                    line["mutation"].as_str().unwrap(),
                    line["outcome"].as_str().unwrap_or("-")
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "intent serverStop -",
                "outcome serverStop done",
                "outcome serverStart not_run",
                "outcome serverPause not_run",
            ]
        );
        std::fs::rename(&path, folder.join("old")).unwrap();
        audit.reopen();
        audit.intent(&deed("serverStop"));
        assert_eq!(lines(&path).len(), 1);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_refused_by_name() {
        let error = Audit::new(Some(Path::new("/nowhere/audit.jsonl"))).unwrap_err();
        assert!(error.to_string().contains("AUDIT_LOG /nowhere"), "{error}");
    }
}
