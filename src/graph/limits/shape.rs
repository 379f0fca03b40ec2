//! The size of a document once its fragments are spread, its depth and its aliases.
//!
//! A fragment that spreads the one before it twice doubles the document, and a cycle of fragments
//! has no end. Every walk here is counted and stops at its limit, so that it takes no longer than
//! a document which is admitted.

use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned};

use super::refusal::Refusal;

/// The most fragments a document may define.
const MAX_FRAGMENTS: usize = 50;
/// The most selections in a document, counting a fragment's at every place it is spread.
const MAX_SELECTIONS: usize = 10_000;
/// How deep selection sets may nest, counting those of fragments: what the executor takes.
const MAX_NESTED_SETS: usize = 32;
/// How deep fields may nest. What is below `__schema` and `__type` does not count.
const MAX_DEPTH: usize = 15;
/// The most aliases in an operation, counting a fragment's at every place it is spread.
const MAX_ALIASES: usize = 50;
/// How many lists of the schema's own description may nest below `__schema` and `__type`. Two are
/// what tools ask for; each more multiplies the answer by the number of fields of a type.
const MAX_INTROSPECTION_LISTS: usize = 2;

/// Checks the whole document: what validation will walk, whichever operation is executed.
pub(super) fn check_document(document: &ExecutableDocument) -> Result<(), Refusal> {
    if document.fragments.len() > MAX_FRAGMENTS {
        return Err(Refusal::TooManyFragments {
            count: document.fragments.len(),
            limit: MAX_FRAGMENTS,
        });
    }
    let mut expansion = Expansion {
        document,
        remaining: MAX_SELECTIONS,
        spreading: Vec::new(),
        seen: Vec::new(),
    };
    for (_, operation) in document.operations.iter() {
        expansion.visit(&operation.node.selection_set, 1)?;
    }
    // Validation walks a fragment that nobody spreads as well.
    for (name, fragment) in &document.fragments {
        if expansion.seen.contains(&name) {
            continue;
        }
        expansion.spreading.push(name);
        expansion.visit(&fragment.node.selection_set, 1)?;
        expansion.spreading.pop();
    }
    Ok(())
}

/// Checks depth and aliases of the operation that will be executed.
pub(super) fn check_operation(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Result<(), Refusal> {
    if operation.ty == OperationType::Subscription {
        let count = root_fields(document, &operation.selection_set.node);
        if count != 1 {
            return Err(Refusal::SeveralSubscriptions { count });
        }
    }
    let mut walk = OperationWalk {
        document,
        path: Vec::new(),
        aliases: 0,
    };
    walk.visit(&operation.selection_set.node, None)?;
    if walk.aliases > MAX_ALIASES {
        return Err(Refusal::TooManyAliases {
            count: walk.aliases,
            limit: MAX_ALIASES,
        });
    }
    Ok(())
}

/// The fields that an operation has at its root, fragments spread. Their cycles were refused before.
fn root_fields(document: &ExecutableDocument, set: &SelectionSet) -> usize {
    let items = set.items.iter();
    items
        .map(|item| match &item.node {
            Selection::Field(_) => 1,
            Selection::InlineFragment(fragment) => {
                root_fields(document, &fragment.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => {
                let fragment = document.fragments.get(&spread.node.fragment_name.node);
                fragment.map_or(0, |fragment| {
                    root_fields(document, &fragment.node.selection_set.node)
                })
            }
        })
        .sum()
}

/// Spreads every fragment, counting.
struct Expansion<'a> {
    document: &'a ExecutableDocument,
    /// Selections that may still come.
    remaining: usize,
    /// The fragments that are being spread, outermost first.
    spreading: Vec<&'a Name>,
    /// The fragments that were spread somewhere.
    seen: Vec<&'a Name>,
}

impl<'a> Expansion<'a> {
    fn visit(&mut self, set: &'a Positioned<SelectionSet>, level: usize) -> Result<(), Refusal> {
        if level > MAX_NESTED_SETS {
            return Err(Refusal::TooDeep {
                limit: MAX_NESTED_SETS,
                path: set.pos.to_string(),
                position: set.pos,
            });
        }
        for selection in &set.node.items {
            self.count(selection.pos)?;
            match &selection.node {
                Selection::Field(field) => {
                    self.visit(&field.node.selection_set, level + 1)?;
                }
                Selection::InlineFragment(fragment) => {
                    self.visit(&fragment.node.selection_set, level + 1)?;
                }
                Selection::FragmentSpread(spread) => {
                    self.spread(&spread.node.fragment_name, level + 1)?;
                }
            }
        }
        Ok(())
    }

    fn spread(&mut self, name: &'a Positioned<Name>, level: usize) -> Result<(), Refusal> {
        if self.spreading.contains(&&name.node) {
            return Err(Refusal::FragmentCycle {
                name: name.node.to_string(),
                position: name.pos,
            });
        }
        // Validation names a fragment that is not there.
        let Some(fragment) = self.document.fragments.get(&name.node) else {
            return Ok(());
        };
        if !self.seen.contains(&&name.node) {
            self.seen.push(&name.node);
        }
        self.spreading.push(&name.node);
        self.visit(&fragment.node.selection_set, level)?;
        self.spreading.pop();
        Ok(())
    }

    fn count(&mut self, position: Pos) -> Result<(), Refusal> {
        let Some(remaining) = self.remaining.checked_sub(1) else {
            return Err(Refusal::TooLarge {
                limit: MAX_SELECTIONS,
                position,
            });
        };
        self.remaining = remaining;
        Ok(())
    }
}

/// Walks one operation whose expanded size is known to be bounded.
struct OperationWalk<'a> {
    document: &'a ExecutableDocument,
    path: Vec<&'a str>,
    aliases: usize,
}

impl<'a> OperationWalk<'a> {
    /// `introspection_lists` is the number of lists above, below `__schema` and `__type`.
    fn visit(
        &mut self,
        set: &'a SelectionSet,
        introspection_lists: Option<usize>,
    ) -> Result<(), Refusal> {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    let name = field.node.name.node.as_str();
                    self.path.push(name);
                    let lists = self.enter(name, introspection_lists, field.pos)?;
                    self.visit(&field.node.selection_set.node, lists)?;
                    self.path.pop();
                }
                Selection::InlineFragment(fragment) => {
                    self.visit(&fragment.node.selection_set.node, introspection_lists)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name) {
                        self.visit(&fragment.node.selection_set.node, introspection_lists)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn enter(
        &self,
        name: &str,
        introspection_lists: Option<usize>,
        position: Pos,
    ) -> Result<Option<usize>, Refusal> {
        let (depth, limit, lists) = match introspection_lists {
            None if matches!(name, "__schema" | "__type") => (0, MAX_DEPTH, Some(0)),
            None => (self.path.len(), MAX_DEPTH, None),
            Some(lists) => {
                let is_list = matches!(
                    name,
                    "fields" | "inputFields" | "interfaces" | "possibleTypes"
                );
                let lists = lists + usize::from(is_list);
                (lists, MAX_INTROSPECTION_LISTS, Some(lists))
            }
        };
        if depth > limit {
            return Err(Refusal::TooDeep {
                limit,
                path: self.path.join("."),
                position,
            });
        }
        Ok(lists)
    }
}
