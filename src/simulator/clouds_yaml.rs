//! The clouds.yaml of a simulation.

use std::fmt::Write;

use crate::Options;
use crate::service::region_name;
use crate::world::identity::people;

/// An entry for each of those who can log in, for each region by name.
pub(crate) fn text(url: &str, options: &Options) -> String {
    let regions: Vec<String> = (0..options.regions.max(1)).map(region_name).collect();
    let mut text = String::from("# Written by the simulation.\nclouds:\n");
    for person in people() {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "  {cloud}:\n    auth:\n      auth_url: {url}/identity/v3\n      username: {user}\n      \
             password: {password}\n      project_name: {project}\n      \
             user_domain_id: default\n      project_domain_id: default\n",
            cloud = person.cloud,
            user = person.user,
            password = person.password,
            project = person.project,
        );
        match regions.as_slice() {
            [region] => {
                let _ = writeln!(text, "    region_name: {region}");
            }
            several => {
                text += "    regions:\n";
                for region in several {
                    let _ = writeln!(text, "      - {region}");
                }
            }
        }
    }
    text
}
