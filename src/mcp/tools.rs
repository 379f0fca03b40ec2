//! The table of tools: the built-in documents, an operator's own, and what is offered of them.

use std::path::Path;

use async_graphql::parser::types::OperationType;
use rmcp::model::{ListToolsResult, Tool as ListedTool};
use rust_embed::RustEmbed;

use super::document::Document;
use super::manifest::Manifest;
use super::sdl::Sdl;
use super::tool::Tool;
use crate::error::{Error, Result};

/// The manifest's file name, beside the documents.
const MANIFEST: &str = "tools.toml";
/// What a document's file name ends with.
const EXTENSION: &str = "graphql";

/// The documents that come with the program.
#[derive(RustEmbed)]
#[folder = "schema/operations/"]
struct BuiltIn;

/// The tools that are offered, in their order.
#[derive(Debug)]
pub struct Tools {
    sdl: Sdl,
    tools: Vec<Tool>,
    /// Documents that change something, where the graph lets nobody change anything.
    withheld: Vec<Withheld>,
    /// Documents of the operator's folder that are no tools, and why.
    skipped: Vec<(String, String)>,
}

/// A document that is no tool here, and would be one where something may be changed.
#[derive(Debug)]
struct Withheld {
    document: Document,
    toolset: String,
}

/// Which tools an operator wants offered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only tools of these sets; every set when empty.
    pub toolsets: Vec<String>,
    /// Only these tools; every tool when empty.
    pub allow: Vec<String>,
    /// Never these tools.
    pub deny: Vec<String>,
}

/// What the list of tools costs a client, in bytes and characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The bytes of the whole answer to `tools/list`.
    pub list_bytes: usize,
    /// The characters of names, descriptions and input schemas: what a model pays on every turn.
    pub prompt_characters: usize,
}

/// A document and the folder's words about it.
struct Folder {
    manifest: Manifest,
    /// File stem and text, in the order of the names.
    documents: Vec<(String, String)>,
}

impl Tools {
    /// The built-in tools and those of an operator's folder, checked against the graph.
    ///
    /// A bad document is logged by name and left out, the others stay. A built-in one that is bad
    /// is a bug, which [`Self::built_in_problems`] finds before anybody starts the program. One that
    /// changes something is left out in silence where the graph has no mutations.
    ///
    /// # Errors
    /// When the operator's folder or a manifest cannot be read.
    pub fn load(sdl: &str, folder: Option<&Path>) -> Result<Self> {
        let mut tools = Self::none(sdl)?;
        for (name, problem) in tools.add(&Folder::built_in()?) {
            tracing::error!("the built-in tool {name} is left out: {problem}");
        }
        match folder {
            Some(path) => tools.with_folder(path),
            None => Ok(tools),
        }
    }

    /// What keeps built-in documents from being tools of a graph, each with the document's name.
    ///
    /// # Errors
    /// When the SDL or the manifest cannot be read.
    pub fn built_in_problems(sdl: &str) -> Result<Vec<String>> {
        let bad = Self::none(sdl)?.add(&Folder::built_in()?);
        Ok(bad.iter().map(describe).collect())
    }

    /// Adds the tools of an operator's folder; a bad document is logged by name and left out.
    ///
    /// # Errors
    /// When the folder or its manifest cannot be read.
    pub fn with_folder(mut self, path: &Path) -> Result<Self> {
        let skipped = self.add(&Folder::read(path)?);
        for (name, problem) in &skipped {
            tracing::warn!(
                "{name}.{EXTENSION} in {} is skipped: {problem}",
                path.display()
            );
        }
        self.skipped.extend(skipped);
        Ok(self)
    }

