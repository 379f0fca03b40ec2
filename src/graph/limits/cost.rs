//! How many upstream rows an operation may need.
//!
//! A list with `first` costs that many rows for each of its parents, and everything selected
//! below it is paid for each row. An edge to one object costs a row for each parent; fields that
//! come with their object cost nothing.

use std::collections::HashMap;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Positioned, Value, Variables};

use super::model::{FieldKind, FieldModel, Model, integer};
use super::refusal::Refusal;

/// The most upstream rows an operation may need.
const MAX_COST: u64 = 200_000;
/// What `all: true` counts as: a large cloud's worth.
const ALL_ROWS: u64 = 10_000;
/// The rows of a list when neither the query nor the schema says how many.
const DEFAULT_ROWS: u64 = 50;
/// The most rows `first` gives, whatever was asked.
const MAX_ROWS: u64 = 1_000;
/// The rows of a list below another object when the query does not say `first`. A server has a
/// port or two, not fifty; counted for more, ten thousand servers could not be joined with
/// anything.
const NESTED_ROWS: u64 = 2;
/// What `totalCount` costs.
const COUNT_COST: u64 = 10;

/// The cost of the operation that will be executed, when it is not too high. Its expanded size is bounded already.
pub(super) fn check(
    model: &Model,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<u64, Refusal> {
    let bill = bill(model, document, operation, variables);
    if bill.total <= MAX_COST {
        return Ok(bill.total);
    }
    Err(Refusal::TooExpensive {
        cost: bill.total,
        limit: MAX_COST,
        path: bill.dearest_path,
        path_cost: bill.dearest,
    })
}

/// What an operation costs, and where.
#[derive(Debug, Default)]
pub(super) struct Bill {
    /// Upstream rows in all.
    pub(super) total: u64,
    /// Rows of the field that costs most by itself.
    dearest: u64,
    dearest_path: String,
}

pub(super) fn bill(
    model: &Model,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Bill {
    let root = match operation.ty {
        OperationType::Query => Some(model.query.as_str()),
        OperationType::Mutation => model.mutation.as_deref(),
        OperationType::Subscription => model.subscription.as_deref(),
    };
    // Validation says that there are no mutations or subscriptions.
    let Some(root) = root else {
        return Bill::default();
    };
    let mut walk = Walk {
        model,
        document,
        variables,
        defaults: defaults(operation),
        path: Vec::new(),
        bill: Bill::default(),
    };
    let once = Multiplier {
        parents: 1,
        rows: 1,
    };
    walk.visit(&operation.selection_set.node, root, once);
    walk.bill
}

/// How often a selection set is paid for.
#[derive(Clone, Copy)]
struct Multiplier {
    /// Objects the selection set is read of.
    parents: u64,
    /// Rows behind `nodes` and `edges`, when that object is a connection.
    rows: u64,
}

struct Walk<'a> {
    model: &'a Model,
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    defaults: HashMap<&'a str, &'a Value>,
    path: Vec<&'a str>,
    bill: Bill,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, set: &'a SelectionSet, parent: &str, multiplier: Multiplier) {
        for selection in &set.items {
            if self.is_left_out(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    self.path.push(field.node.name.node.as_str());
                    self.visit_field(&field.node, parent, multiplier);
                    self.path.pop();
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let parent =
                        condition.map_or(parent, |condition| condition.node.on.node.as_str());
                    self.visit(&fragment.node.selection_set.node, parent, multiplier);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name) {
                        let parent = fragment.node.type_condition.node.on.node.as_str();
                        self.visit(&fragment.node.selection_set.node, parent, multiplier);
                    }
                }
            }
        }
    }

    fn visit_field(&mut self, field: &'a Field, parent: &str, multiplier: Multiplier) {
        let set = &field.selection_set.node;
        let name = field.name.node.as_str();
        if name == "_entities" {
            let rows = self.representations(field);
            self.charge(rows);
            let each = Multiplier {
                parents: rows,
                rows,
            };
            // What is selected of an entity is in fragments, which name its type.
            return self.visit(set, "_Entity", each);
        }
        // Introspection costs nothing; validation names a field that is not there.
        let Some(FieldModel {
            type_name,
            kind,
            weight,
        }) = self.model.field(parent, name)
        else {
            return;
        };
        let Multiplier { parents, rows } = multiplier;
        let own = parents.saturating_mul(*weight);
        let (own, below) = match kind {
            FieldKind::Leaf | FieldKind::Object | FieldKind::Free => (own, parents),
            FieldKind::Count => (
                own.saturating_add(parents.saturating_mul(COUNT_COST)),
                parents,
            ),
            FieldKind::Rows => (own, rows),
            FieldKind::List => (own, parents.saturating_mul(NESTED_ROWS)),
            FieldKind::Paged { default_first } => {
                let rows = parents.saturating_mul(self.rows_of(field, parent, *default_first));
                self.charge(own.saturating_add(rows));
                // A connection's own fields are read once for each parent, a bare list's items
                // once for each row.
                let is_connection = ["nodes", "edges"]
                    .iter()
                    .any(|rows| self.model.field(type_name, rows).is_some());
                let parents = if is_connection { parents } else { rows };
                return self.visit(set, type_name, Multiplier { parents, rows });
            }
        };
        self.charge(own);
        let below = Multiplier {
            parents: below,
            rows: below,
        };
        self.visit(set, type_name, below);
    }

    fn charge(&mut self, cost: u64) {
        self.bill.total = self.bill.total.saturating_add(cost);
        if cost > self.bill.dearest {
            self.bill.dearest = cost;
            self.bill.dearest_path = self.path.join(".");
        }
    }

    /// The rows of a paged list for each of its parents.
    fn rows_of(&self, field: &Field, parent: &str, default_first: Option<u64>) -> u64 {
        if matches!(self.argument(field, "all"), Some(Value::Boolean(true))) {
            return ALL_ROWS;
        }
        if let Some(first) = self.argument(field, "first").as_ref().and_then(integer) {
            return first.min(MAX_ROWS);
        }
        let is_root = parent == self.model.query || parent == "Cloud";
        if is_root {
            default_first.unwrap_or(DEFAULT_ROWS).min(MAX_ROWS)
        } else {
            default_first.unwrap_or(DEFAULT_ROWS).min(NESTED_ROWS)
        }
    }

    fn representations(&self, field: &Field) -> u64 {
        match self.argument(field, "representations") {
            Some(Value::List(representations)) => representations.len() as u64,
            _ => 1,
        }
    }

    /// An argument's value, with variables and their defaults filled in; nothing when it is null.
    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        let value = field.get_argument(name)?.node.clone();
        let value = value
            .into_const_with(|variable| {
                let default = || self.defaults.get(variable.as_str()).copied().cloned();
                self.variables
                    .get(&variable)
                    .cloned()
                    .or_else(default)
                    .ok_or(())
            })
            .ok()?;
        (value != Value::Null).then_some(value)
    }

    /// Whether `@skip` or `@include` leaves the selection out for certain.
    fn is_left_out(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let directive = &directive.node;
            let leaves_out = match directive.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => return false,
            };
            // Only what was sent: the executor does not look at a variable's default here.
            let condition = directive.get_argument("if").and_then(|value| {
                let value = value.node.clone();
                value
                    .into_const_with(|variable| self.variables.get(&variable).cloned().ok_or(()))
                    .ok()
            });
            condition == Some(Value::Boolean(leaves_out))
        })
    }
}

fn defaults(operation: &OperationDefinition) -> HashMap<&str, &Value> {
    operation
        .variable_definitions
        .iter()
        .filter_map(|definition| {
            let default = definition.node.default_value.as_ref()?;
            Some((definition.node.name.node.as_str(), &default.node))
        })
        .collect()
}
