//! The manifest beside the documents: what a document cannot say.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The manifest of a folder of documents; its order is the order of the tools.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The tools.
    #[serde(default, rename = "tool")]
    pub(crate) tools: Vec<ToolEntry>,
}

/// What is said of a tool.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolEntry {
    /// The document's file stem.
    pub(crate) name: String,
    /// The set of tools it belongs to, for `--toolsets`.
    #[serde(default = "custom_toolset")]
    pub(crate) toolset: String,
    /// The name people read; made from the name when absent.
    #[serde(default)]
    pub(crate) title: Option<String>,
    /// Which of its operations destroy something that cannot be had back; every one that changes
    /// anything, unless it is said.
    #[serde(default)]
    pub(crate) destructive: Option<Vec<String>>,
    /// What is said of its arguments, by name.
    #[serde(default)]
    pub(crate) arguments: BTreeMap<String, ArgumentRules>,
}

/// What is said of an argument.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArgumentRules {
    /// A string is taken for the list too, split at its commas.
    #[serde(default)]
    pub(crate) split: bool,
    /// The value that means "absent".
    #[serde(default)]
    pub(crate) omit_when: Option<String>,
    /// How the values of an enum may be written.
    #[serde(default)]
    pub(crate) enum_case: EnumCase,
    /// The least that a number may be.
    #[serde(default)]
    pub(crate) min: Option<i64>,
    /// The most that a number may be.
    #[serde(default)]
    pub(crate) max: Option<i64>,
}

/// How the values of an enum may be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EnumCase {
    /// As GraphQL writes them.
    #[default]
    Exact,
    /// In upper or lower case, with `-` or a space for `_`.
    Any,
}

/// The toolset of a tool of which nobody said another.
fn custom_toolset() -> String {
    "custom".to_owned()
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// In words, when it is not TOML, has unknown keys, or names a tool twice.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let manifest: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for (index, tool) in manifest.tools.iter().enumerate() {
            if manifest.tools[..index]
                .iter()
                .any(|earlier| earlier.name == tool.name)
            {
                return Err(format!("tool `{}` is listed twice", tool.name));
            }
        }
        Ok(manifest)
    }

    /// What is said of a tool, or the defaults.
    pub(crate) fn entry(&self, name: &str) -> ToolEntry {
        let known = self.tools.iter().find(|tool| tool.name == name);
        known.cloned().unwrap_or_else(|| ToolEntry {
            name: name.to_owned(),
            toolset: custom_toolset(),
            ..ToolEntry::default()
        })
    }

    /// Where a tool stands in the order; those that are not listed come last.
    pub(crate) fn position(&self, name: &str) -> usize {
        self.tools
            .iter()
            .position(|tool| tool.name == name)
            .unwrap_or(usize::MAX)
    }
}

impl ToolEntry {
    /// The name people read.
    pub(crate) fn title(&self) -> String {
        self.title.clone().unwrap_or_else(|| {
            let words = self.name.replace('_', " ");
            let mut letters = words.chars();
            letters
                .next()
                .map(|first| first.to_uppercase().chain(letters).collect())
                .unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read() {
        let manifest = Manifest::parse(
            r#"
            [[tool]]
            name = "get_things"
            toolset = "compute"
            title = "Things"
            arguments.limit = { min = 1, max = 200 }
            arguments.names = { split = true }
            arguments.kind = { omit_when = "all", enum_case = "any" }

            [[tool]]
            name = "get_others"
            "#,
        )
        .unwrap();
        let entry = manifest.entry("get_things");
        assert_eq!(
            (entry.toolset.as_str(), entry.title().as_str()),
            ("compute", "Things")
        );
        assert_eq!(entry.arguments["limit"].max, Some(200));
        assert!(entry.arguments["names"].split);
        assert_eq!(entry.arguments["kind"].enum_case, EnumCase::Any);
        let other = manifest.entry("get_others");
        assert_eq!(
            (other.toolset.as_str(), other.title().as_str()),
            ("custom", "Get others")
        );
        assert_eq!(manifest.position("get_others"), 1);
        assert_eq!(manifest.position("unlisted"), usize::MAX);
    }

    #[test]
    fn unknown_keys_and_doubles_are_refused_by_name() {
        let unknown = Manifest::parse("[[tool]]\nname = \"a\"\ncolour = 1").unwrap_err();
        assert!(unknown.contains("colour"), "{unknown}");
        let rule = "[[tool]]\nname = \"a\"\narguments.x = { least = 1 }";
        assert!(Manifest::parse(rule).unwrap_err().contains("least"));
        let case = "[[tool]]\nname = \"a\"\narguments.x = { enum_case = \"some\" }";
        assert!(Manifest::parse(case).unwrap_err().contains("some"));
        let double = "[[tool]]\nname = \"a\"\n[[tool]]\nname = \"a\"";
        assert!(
            Manifest::parse(double)
                .unwrap_err()
                .contains("`a` is listed twice")
        );
    }
}
