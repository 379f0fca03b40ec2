//! Compute services: the processes of Nova.

use std::cmp::Ordering;
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, SimpleObject};

use super::aggregate::{AggregatesOfHost, HostAggregate};
use super::availability_zone::AvailabilityZone;
use super::hypervisor::{Hypervisor, HypervisorsOfHost};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::compute::{self, COMPUTE_SERVICES};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::noun::{
    ById, IdShape, Noun, Pushed, by_maybe_id, contains, nested, root_fields, unset_or,
};
use crate::graph::scalar::{DateTime, open_enum};
use crate::graph::scope::Scope;

/// A process of Nova that reports to its database: a compute host's, a scheduler, a conductor.
/// From `GET /os-services` (2.69); administrators only.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ComputeService {
    /// Nova's id; `binary@host` while a cell that is down hides it.
    id: ID,
    /// What runs: `nova-compute`, `nova-scheduler`, `nova-conductor`.
    binary: String,
    /// The host it runs on.
    host: String,
    /// The name of its host's availability zone; `internal` for all but compute hosts.
    availability_zone_name: Option<String>,
    /// Whether it may be given work; unknown in a cell that is down.
    status: Option<ComputeServiceStatus>,
    /// Whether it reports; null in a cell that is down.
    state: Option<ComputeServiceState>,
    /// When it last reported.
    updated_at: Option<DateTime>,
    /// Why it was disabled; null when it is not, or nobody said.
    disabled_reason: Option<String>,
    /// Whether an administrator declared it down, as before an evacuation.
    is_forced_down: Option<bool>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl ComputeService {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// Its host's availability zone.
    async fn availability_zone(&self) -> Answered<AvailabilityZone> {
        answered(by_maybe_id(&self.scope, self.availability_zone_name.as_deref()).await)
    }

    /// The hypervisor it drives; null when it drives none, or, with bare metal, several.
    async fn hypervisor(&self) -> Answered<Hypervisor> {
        let rows = self.driven().await.map(|rows| match rows.as_slice() {
            [row] => Some(Hypervisor::new(&self.scope, row)),
            _ => None,
        });
        answered(rows)
    }

    /// The hypervisors it drives: one, or, with bare metal, several.
    async fn hypervisors(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Hypervisor>> {
        let found = async { nested(&self.scope, &self.driven().await?, first).await };
        certain(found.await)
    }

    /// The host aggregates that its host is in.
    async fn host_aggregates(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<HostAggregate>> {
        let found = async {
            let rows = self.scope.load::<AggregatesOfHost>(self.host.clone());
            nested(&self.scope, &rows.await?.unwrap_or_default(), first).await
        };
        certain(found.await)
    }
}

impl ComputeService {
    async fn driven(&self) -> Result<Vec<Arc<compute::Hypervisor>>> {
        let rows = self.scope.load::<HypervisorsOfHost>(self.host.clone());
        let mut rows = rows.await?.unwrap_or_default();
        // A scheduler may share its host with a compute service.
        rows.retain(|row| row.service_id() == Some(self.id.as_str()));
        Ok(rows)
    }
}

open_enum! {
    /// Whether a compute service may be given work.
    ComputeServiceStatus {
        /// It may.
        Enabled = "enabled",
        /// It may not.
        Disabled = "disabled",
    }
}

open_enum! {
    /// Whether a compute service reports.
    ComputeServiceState {
        /// It does.
        Up = "up",
        /// It has not for a minute or more, or was declared down.
        Down = "down",
    }
}

/// Which compute services.
#[derive(InputObject, Default)]
pub struct ComputeServiceFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// Of this binary, as `nova-compute`.
    binary: Option<String>,
    /// On this host.
    host: Option<String>,
    /// The host contains this, whatever the case.
    host_contains: Option<String>,
    /// In the availability zone of this name.
    availability_zone: Option<String>,
    /// Open for work, or not.
    status: Option<ComputeServiceStatus>,
    /// Reporting, or not.
    state: Option<ComputeServiceState>,
}

/// What compute services can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ComputeServiceOrderField {
    /// The binary.
    Binary,
    /// The host.
    Host,
    /// When they last reported.
    UpdatedAt,
}

impl Node for ComputeService {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for ComputeService {
    type Row = compute::ComputeService;
    type Filter = ComputeServiceFilter;
    type Order = ComputeServiceOrderField;

    const KIND: &'static str = "ComputeService";
    const LIST: &'static str = "computeServices";
    const COLLECTION: &'static Collection<compute::ComputeService> = COMPUTE_SERVICES;
    const REACH: Reach = Reach::Cloud;
    const ID: IdShape = IdShape::Any;

    fn new(scope: &Scope, row: &Arc<compute::ComputeService>) -> Self {
        Self {
            id: ID::from(&row.id),
            binary: row.binary.clone(),
            host: row.host.clone(),
            availability_zone_name: row.zone.clone(),
            status: row.status.as_deref().map(ComputeServiceStatus::read),
            state: row.state.as_deref().map(ComputeServiceState::read),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            disabled_reason: row.disabled_reason.clone(),
            is_forced_down: row.forced_down,
            scope: scope.clone(),
        }
    }

    fn name(row: &compute::ComputeService) -> Option<&str> {
        Some(&row.host)
    }

    fn keeps(filter: &ComputeServiceFilter, row: &compute::ComputeService) -> bool {
        unset_or(filter.ids.as_ref(), |ids| {
            ids.iter().any(|id| **id == row.id)
        }) && unset_or(filter.binary.as_ref(), |binary| *binary == row.binary)
            && unset_or(filter.host.as_ref(), |host| *host == row.host)
            && unset_or(filter.host_contains.as_ref(), |part| {
                contains(Some(&row.host), part)
            })
            && unset_or(filter.availability_zone.as_ref(), |zone| {
                row.zone.as_ref() == Some(zone)
            })
            && unset_or(filter.status.as_ref(), |status| {
                row.status.as_deref().map(ComputeServiceStatus::read) == Some(*status)
            })
            && unset_or(filter.state.as_ref(), |state| {
                row.state.as_deref().map(ComputeServiceState::read) == Some(*state)
            })
    }

    fn compare(
        order: ComputeServiceOrderField,
        one: &compute::ComputeService,
        other: &compute::ComputeService,
    ) -> Ordering {
        match order {
            ComputeServiceOrderField::Binary => one.binary.cmp(&other.binary),
            ComputeServiceOrderField::Host => one.host.cmp(&other.host),
            ComputeServiceOrderField::UpdatedAt => one.updated_at.cmp(&other.updated_at),
        }
    }

    fn push(filter: &ComputeServiceFilter) -> Pushed {
        let mut query = Vec::new();
        if let Some(binary) = &filter.binary {
            query.push(("binary".into(), binary.clone()));
        }
        if let Some(host) = &filter.host {
            query.push(("host".into(), host.clone()));
        }
        Pushed {
            query,
            is_whole: false,
        }
    }
}

root_fields! {
    ComputeServiceQuery for ComputeService,
    /// One compute service: by its id, or by its host where only one runs there.
    one: compute_service,
    /// The processes of Nova; administrators only.
    many: compute_services,
    filter: ComputeServiceFilter, order: ComputeServiceOrderField
}

/// Compute services by id, listed once.
pub type ServiceById = ById<ComputeService>;
