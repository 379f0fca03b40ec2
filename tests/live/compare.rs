//! A noun of the graph beside the same noun on the wire, field by field.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::harness::Live;

/// How a value of the wire reads in the graph.
#[derive(Clone, Copy, Debug)]
pub(crate) enum As {
    /// As it is.
    Same,
    /// A number or a text, as a text.
    Text,
    /// An empty text or list is null.
    Filled,
    /// The same instant, whatever the notation.
    Time,
    /// A word in capitals, with underscores.
    Word,
    /// A boolean or a text that names one.
    Flag,
    /// The same number, with or without a point.
    Number,
    /// The project in a link to Heat, which tells it to administrators only otherwise.
    HeatProject,
    /// The word before the first underscore: a stack's action, as `CREATE` in `CREATE_FAILED`.
    Before,
    /// What follows the first underscore: a stack's status.
    Behind,
    /// Two values of the wire, whose pointers are joined by a colon, joined by a colon.
    Joined,
    /// The same members, in any order.
    Set,
}

/// A field: its path in the graph (`flavor.name`), the JSON pointer of the wire, and how it reads.
pub(crate) type Field = (&'static str, &'static str, As);

/// A list of the graph that shows the rows of one noun of the oracle.
#[derive(Clone, Copy)]
pub(crate) struct Noun {
    /// The root field, which takes `all: true`.
    pub(crate) list: &'static str,
    /// The oracle's name for it.
    pub(crate) truth: &'static str,
    /// The row's identity on both sides; it need not be in `fields`.
    pub(crate) id: Field,
    pub(crate) fields: &'static [Field],
}

impl Noun {
    /// Every row, every field. A noun that the credential is refused is null with a reason.
    pub(crate) fn compare(self, live: &Live) {
        let query = format!(
            "{{ {}(all: true) {{ nodes {} totalCount pageInfo {{ hasNextPage }} }} }}",
            self.list,
            self.selection()
        );
        let answer = live.graphql(&query, &json!({}));
        if live.truth(self.truth).is_null() {
            return self.refused(&answer);
        }
        assert!(
            answer.get("errors").is_none(),
            "{query}\n{:#}",
            answer["errors"]
        );
        let list = &answer["data"][self.list];
        assert_eq!(
            list["pageInfo"]["hasNextPage"],
            json!(false),
            "{} is cut",
            self.list
        );
        let theirs = live.rows(self.truth);
        // A service that cannot count says null.
        if !list["totalCount"].is_null() {
            assert_eq!(
                list["totalCount"],
                json!(theirs.len()),
                "{}'s totalCount",
                self.list
            );
        }
        self.rows(theirs, list["nodes"].as_array().expect("nodes"));
    }

    /// That these rows of the graph are those of the wire, whatever the order.
    pub(crate) fn rows(self, theirs: &[Value], ours: &[Value]) {
        let mut differences = String::new();
        let ours = by_id(ours, |row| at(row, self.id.0).clone());
        let theirs = by_id(theirs, |row| self.id.2.id(row, self.id.1));
        for (id, row) in &theirs {
            match ours.get(id) {
                Some(our) => self.differences(id, row, our, &mut differences),
                None => writeln!(differences, "{id} is missing").expect("text"),
            }
        }
        for id in ours.keys().filter(|id| !theirs.contains_key(*id)) {
            writeln!(differences, "{id} is not there").expect("text");
        }
        assert!(
            differences.is_empty(),
            "{} differ:\n{differences}",
            self.list
        );
    }

    fn differences(self, id: &str, theirs: &Value, ours: &Value, into: &mut String) {
        for (graph, pointer, how) in self.fields {
            let found = at(ours, graph);
            let raw = wire(theirs, pointer);
            if !how.agrees(raw, found) {
                writeln!(into, "{id} {graph}: {found}, on the wire {raw}").expect("text");
            }
        }
    }