    /// Tools from texts: a manifest, and documents by name.
    ///
    /// # Errors
    /// With everything that is wrong with the manifest and the documents.
    pub fn from_texts(sdl: &str, manifest: &str, documents: &[(&str, &str)]) -> Result<Self> {
        let mut tools = Self::none(sdl)?;
        let folder = Folder {
            manifest: read_manifest(MANIFEST, manifest)?,
            documents: documents
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
        };
        match tools.add(&folder).as_slice() {
            [] => Ok(tools),
            bad => {
                let bad: Vec<String> = bad.iter().map(describe).collect();
                Err(Error::Configuration(bad.join("\n")))
            }
        }
    }

    /// Refuses to go on without a document that was a tool so far and cannot be one any longer.
    ///
    /// # Errors
    /// When there is such a document, with what is wrong with it.
    pub fn check_succession(&self, was_offered: impl Fn(&str) -> bool) -> Result<()> {
        let lost = self.skipped.iter().find(|(name, _)| was_offered(name));
        match lost {
            Some(lost) => Err(Error::Configuration(describe(lost))),
            None => Ok(()),
        }
    }

    /// Leaves only what an operator wants offered.
    ///
    /// # Errors
    /// When a name is not known, with those that are.
    pub fn filter(mut self, filter: &Filter) -> Result<Self> {
        let withheld = self.withheld.iter();
        let mut toolsets: Vec<&str> = self
            .tools
            .iter()
            .map(|tool| tool.toolset.as_str())
            .chain(withheld.map(|withheld| withheld.toolset.as_str()))
            .collect();
        toolsets.sort_unstable();
        toolsets.dedup();
        let names: Vec<&str> = self.known().collect();
        check_known("toolset", &filter.toolsets, &toolsets)?;
        check_known("tool", &filter.allow, &names)?;
        check_known("tool", &filter.deny, &names)?;
        self.tools
            .retain(|tool| filter.keeps(tool.name(), &tool.toolset));
        self.withheld
            .retain(|withheld| filter.keeps(&withheld.document.name, &withheld.toolset));
        Ok(self)
    }

    /// The names of the tools, and of those that would be tools where something may be changed.
    fn known(&self) -> impl Iterator<Item = &str> {
        let withheld = self.withheld.iter();
        self.names()
            .chain(withheld.map(|withheld| withheld.document.name.as_str()))
    }

    /// The names of the tools, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tools.iter().map(Tool::name)
    }

    /// What clients are told of the tools.
    #[must_use]
    pub fn listed(&self) -> Vec<ListedTool> {
        self.tools.iter().map(|tool| tool.listed.clone()).collect()
    }

    /// What the list costs.
    #[must_use]
    pub fn size(&self) -> Size {
        let list = ListToolsResult::with_all_items(self.listed());
        let length = |value: serde_json::Result<String>| value.map_or(0, |text| text.len());
        let prompt_characters = self
            .tools
            .iter()
            .map(|tool| {
                tool.name().chars().count()
                    + tool.document.description.chars().count()
                    + serde_json::to_string(&tool.listed.input_schema)
                        .map_or(0, |text| text.chars().count())
            })
            .sum();
        Size {
            list_bytes: length(serde_json::to_string(&list)),
            prompt_characters,
        }
    }

    /// A tool that is offered.
    pub(crate) fn get(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name() == name)
    }

    /// Whether any tool changes something.
    pub(crate) fn modify(&self) -> bool {
        self.tools.iter().any(Tool::modifies)
    }

    /// The tools, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tool> {
        self.tools.iter()
    }

    /// A document that is no tool because nothing may be changed here.
    pub(crate) fn withheld(&self, name: &str) -> Option<&Document> {
        let mut documents = self.withheld.iter().map(|withheld| &withheld.document);
        documents.find(|document| document.name == name)
    }

    /// The graph's types.
    pub(crate) fn sdl(&self) -> &Sdl {
        &self.sdl
    }

    fn none(sdl: &str) -> Result<Self> {
        Ok(Self {
            sdl: Sdl::parse(sdl)?,
            tools: Vec::new(),
            withheld: Vec::new(),
            skipped: Vec::new(),
        })
    }

    /// Adds the tools of a folder in the order of its manifest; answers with those that cannot be.
    fn add(&mut self, folder: &Folder) -> Vec<(String, String)> {
        let manifest = &folder.manifest;
        let mut bad = Vec::new();
        for entry in &manifest.tools {
            if !folder.documents.iter().any(|(name, _)| *name == entry.name) {
                bad.push((
                    entry.name.clone(),
                    format!("{MANIFEST} lists it, and it is not there"),
                ));
            }
        }
        let mut documents: Vec<&(String, String)> = folder.documents.iter().collect();
        documents.sort_by_key(|(name, _)| (manifest.position(name), name.clone()));
        for (name, text) in documents {
            if let Err(problem) = self.add_document(name, text, manifest) {
                bad.push((name.clone(), problem));
            }
        }
        bad
    }

    fn add_document(&mut self, name: &str, text: &str, manifest: &Manifest) -> Result<(), String> {
        if self.known().any(|known| known == name) {
            return Err("there is a tool of this name already".to_owned());
        }
        let document = Document::parse(name, text)?;
        let entry = manifest.entry(name);
        if document.modifies() && self.sdl.root(OperationType::Mutation).is_none() {
            self.withheld.push(Withheld {
                document,
                toolset: entry.toolset,
            });
        } else {
            self.tools.push(Tool::new(document, &entry, &self.sdl)?);
        }
        Ok(())
    }
}

