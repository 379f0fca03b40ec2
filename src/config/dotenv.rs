//! The `.env` file of the working directory.

use std::io::ErrorKind;
use std::path::Path;

use super::environment::Variables;
use crate::{Error, Result};

/// Reads `.env`; a directory without one has no variables. Of a variable written twice the last
/// counts.
///
/// # Errors
/// When the file cannot be read or a line is malformed; the line is named, never shown.
pub(super) fn read(directory: &Path, warnings: &mut Vec<String>) -> Result<Variables> {
    let path = directory.join(".env");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Variables::default()),
        Err(error) => {
            return Err(Error::Configuration(format!(
                "`{}` cannot be read ({error}); make it readable UTF-8 or remove it",
                path.display()
            )));
        }
    };
    let text = text.trim_start_matches('\u{feff}');
    let mut variables = Vec::new();
    for variable in dotenvy::from_read_iter(text.as_bytes()) {
        variables.push(variable.map_err(|error| malformed(&path, text, &error))?);
    }
    warnings.extend(replaced_names(&path, text));
    Ok(variables.into_iter().collect())
}

fn malformed(path: &Path, text: &str, error: &dotenvy::Error) -> Error {
    // The parser says which text it stopped at, not where that was.
    let line = match error {
        dotenvy::Error::LineParse(stopped_at, _) => stopped_at.lines().next().and_then(|start| {
            text.lines()
                .position(|line| !line.trim_start().starts_with('#') && line.contains(start))
        }),
        _ => None,
    };
    let place = line.map_or_else(String::new, |index| format!(", line {}", index + 1));
    Error::Configuration(format!(
        "`{}`{place}: not of the form NAME=value; put a value with blanks, quotes or backslashes \
         in single quotes",
        path.display()
    ))
}

/// A `$` stands for another variable unless the value is in single quotes, which surprises those
/// whose password holds one.
fn replaced_names(path: &Path, text: &str) -> Vec<String> {
    let surprising = text.lines().filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let name = name.trim().trim_start_matches("export ").trim();
        let value = value.trim_start();
        let replaced =
            !name.starts_with('#') && !value.starts_with('\'') && holds_bare_dollar(value);
        replaced.then(|| {
            format!(
                "`{name}` in `{}` holds a `$`, which stands for another variable there; put the \
                 value in single quotes to keep it as it is",
                path.display()
            )
        })
    });
    surprising.collect()
}

/// Whether there is a `$` that is neither escaped nor written `${NAME}`, which is surely meant.
fn holds_bare_dollar(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.iter().enumerate().any(|(index, byte)| {
        let escaped = index > 0 && bytes[index - 1] == b'\\';
        *byte == b'$' && !escaped && bytes.get(index + 1) != Some(&b'{')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Result<Variables>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".env"), text).unwrap();
        let mut warnings = Vec::new();
        (read(folder.path(), &mut warnings), warnings)
    }

    #[test]
    fn reads_quotes_comments_and_the_last_of_two() {
        let (variables, warnings) = read_text(
            "\u{feff}# a comment\nA=1\nexport B='two words' # why\nA=3\nEMPTY=\nC=\"x=y\"\n",
        );
        let variables = variables.unwrap();
        assert_eq!(variables.get("A"), Some("3"));
        assert_eq!(variables.get("B"), Some("two words"));
        assert_eq!(variables.get("C"), Some("x=y"));
        assert_eq!(variables.get("EMPTY"), None);
        assert!(warnings.is_empty());
    }

    #[test]
    fn names_the_malformed_line_without_showing_it() {
        for text in [
            "A=1\n# OS_PASSWORD=two words\nOS_PASSWORD=two words\n",
            "A=1\n\nOS_PASSWORD='two words\n",
            "A=1\n\ntwo words\n",
        ] {
            let message = read_text(text).0.unwrap_err().to_string();
            assert!(message.contains(".env`, line 3"), "{message}");
            assert!(!message.contains("words"), "{message}");
        }
    }

    #[test]
    fn warns_of_a_replaced_name() {
        let (_, warnings) = read_text("OS_PASSWORD=pa$word\nA='$b'\nB=${A}x\nC=\\$x\n# D=$x\n");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with("`OS_PASSWORD` in"));
    }
}
