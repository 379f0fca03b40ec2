//! Projects, users, roles, the catalog.

use super::{Dice, Tenant};
use crate::Options;
use crate::service::{Service, region_name};
use crate::world::identity::{
    Actor, Assignment, DEFAULT_DOMAIN, Domain, Endpoint, Group, Identity, PASSWORD, Project, Role,
    ServiceRow, Target, User, people,
};
use crate::world::text::{PEOPLE, PROJECTS};
use crate::world::{Key, World};

/// The domain in which stacks keep their users, as Heat's documentation sets it up.
const STACK_DOMAIN: &str = "heat";

/// Fills the identity service and says whose projects there are: the admin's first, then
/// `project-1`, which the member and the reader are of.
pub(super) fn fill(world: &mut World, options: &Options, projects: usize) -> Vec<Tenant> {
    let World { identity, dice, .. } = world;
    let mut maker = Maker { dice, identity };
    maker.domains();
    let roles = maker.roles();
    maker.catalog(options.regions.max(1));
    let mut tenants = maker.tenants(projects, &roles);
    maker.people(&mut tenants, &roles);
    maker.service_users(&roles);
    tenants
}

struct Maker<'a> {
    dice: &'a mut Dice,
    identity: &'a mut Identity,
}

struct Roles {
    admin: Key,
    member: Key,
    reader: Key,
    service: Key,
}