impl Filter {
    fn keeps(&self, name: &str, toolset: &str) -> bool {
        (self.toolsets.is_empty() || contains(&self.toolsets, toolset))
            && (self.allow.is_empty() || contains(&self.allow, name))
            && !contains(&self.deny, name)
    }
}

impl Folder {
    fn built_in() -> Result<Self> {
        let text = |name: &str| {
            let file = BuiltIn::get(name)?;
            String::from_utf8(file.data.into_owned()).ok()
        };
        let documents = BuiltIn::iter()
            .filter_map(|name| {
                let stem = name.strip_suffix(EXTENSION)?.strip_suffix('.')?;
                Some((stem.to_owned(), text(&name)?))
            })
            .collect();
        Ok(Self {
            manifest: read_manifest(MANIFEST, &text(MANIFEST).unwrap_or_default())?,
            documents,
        })
    }

    fn read(path: &Path) -> Result<Self> {
        let refused = |path: &Path, error: std::io::Error| {
            Error::Configuration(format!("cannot read {}: {error}", path.display()))
        };
        let mut documents = Vec::new();
        for entry in path.read_dir().map_err(|error| refused(path, error))? {
            let file = entry.map_err(|error| refused(path, error))?.path();
            let stem = file.file_stem().and_then(|stem| stem.to_str());
            let is_document = file
                .extension()
                .is_some_and(|extension| extension == EXTENSION);
            if let (true, Some(stem)) = (is_document, stem) {
                match std::fs::read_to_string(&file) {
                    Ok(text) => documents.push((stem.to_owned(), text)),
                    Err(error) => tracing::warn!("{} is skipped: {error}", file.display()),
                }
            }
        }
        documents.sort();
        let manifest = path.join(MANIFEST);
        let text = match std::fs::read_to_string(&manifest) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(refused(&manifest, error)),
        };
        Ok(Self {
            manifest: read_manifest(&manifest.display().to_string(), &text)?,
            documents,
        })
    }
}

fn read_manifest(name: &str, text: &str) -> Result<Manifest> {
    Manifest::parse(text).map_err(|problem| Error::Configuration(format!("{name}: {problem}")))
}

fn describe((name, problem): &(String, String)) -> String {
    format!("{name}.{EXTENSION}: {problem}")
}

fn contains(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == name)
}

fn check_known(what: &str, wanted: &[String], known: &[&str]) -> Result<()> {
    for name in wanted {
        if !known.contains(&name.as_str()) {
            return Err(Error::Configuration(format!(
                "unknown {what} `{name}`; known: {}",
                known.join(", ")
            )));
        }
    }
    Ok(())
}
