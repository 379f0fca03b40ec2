use proptest::prelude::*;

use super::*;

fn text_at(tree: &Tree, path: &[&str]) -> Option<String> {
    let node = path.iter().try_fold(tree, |node, key| node.get(key))?;
    match node {
        Tree::Scalar(text) => Some(text.clone()),
        _ => None,
    }
}

#[test]
fn text_keeps_every_digit() {
    let tree = Tree::parse(
        "clouds:\n  '1':\n    region_name: 0x10\n    verify: false\n    auth:\n      \
         password: 0123\n      project_id: 1e5\n      user_id: \
         12345678901234567890123456789012\n      username: yes\n      token: ~\n  password:\n    \
         auth: {password: ' p '}\n    regions: [One, {name: 007, values: {cacert: 1.0}}]\n",
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let auth = |key| text_at(&tree, &["clouds", "1", "auth", key]);
    assert_eq!(auth("password").as_deref(), Some("0123"));
    assert_eq!(auth("project_id").as_deref(), Some("1e5"));
    assert_eq!(
        auth("user_id").as_deref(),
        Some("12345678901234567890123456789012")
    );
    assert_eq!(auth("username").as_deref(), Some("yes"));
    assert_eq!(auth("token"), None);
    assert_eq!(
        text_at(&tree, &["clouds", "1", "region_name"]).as_deref(),
        Some("0x10")
    );
    assert_eq!(
        text_at(&tree, &["clouds", "1", "verify"]).as_deref(),
        Some("false")
    );
    assert_eq!(
        text_at(&tree, &["clouds", "password", "auth", "password"]).as_deref(),
        Some(" p ")
    );
    let Some(Tree::List(regions)) = tree
        .get("clouds")
        .unwrap()
        .get("password")
        .unwrap()
        .get("regions")
    else {
        panic!("no list of regions");
    };
    assert!(regions[0] == Tree::Scalar("One".to_owned()));
    assert_eq!(text_at(&regions[1], &["name"]).as_deref(), Some("007"));
    assert_eq!(
        text_at(&regions[1], &["values", "cacert"]).as_deref(),
        Some("1.0")
    );
}

#[test]
fn json_and_empty_files_are_read() {
    let json = "{\n\t\"clouds\": {\n\t\t\"a\": {\"auth\": {\"password\": \"x\\ty\", \"username\": null}}\n\t}\n}\n";
    let tree = Tree::parse(json).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        text_at(&tree, &["clouds", "a", "auth", "password"]).as_deref(),
        Some("x\ty")
    );
    for empty in ["", "# nothing\n", "---\n"] {
        assert!(
            Tree::parse(empty).is_ok_and(|tree| tree == Tree::Null),
            "{empty:?}"
        );
    }
}

#[test]
fn anchors_and_merge_keys_are_followed() {
    let tree = Tree::parse(
        "common: &common\n  region_name: One\n  verify: true\nclouds:\n  a:\n    <<: *common\n    \
         region_name: Two\n",
    )
    .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        text_at(&tree, &["clouds", "a", "region_name"]).as_deref(),
        Some("Two")
    );
    assert_eq!(
        text_at(&tree, &["clouds", "a", "verify"]).as_deref(),
        Some("true")
    );
}

#[test]
fn mistakes_are_placed_and_not_shown() {
    for text in [
        "clouds:\n  a:\n    auth:\n      password: [s3cret]\n",
        "clouds:\n  a:\n    auth:\n      password: s3cret: x\n",
        "clouds:\n  a:\n    auth:\n      password: 's3cret\n",
        "clouds:\n  a:\n    auth: {password: s3cret\n",
        "clouds:\n  a:\n    auth:\n      password: x\n      password: s3cret\n",
        "clouds:\n\ta: s3cret\n",
    ] {
        let error = Tree::parse(text).err().unwrap();
        assert!(!error.contains("s3cret"), "{error}");
        assert!(error.contains("line"), "{error}");
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let scalar = "[a-c]{1,2}".prop_map(Tree::Scalar);
    let leaf = prop_oneof![
        scalar.clone(),
        proptest::collection::vec(scalar, 0..3).prop_map(Tree::List)
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        proptest::collection::btree_map("[a-d]", inner, 0..4).prop_map(Tree::Map)
    })
}

/// The path and value of everything that is not a mapping.
fn leaves(tree: &Tree, path: &str, found: &mut Vec<(String, Tree)>) {
    match tree {
        Tree::Map(map) => {
            for (key, value) in map {
                leaves(value, &format!("{path}/{key}"), found);
            }
        }
        leaf => found.push((path.to_owned(), leaf.clone())),
    }
}

fn leaves_of(tree: &Tree) -> Vec<(String, Tree)> {
    let mut found = Vec::new();
    leaves(tree, "", &mut found);
    found
}

proptest! {
    #[test]
    fn secure_wins_and_nothing_else_is_lost(
        under in proptest::collection::btree_map("[a-d]", trees(), 0..4),
        over in proptest::collection::btree_map("[a-d]", trees(), 0..4),
    ) {
        let (under, over) = (Tree::Map(under), Tree::Map(over));
        let merged = leaves_of(&under.clone().merged(over.clone()));
        let from_over = leaves_of(&over);
        for leaf in &from_over {
            prop_assert!(merged.contains(leaf), "{} of the upper is lost", leaf.0);
        }
        for leaf in leaves_of(&under) {
            // Something of the upper at, above or below the same path takes its place.
            let is_covered = from_over.iter().any(|(path, _)| {
                *path == leaf.0
                    || path.starts_with(&format!("{}/", leaf.0))
                    || leaf.0.starts_with(&format!("{path}/"))
            }) || node_at(&over, &leaf.0).is_some();
            prop_assert!(is_covered || merged.contains(&leaf), "{} is lost", leaf.0);
        }
        for (path, value) in &merged {
            let known = from_over.contains(&(path.clone(), value.clone()))
                || leaves_of(&under).contains(&(path.clone(), value.clone()));
            prop_assert!(known, "{path} is from neither");
        }
    }
}

fn node_at<'t>(tree: &'t Tree, path: &str) -> Option<&'t Tree> {
    path.split('/')
        .skip(1)
        .try_fold(tree, |node, key| node.get(key))
}
