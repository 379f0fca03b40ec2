//! What hangs on a server: its edges to every noun it touches.

use async_graphql::ComplexObject;

use super::Server;
use crate::graph::compute::flavor::{ByName, Flavor};
use crate::graph::failure::{Answered, answered};
use crate::graph::noun::Noun;

#[ComplexObject]
impl Server {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// Its flavor as it is now; null when that was deleted.
    async fn flavor(&self) -> Answered<Flavor> {
        let name = self
            .row
            .flavor
            .as_ref()
            .and_then(|flavor| flavor.original_name.clone());
        let found = async {
            let Some(name) = name else { return Ok(None) };
            let row = self.scope.load::<ByName>(name).await?;
            Ok(row.map(|row| Flavor::new(&self.scope, &row)))
        };
        answered(found.await)
    }
}
