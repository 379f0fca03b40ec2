//! That nothing which changes a cloud goes untried.

use std::path::Path;

/// The scenarios, as they are written.
const SCENARIOS: [&str; 9] = [
    include_str!("images.rs"),
    include_str!("network.rs"),
    include_str!("network_updates.rs"),
    include_str!("quotas.rs"),
    include_str!("reached.rs"),
    include_str!("refusals.rs"),
    include_str!("servers.rs"),
    include_str!("stacks.rs"),
    include_str!("storage.rs"),
];

const SCHEMA: &str = include_str!("../../schema/schema.graphql");

/// Every mutation, and every action of every tool that modifies, is named in a scenario.
pub(crate) fn nothing_is_forgotten() {
    let mut missing: Vec<String> = mutations()
        .into_iter()
        .filter(|name| !SCENARIOS.iter().any(|text| names(text, name)))
        .map(|name| format!("the mutation {name}"))
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/operations");
    for entry in std::fs::read_dir(folder).expect("the operations") {
        let path = entry.expect("a file").path();
        let tool = path.file_stem().and_then(|stem| stem.to_str());
        let Some(tool) = tool.filter(|tool| tool.starts_with("manage_")) else {
            continue;
        };
        let document = std::fs::read_to_string(&path).expect("a document");
        let actions = document.lines().filter_map(operation);
        let untried = actions.filter(|action| !is_tried(tool, action));
        missing.extend(untried.map(|action| format!("{action} of the tool {tool}")));
    }
    assert!(missing.is_empty(), "no scenario has: {missing:#?}");
}

/// The names of the fields of `Mutation`.
fn mutations() -> Vec<&'static str> {
    let (_, rest) = SCHEMA.split_once("\ntype Mutation {\n").expect("mutations");
    let (fields, _) = rest.split_once("\n}\n").expect("an end");
    let lines = fields.lines().filter_map(|line| line.strip_prefix('\t'));
    let names = lines.filter_map(|line| {
        let (name, _) = line.split_once('(')?;
        let is_name = name.chars().all(|letter| letter.is_ascii_alphanumeric());
        (is_name && name.starts_with(|first: char| first.is_ascii_lowercase())).then_some(name)
    });
    let names: Vec<_> = names.collect();
    assert!(names.len() > 60, "{names:?}");
    names
}

/// Whether a text has a name, and not only as a part of another one.
fn names(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(place, _)| {
        let is_part = |letter: Option<char>| letter.is_some_and(|it| it.is_ascii_alphanumeric());
        let before = text[..place].chars().next_back();
        let after = text[place + name.len()..].chars().next();
        !is_part(before) && !is_part(after)
    })
}

/// The operation that a line of a document begins.
fn operation(line: &str) -> Option<&str> {
    let rest = line
        .strip_prefix("mutation ")
        .or_else(|| line.strip_prefix("query "))?;
    let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric())?;
    Some(&rest[..end])
}

/// Whether one function names both a tool and its action.
fn is_tried(tool: &str, action: &str) -> bool {
    let mut functions = SCENARIOS.iter().flat_map(|text| text.split("\nfn "));
    let (tool, action) = (format!("\"{tool}\""), format!("\"{action}\""));
    functions.any(|function| function.contains(&tool) && function.contains(&action))
}
