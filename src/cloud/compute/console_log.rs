//! What a server wrote to its console: `POST /servers/{id}/action` with `os-getConsoleOutput`.

use serde::Deserialize;
use serde_json::json;

use crate::Result;
use crate::cloud::collection::escape;
use crate::cloud::{Cloud, Service};

#[derive(Deserialize)]
struct ConsoleOutput {
    output: Option<String>,
}

impl Cloud {
    /// The last `lines` lines of a server's console, or all that is kept of it; never cached.
    /// 404 when there is no such server or console, 409 while the server has no host.
    pub async fn get_console_log(
        &self,
        server_id: &str,
        lines: Option<u32>,
    ) -> Result<Option<String>> {
        let path = format!("/servers/{}/action", escape(server_id));
        let arguments = match lines {
            Some(lines) => json!({ "length": lines }),
            None => json!({}),
        };
        let body = json!({ "os-getConsoleOutput": arguments });
        let console: ConsoleOutput = self.post_read(Service::Compute, &path, body).await?;
        Ok(console.output)
    }
}
