//! What Cinder tells users of what went wrong: `GET /messages`.

use std::sync::Arc;

use serde::Deserialize;

use crate::Result;
use crate::cloud::{Cloud, Keep, Microversion, Parameter, Service};

/// 3.3 brings messages, 3.5 their filters.
const MESSAGES: Microversion = Microversion(3, 5);

/// Something that a user was told.
#[derive(Debug, Deserialize)]
pub struct Message {
    /// In words.
    pub user_message: Option<String>,
    /// The request that it is about.
    pub request_id: Option<String>,
    /// When.
    pub created_at: Option<String>,
}

impl Cloud {
    /// What users were told of a volume or a snapshot, in no order.
    pub async fn list_volume_messages(&self, id: &str) -> Result<Arc<Vec<Message>>> {
        let query: [Parameter; 1] = [("resource_uuid".into(), id.to_owned())];
        let version = Some(MESSAGES);
        self.get_key(
            Service::BlockStorage,
            "/messages",
            "messages",
            &query,
            version,
            Keep::Never,
        )
        .await
    }
}