    fn refused(self, answer: &Value) {
        assert!(
            answer["data"][self.list].is_null(),
            "{}: {answer:#}",
            self.list
        );
        let code = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(code, "FORBIDDEN", "{}: {:#}", self.list, answer["errors"]);
    }

    /// The selection set of all fields, nested where a path has a dot.
    pub(crate) fn selection(self) -> String {
        let mut tree = Map::new();
        for (graph, ..) in self.fields.iter().chain([&self.id]) {
            let mut level = &mut tree;
            for step in graph.split('.') {
                let next = level.entry(step).or_insert_with(|| json!({}));
                level = next.as_object_mut().expect("a level");
            }
        }
        written(&tree)
    }
}

impl As {
    fn agrees(self, wire: &Value, graph: &Value) -> bool {
        match self {
            Self::Time => instant(wire) == instant(graph),
            Self::Set => members(wire) == members(graph),
            Self::Number => wire.as_f64() == graph.as_f64(),
            _ => self.read(wire) == *graph,
        }
    }

    /// The identity of a row of the wire.
    fn id(self, row: &Value, pointer: &str) -> Value {
        match (self, pointer.split_once(':')) {
            (Self::Joined, Some((one, other))) => {
                let text = |pointer| wire(row, pointer).as_str().unwrap_or_default();
                json!(format!("{}:{}", text(one), text(other)))
            }
            _ => self.read(wire(row, pointer)),
        }
    }

    fn read(self, wire: &Value) -> Value {
        match (self, wire) {
            (Self::Text, Value::Number(number)) => json!(number.to_string()),
            (Self::Filled, Value::String(text)) if text.is_empty() => Value::Null,
            (Self::Filled, Value::Array(rows)) if rows.is_empty() => Value::Null,
            (Self::Word, Value::String(text)) if text == "N/A" => json!("NOT_APPLICABLE"),
            (Self::Word, Value::String(text)) => {
                json!(text.to_uppercase().replace(['-', ' '], "_"))
            }
            (Self::Flag, Value::String(text)) => json!(text.eq_ignore_ascii_case("true")),
            (Self::HeatProject, Value::String(link)) => {
                let mut segments = link.split('/').skip_while(|segment| *segment != "v1");
                json!(segments.nth(1))
            }
            (Self::Before, Value::String(text)) => json!(text.split_once('_').map(|it| it.0)),
            (Self::Behind, Value::String(text)) => json!(text.split_once('_').map(|it| it.1)),
            _ => wire.clone(),
        }
    }
}

fn members(list: &Value) -> Vec<String> {
    let mut members: Vec<String> = list
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::to_string)
        .collect();
    members.sort();
    members
}

/// OpenStack's times are UTC, with and without saying so.
fn instant(time: &Value) -> Option<chrono::DateTime<chrono::Utc>> {
    let text = time.as_str()?;
    let zoned = chrono::DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let naive = || text.replace(' ', "T").parse::<chrono::NaiveDateTime>();
    Some(
        zoned
            .or_else(|_| naive().map(|time| time.and_utc()))
            .expect("a time"),
    )
}

fn by_id(rows: &[Value], id: impl Fn(&Value) -> Value) -> BTreeMap<String, &Value> {
    let found: BTreeMap<String, &Value> =
        rows.iter().map(|row| (id(row).to_string(), row)).collect();
    assert_eq!(found.len(), rows.len(), "rows with one id");
    found
}

fn wire<'a>(row: &'a Value, pointer: &str) -> &'a Value {
    row.pointer(pointer).unwrap_or(&Value::Null)
}

/// A value by its path in the graph; null where an object on the way is null.
pub(crate) fn at<'a>(row: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(row, |value, step| &value[step])
}

fn written(tree: &Map<String, Value>) -> String {
    let mut text = String::from("{ ");
    for (name, below) in tree {
        text += name;
        text += " ";
        let below = below.as_object().expect("a level");
        if !below.is_empty() {
            text += &written(below);
            text += " ";
        }
    }
    text + "}"
}
