//! What knows of what: the `use` lines say it.

use std::path::{Path, PathBuf};

/// Each layer, and what none of its files may name.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "cloud",
        &[
            "crate::graph",
            "crate::mcp",
            "crate::http",
            "crate::auth",
            "async_graphql",
            "rmcp",
            "axum",
        ],
    ),
    (
        "graph",
        &[
            "crate::mcp",
            "crate::http",
            "reqwest",
            "rmcp",
            "axum",
            "http::",
        ],
    ),
    (
        "mcp",
        &["crate::cloud", "crate::http", "crate::config", "reqwest"],
    ),
    (
        "config",
        &[
            "crate::graph",
            "crate::mcp",
            "crate::http",
            "async_graphql",
            "axum",
        ],
    ),
];

#[test]
fn no_layer_names_what_it_may_not_know() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    for (layer, forbidden) in FORBIDDEN {
        let files = files(&source, layer);
        assert!(!files.is_empty(), "no files in layer {layer}");
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for line in text
                .lines()
                .filter(|line| line.trim_start().starts_with("use "))
            {
                let named = line.trim_start().trim_start_matches("use ");
                if let Some(name) = forbidden.iter().find(|name| named.starts_with(*name)) {
                    broken.push(format!("{}: {name}", file.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn files(source: &Path, layer: &str) -> Vec<PathBuf> {
    let mut found = vec![source.join(format!("{layer}.rs"))];
    let mut folders = vec![source.join(layer)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}