impl Maker<'_> {
    fn domains(&mut self) {
        let stack_domain = self.dice.key().to_string();
        let domains = [
            (DEFAULT_DOMAIN.to_owned(), "Default", "The default domain"),
            (stack_domain, STACK_DOMAIN, "Stack projects and users"),
        ];
        for (id, name, description) in domains {
            let domain = Domain {
                id: id.clone(),
                name: name.to_owned(),
                description: description.to_owned(),
                enabled: true,
            };
            self.identity.domains.insert(id, domain);
        }
    }

    fn roles(&mut self) -> Roles {
        let mut made: Vec<Key> = Vec::new();
        // Each implies the one before it, as a deployment's bootstrap makes them.
        for name in ["reader", "member", "manager", "admin"] {
            let implies = made.last().copied().into_iter().collect();
            made.push(self.role(name, implies));
        }
        let service = self.role("service", Vec::new());
        self.role("heat_stack_user", Vec::new());
        Roles {
            reader: made[0],
            member: made[1],
            admin: made[3],
            service,
        }
    }

    fn role(&mut self, name: &str, implies: Vec<Key>) -> Key {
        let id = self.dice.key();
        let immutable = name != "heat_stack_user";
        let role = Role {
            id,
            name: name.to_owned(),
            description: None,
            implies,
            immutable,
        };
        self.identity.roles.insert(id, role);
        id
    }

    fn catalog(&mut self, regions: usize) {
        for service in Service::ALL {
            let id = self.dice.key();
            let row = ServiceRow {
                id,
                name: service.name().to_owned(),
                service_type: service.service_type().to_owned(),
                description: None,
                enabled: true,
            };
            self.identity.services.insert(id, row);
            for place in 0..regions {
                let region = region_name(place);
                // Identity spans the regions: it is the same one in each.
                let prefix = if place == 0 || service == Service::Identity {
                    String::new()
                } else {
                    format!("/{region}")
                };
                let path = format!(
                    "{prefix}/{}{}",
                    service.service_type(),
                    service.endpoint_path()
                );
                for interface in ["public", "internal", "admin"] {
                    let endpoint = Endpoint {
                        id: self.dice.key(),
                        service: id,
                        interface,
                        region: region.clone(),
                        path: path.clone(),
                        enabled: true,
                    };
                    self.identity.endpoints.insert(endpoint.id, endpoint);
                }
            }
        }
    }

    fn tenants(&mut self, number: usize, roles: &Roles) -> Vec<Tenant> {
        let mut tenants = vec![self.tenant("admin", "Runs the cloud")];
        for place in 1..=number {
            let words = PROJECTS[(place - 1) % PROJECTS.len()];
            let name = match place {
                1 => "project-1".to_owned(),
                _ if place <= PROJECTS.len() => words.to_owned(),
                _ => format!("{words}-{place}"),
            };
            let mut tenant = self.tenant(&name, &format!("Team {words}"));
            for user in 0..2 {
                let person = PEOPLE[(place * 2 + user) % PEOPLE.len()];
                let name = format!("{person}-{place}");
                let id = self.user(&name, Some(tenant.project));
                let role = if user == 0 {
                    roles.member
                } else {
                    roles.reader
                };
                self.assign(Actor::User(id), Target::Project(tenant.project), role);
                tenant.users.push((id, name));
            }
            tenants.push(tenant);
        }
        tenants
    }

    fn tenant(&mut self, name: &str, description: &str) -> Tenant {
        let project = self.project(name, description, DEFAULT_DOMAIN);
        let stack_domain = self.stack_domain();
        let stack_users = self.project(
            &format!("{project}-stacks"),
            "Heat stack user project",
            &stack_domain,
        );
        Tenant {
            project,
            name: name.to_owned(),
            users: Vec::new(),
            stack_users,
        }
    }

    fn stack_domain(&self) -> String {
        let domains = &self.identity.domains;
        domains
            .get_index(1)
            .map(|(id, _)| id.clone())
            .unwrap_or_default()
    }

    fn project(&mut self, name: &str, description: &str, domain: &str) -> Key {
        let id = self.dice.key();
        let project = Project {
            id,
            name: name.to_owned(),
            domain: domain.to_owned(),
            description: description.to_owned(),
            enabled: true,
            parent: domain.to_owned(),
            tags: Vec::new(),
        };
        self.identity.projects.insert(id, project);
        id
    }

    fn user(&mut self, name: &str, default_project: Option<Key>) -> Key {
        let id = self.dice.key();
        let user = User {
            id,
            name: name.to_owned(),
            domain: DEFAULT_DOMAIN.to_owned(),
            email: Some(format!("{name}@example.com")),
            description: None,
            enabled: true,
            default_project,
            password: PASSWORD.to_owned(),
        };
        self.identity.users.insert(id, user);
        id
    }

    fn assign(&mut self, actor: Actor, target: Target, role: Key) {
        self.identity.assignments.push(Assignment {
            actor,
            target,
            role,
            inherited: false,
        });
    }

    /// Those who can log in, a group, and a user who no longer may.
    fn people(&mut self, tenants: &mut [Tenant], roles: &Roles) {
        let mut ids = Vec::new();
        for person in people() {
            let mut named = tenants.iter_mut();
            let Some(tenant) = named.find(|tenant| tenant.name == person.project) else {
                continue;
            };
            let project = tenant.project;
            let id = self.user(person.user, Some(project));
            tenant.users.push((id, person.user.to_owned()));
            let role = match person.role {
                "admin" => roles.admin,
                "member" => roles.member,
                _ => roles.reader,
            };
            self.assign(Actor::User(id), Target::Project(project), role);
            if person.role == "admin" {
                self.assign(Actor::User(id), Target::System, roles.admin);
            }
            ids.push(id);
        }
        let group = Group {
            id: self.dice.key(),
            name: "operators".to_owned(),
            domain: DEFAULT_DOMAIN.to_owned(),
            description: "Reads everything".to_owned(),
            members: ids.last().copied().into_iter().collect(),
        };
        let id = group.id;
        self.identity.groups.insert(id, group);
        self.assign(
            Actor::Group(id),
            Target::Domain(DEFAULT_DOMAIN.to_owned()),
            roles.reader,
        );
        self.assign(
            Actor::Group(id),
            Target::Project(tenants[0].project),
            roles.reader,
        );
        let gone = self.user("zoe-left", None);
        if let Some(user) = self.identity.users.get_mut(&gone) {
            user.enabled = false;
            user.email = None;
            user.description = Some("Left the company — Zugang gesperrt".to_owned());
        }
    }

    fn service_users(&mut self, roles: &Roles) {
        let project = self.project("service", "Users of the services", DEFAULT_DOMAIN);
        for service in Service::ALL {
            if service == Service::Identity {
                continue;
            }
            let id = self.user(service.name(), None);
            self.assign(Actor::User(id), Target::Project(project), roles.service);
            self.assign(Actor::User(id), Target::Project(project), roles.admin);
        }
    }
}
