//! `health`: is the server of this configuration there? For containers, which have nothing else to
//! ask it with.

use std::net::IpAddr;
use std::time::Duration;

use http::header::HOST;

use crate::cloud::connection_reason;
use crate::config::HttpSettings;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the server for `/healthz`, where it listens; answers with the URL that was asked.
///
/// # Errors
/// In words, why it is not well.
pub async fn ask(settings: &HttpSettings) -> Result<String, String> {
    let url = url(settings);
    // Whatever proxy is configured leads to the cloud, and not back here.
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .map_err(|error| error.to_string())?;
    // A name that is listened on is not always one that is answered to.
    let asked = client.get(&url).header(HOST, "localhost").send().await;
    let response = asked.map_err(|error| format!("{url}: {}", connection_reason(&error)))?;
    let status = response.status();
    if status.is_success() {
        Ok(url)
    } else {
        Err(format!("{url}: it answered {status}"))
    }
}

/// Who listens on all addresses is found on the loopback one.
fn url(settings: &HttpSettings) -> String {
    let HttpSettings { host, port, .. } = settings;
    let host = host.trim_matches(['[', ']']);
    let host = match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) if address.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(address)) if address.is_unspecified() => "[::1]".to_owned(),
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        Ok(IpAddr::V4(_)) | Err(_) => host.to_owned(),
    };
    format!("http://{host}:{port}/healthz")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RemoteAuth;

    #[test]
    fn the_server_is_asked_where_it_can_be_reached() {
        for (host, expected) in [
            ("127.0.0.1", "http://127.0.0.1:8080/healthz"),
            ("0.0.0.0", "http://127.0.0.1:8080/healthz"),
            ("::", "http://[::1]:8080/healthz"),
            ("[::]", "http://[::1]:8080/healthz"),
            ("fd00::1", "http://[fd00::1]:8080/healthz"),
            ("ops.example", "http://ops.example:8080/healthz"),
        ] {
            let settings = HttpSettings {
                host: host.to_owned(),
                port: 8080,
                auth: RemoteAuth::Off,
                allowed_hosts: Vec::new(),
                allowed_origins: Vec::new(),
            };
            assert_eq!(url(&settings), expected);
        }
    }
}
