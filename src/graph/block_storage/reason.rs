//! Why Cinder did not do what it had accepted.

use crate::Error;
use crate::cloud::Written;
use crate::graph::mutation::Done;
use crate::graph::scope::Scope;

/// Adds what Cinder tells users of the request to what went wrong with it.
pub(super) async fn with_reason<T>(
    scope: &Scope,
    id: &str,
    written: &Written,
    mut done: Done<T>,
) -> Done<T> {
    for error in &mut done.unmet {
        if let Error::Failed { message, .. } = error
            && let Some(reason) = reason(scope, id, written).await
        {
            message.push_str(": ");
            message.push_str(&reason);
        }
    }
    done
}

/// What Cinder says of it: of the request at hand where it tells.
async fn reason(scope: &Scope, id: &str, written: &Written) -> Option<String> {
    let messages = scope.cloud().list_volume_messages(id).await.ok()?;
    let of_request =
        |request: &Option<String>| written.request_id.is_some() && *request == written.request_id;
    let told = messages
        .iter()
        .filter(|message| of_request(&message.request_id));
    let latest = told.max_by(|one, other| one.created_at.cmp(&other.created_at));
    latest?.user_message.clone()
}
