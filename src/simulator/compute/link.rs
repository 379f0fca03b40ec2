//! Where things are found.

use serde::Serialize;
use url::form_urlencoded;

use super::Subject;
use super::query::Names;

/// A link of a row.
#[derive(Serialize)]
pub(super) struct Link {
    pub(super) rel: &'static str,
    pub(super) href: String,
}

impl Subject<'_> {
    /// The project, where the request's URL has it: links repeat it, wherever it stood.
    fn project_in_links(&self) -> String {
        let Some(project) = self.token.project.map(|id| id.to_string()) else {
            return String::new();
        };
        let mut values = self.call.query.pairs().map(|(_, value)| value);
        let is_named = self.call.path.contains(&project)
            || values.any(|value| value.contains(project.as_str()));
        if is_named {
            format!("/{project}")
        } else {
            String::new()
        }
    }

    /// What links to a collection's rows begin with: to the row itself, and to what it is for good.
    pub(super) fn link_roots(&self, collection: &str) -> (String, String) {
        let project = self.project_in_links();
        let root = &self.call.root;
        let version = self.call.path.first().map_or("v2.1", String::as_str);
        (
            format!("{root}/{version}{project}/{collection}/"),
            format!("{root}{project}/{collection}/"),
        )
    }

    pub(super) fn links(&self, collection: &str, id: &str) -> [Link; 2] {
        let (own, bookmark) = self.link_roots(collection);
        links(&own, &bookmark, id)
    }

    /// The link to the page behind a row. Of the query it repeats the names that are known.
    pub(super) fn next_link(&self, collection: &str, allowed: Names, last: &str) -> [Link; 1] {
        let (mut href, _) = self.link_roots(collection);
        href.pop();
        href.push('?');
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for (name, value) in self.call.query.pairs() {
            // Of those that repeat, the last one is kept.
            pairs.retain(|(is, _)| *is != name);
            if allowed.names.iter().any(|(known, _)| *known == name) {
                pairs.push((name, value));
            }
        }
        pairs.sort_unstable();
        match pairs.iter_mut().find(|(name, _)| *name == "marker") {
            Some(pair) => pair.1 = last,
            None => pairs.push(("marker", last)),
        }
        let start = href.len();
        let mut text = form_urlencoded::Serializer::for_suffix(href, start);
        text.extend_pairs(pairs);
        [Link {
            rel: "next",
            href: text.finish(),
        }]
    }
}

pub(super) fn links(own: &str, bookmark: &str, id: &str) -> [Link; 2] {
    [
        Link {
            rel: "self",
            href: [own, id].concat(),
        },
        Link {
            rel: "bookmark",
            href: [bookmark, id].concat(),
        },
    ]
}
