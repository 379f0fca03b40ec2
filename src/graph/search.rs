//! Search: where in the cloud is this name, id or address?

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use futures_util::future::{BoxFuture, join_all};

use super::block_storage::snapshot::VolumeSnapshot;
use super::block_storage::volume::Volume;
use super::compute::flavor::Flavor;
use super::compute::hypervisor::Hypervisor;
use super::compute::server::Server;
use super::failure::{Answered, certain};
use super::identity::project::Project;
use super::identity::user::User;
use super::image::image::Image;
use super::network::floating_ip::FloatingIp;
use super::network::network::Network;
use super::network::port::Port;
use super::network::router::Router;
use super::network::security_group::SecurityGroup;
use super::network::subnet::Subnet;
use super::noun::{Noun, contains};
use super::orchestration::stack::Stack;
use super::scope::{CloudRef, Scope};
use crate::cloud::Text;
use crate::cloud::collection::Row;
use crate::{Error, Result};

/// The root field of the search.
#[derive(Default)]
pub struct SearchQuery(pub CloudRef);

#[Object]
impl SearchQuery {
    /// Everything whose id is the term, or whose name or address contains it, whatever the case.
    /// What could not be searched is an error beside what was found.
    async fn search(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The name, the id, the address, or a part of the name or address.")]
        term: String,
        #[graphql(desc = "Only these kinds; all of them unless given.")] kinds: Option<
            Vec<SearchKind>,
        >,
        #[graphql(desc = "How many finds of each kind: 20 unless said otherwise.")] first: Option<
            i32,
        >,
    ) -> Answered<SearchResult> {
        let asked = async {
            let scope = self.0.scope(context)?;
            let term = term.trim().to_owned();
            if term.is_empty() {
                return Err(Error::BadInput(
                    "term: an empty text is everywhere".to_owned(),
                ));
            }
            let first = usize::try_from(first.unwrap_or(20))
                .map_err(|_| Error::BadInput("first: less than none cannot be had".to_owned()))?;
            scope.token().await?;
            Ok(search(&scope, &term, kinds, first).await)
        };
        certain(asked.await)
    }
}

/// What a search found.
#[derive(SimpleObject)]
pub struct SearchResult {
    /// How much was found in all.
    total_count: i32,
    /// What was found: exact matches first.
    hits: Vec<SearchHit>,
    /// The kinds of which there is more than was asked for.
    cut_kinds: Vec<SearchKind>,
}

/// Something that was found.
#[derive(SimpleObject, Clone)]
pub struct SearchHit {
    /// What it is; the field of that name has all of it.
    kind: SearchKind,
    /// Its id.
    id: ID,
    /// Its name, or its address.
    name: Option<String>,
    /// The project it belongs to.
    project_id: Option<ID>,
    /// What matched.
    matched: String,
    /// Whether the whole of it matched, rather than a part.
    is_exact: bool,
    /// The cloud it is of.
    cloud_name: String,
}

/// What can be searched for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SearchKind {
    /// Servers, by name and address.
    Server,
    /// Volumes.
    Volume,
    /// Snapshots of volumes.
    VolumeSnapshot,
    /// Images.
    Image,
    /// Networks.
    Network,
    /// Subnets, by name and CIDR.
    Subnet,
    /// Ports, by name, address and MAC address.
    Port,
    /// Routers.
    Router,
    /// Floating IPs, by address.
    FloatingIp,
    /// Security groups.
    SecurityGroup,
    /// Stacks.
    Stack,
    /// Flavors.
    Flavor,
    /// Hypervisors; administrators only.
    Hypervisor,
    /// Projects.
    Project,
    /// Users; administrators only.
    User,
}

impl SearchKind {
    const ALL: [Self; 15] = [
        Self::Server,
        Self::Volume,
        Self::VolumeSnapshot,
        Self::Image,
        Self::Network,
        Self::Subnet,
        Self::Port,
        Self::Router,
        Self::FloatingIp,
        Self::SecurityGroup,
        Self::Stack,
        Self::Flavor,
        Self::Hypervisor,
        Self::Project,
        Self::User,
    ];
}

type Hits = BoxFuture<'static, Result<Vec<SearchHit>>>;

