//! Files that are made of the code and checked in.

use std::path::Path;

/// Fails where a file is not what the code makes of it. `INSTA_UPDATE=always` writes it anew; its diff
/// is the review of the change.
pub(crate) fn compare(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let lines = written.lines().chain(std::iter::repeat(""));
    let first = lines
        .zip(made.lines())
        .find(|(written, made)| written != made);
    assert!(
        written == made,
        "{file} is not what the code makes: first difference {first:?}; \
         INSTA_UPDATE=always writes it anew"
    );
}