async fn search(
    scope: &Scope,
    term: &str,
    kinds: Option<Vec<SearchKind>>,
    first: usize,
) -> SearchResult {
    let kinds = kinds.unwrap_or_else(|| SearchKind::ALL.to_vec());
    let found = join_all(kinds.iter().map(|kind| hits_of(scope, *kind, term))).await;
    let mut result = SearchResult {
        total_count: 0,
        hits: Vec::new(),
        cut_kinds: Vec::new(),
    };
    for (kind, hits) in kinds.into_iter().zip(found) {
        match hits {
            Ok(mut hits) => {
                let count = i32::try_from(hits.len()).unwrap_or(i32::MAX);
                result.total_count = result.total_count.saturating_add(count);
                hits.sort_by_key(|hit| !hit.is_exact);
                if hits.len() > first {
                    hits.truncate(first);
                    result.cut_kinds.push(kind);
                }
                result.hits.extend(hits);
            }
            // Who may not list hypervisors or users has none to find.
            Err(error) if error.is_forbidden() => {}
            Err(Error::ServiceAbsent { service, .. }) if !service.is_essential() => {}
            Err(error) => scope.report(error),
        }
    }
    result.hits.sort_by_key(|hit| !hit.is_exact);
    result
}

fn hits_of(scope: &Scope, kind: SearchKind, term: &str) -> Hits {
    match kind {
        SearchKind::Server => hits::<Server>(scope, kind, term, |row| {
            row.addresses
                .values()
                .flatten()
                .map(|address| address.addr.to_string())
                .collect()
        }),
        SearchKind::Volume => hits::<Volume>(scope, kind, term, |_| Vec::new()),
        SearchKind::VolumeSnapshot => hits::<VolumeSnapshot>(scope, kind, term, |_| Vec::new()),
        SearchKind::Image => hits::<Image>(scope, kind, term, |_| Vec::new()),
        SearchKind::Network => hits::<Network>(scope, kind, term, |_| Vec::new()),
        SearchKind::Subnet => {
            hits::<Subnet>(scope, kind, term, |row| row.cidr.iter().cloned().collect())
        }
        SearchKind::Port => hits::<Port>(scope, kind, term, |row| {
            let addresses = row
                .fixed_ips
                .iter()
                .filter_map(|fixed| fixed.ip_address.as_ref());
            addresses
                .chain(&row.mac_address)
                .map(Text::to_string)
                .collect()
        }),
        SearchKind::Router => hits::<Router>(scope, kind, term, |_| Vec::new()),
        SearchKind::FloatingIp => hits::<FloatingIp>(scope, kind, term, |row| {
            row.floating_ip_address
                .iter()
                .chain(&row.fixed_ip_address)
                .map(Text::to_string)
                .collect()
        }),
        SearchKind::SecurityGroup => hits::<SecurityGroup>(scope, kind, term, |_| Vec::new()),
        SearchKind::Stack => hits::<Stack>(scope, kind, term, |_| Vec::new()),
        SearchKind::Flavor => hits::<Flavor>(scope, kind, term, |_| Vec::new()),
        SearchKind::Hypervisor => hits::<Hypervisor>(scope, kind, term, |_| Vec::new()),
        SearchKind::Project => hits::<Project>(scope, kind, term, |_| Vec::new()),
        SearchKind::User => hits::<User>(scope, kind, term, |_| Vec::new()),
    }
}

/// The finds of one noun, over all its rows.
fn hits<N: Noun>(
    scope: &Scope,
    kind: SearchKind,
    term: &str,
    others: fn(&N::Row) -> Vec<String>,
) -> Hits {
    let (scope, term) = (scope.clone(), term.to_owned());
    Box::pin(async move {
        let rows = N::all(scope.cloud(), Vec::new()).await?;
        let found = rows.iter().filter_map(|row| {
            let matched = matched::<N>(row, &term, others)?;
            let name = N::name(row).map(str::to_owned);
            Some(SearchHit {
                kind,
                id: ID::from(row.id()),
                is_exact: matched.eq_ignore_ascii_case(&term),
                name: name.or_else(|| others(row).into_iter().next()),
                project_id: N::project(row).map(ID::from),
                matched,
                cloud_name: scope.cloud_name(),
            })
        });
        Ok(found.collect())
    })
}

fn matched<N: Noun>(
    row: &Arc<N::Row>,
    term: &str,
    others: fn(&N::Row) -> Vec<String>,
) -> Option<String> {
    if row.id() == term {
        return Some(term.to_owned());
    }
    let name = N::name(row)
        .filter(|name| contains(Some(name), term))
        .map(str::to_owned);
    name.or_else(|| {
        others(row)
            .into_iter()
            .find(|text| contains(Some(text), term))
    })
}
