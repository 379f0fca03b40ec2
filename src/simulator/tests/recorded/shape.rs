//! The shape of JSON: at each path the types seen, the keys of objects and the forms of texts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::form::{Forms, Local};
use crate::script::Maps;

/// What was seen at a path.
#[derive(Default)]
pub(crate) struct Shape {
    kinds: BTreeSet<&'static str>,
    forms: BTreeSet<String>,
    /// How many objects, and in how many of them each key was.
    objects: usize,
    keys: BTreeMap<String, (usize, Shape)>,
    rows: Option<Box<Shape>>,
}

/// What all recordings of a service say of its nouns' columns: a list may have shown what the one
/// row that was asked for by its id happens not to have.
pub(crate) struct Columns<'a> {
    known: HashMap<(String, String), Column>,
    free: &'a [String],
}

#[derive(Default)]
struct Column {
    kinds: BTreeSet<&'static str>,
    forms: BTreeSet<String>,
    /// Whether some rows of a list had it and others had not.
    is_optional: bool,
}

impl<'a> Columns<'a> {
    pub(crate) fn new(free: &'a [String]) -> Self {
        let known = HashMap::new();
        Self { known, free }
    }

    pub(crate) fn add(&mut self, shape: &Shape, path: &str) {
        for (key, (count, column)) in &shape.keys {
            let known = self.known.entry((noun(path), key.clone())).or_default();
            known.kinds.extend(&column.kinds);
            known.forms.extend(column.forms.iter().cloned());
            known.is_optional |= *count < shape.objects;
            self.add(column, &join(path, key));
        }
        if let Some(rows) = &shape.rows {
            self.add(rows, path);
        }
    }

    fn of(&self, path: &str) -> Option<&Column> {
        let (path, key) = path.rsplit_once('.').unwrap_or(("", path));
        self.known.get(&(noun(path), key.to_owned()))
    }

    /// Whether what is there is the operator's choice.
    pub(crate) fn is_free(&self, path: &str) -> bool {
        let (path, key) = path.rsplit_once('.').unwrap_or(("", path));
        let named = format!("{}.{key}", noun(path));
        self.free.iter().any(|free| free == key || *free == named)
    }

    fn is_optional(&self, path: &str) -> bool {
        path.ends_with('*') || self.of(path).is_some_and(|column| column.is_optional)
    }
}

/// How JSON is read into shapes.
pub(crate) struct Reader<'a> {
    pub(crate) forms: &'a Forms,
    pub(crate) local: &'a Local<'a>,
    pub(crate) maps: &'a Maps,
}

impl Shape {
    pub(crate) fn add(&mut self, value: &Value, path: &str, reader: &Reader) {
        self.kinds.insert(kind(value));
        match value {
            Value::String(text) => {
                self.forms.insert(reader.forms.of(text, reader.local));
            }
            Value::Array(rows) => {
                let shape = self.rows.get_or_insert_default();
                for row in rows {
                    shape.add(row, path, reader);
                }
            }
            Value::Object(fields) => {
                self.objects += 1;
                let mut counted = BTreeSet::new();
                for (key, value) in fields {
                    let key = reader.maps.named(path, key);
                    let (count, shape) = self.keys.entry(key.to_owned()).or_default();
                    *count += usize::from(counted.insert(key));
                    shape.add(value, &join(path, key), reader);
                }
            }
            _ => {}
        }
    }

    /// How an answer's shape differs from this one, which is recorded; a line each.
    pub(crate) fn differences(
        &self,
        seen: &Self,
        path: &str,
        columns: &Columns,
        found: &mut Vec<String>,
    ) {
        if !self.is_telling() || columns.is_free(path) {
            return;
        }
        self.differences_here(seen, path, columns, found);
        if self.objects > 0 && seen.objects > 0 {
            for (key, (count, shape)) in &self.keys {
                let path = join(path, key);
                let is_expected = *count == self.objects && !columns.is_optional(&path);
                match seen.keys.get(key) {
                    Some((times, seen_shape)) => {
                        if is_expected && *times < seen.objects {
                            found.push(format!("{path} is missing from some"));
                        }
                        shape.differences(seen_shape, &path, columns, found);
                    }
                    None if is_expected => found.push(format!("{path} is missing")),
                    None => {}
                }
            }
            let others = seen.keys.keys().filter(|key| !self.keys.contains_key(*key));
            let others = others.map(|key| join(path, key));
            let others = others.filter(|path| !columns.is_optional(path));
            found.extend(others.map(|path| format!("{path} is in no recording")));
        }
        if let (Some(rows), Some(seen)) = (&self.rows, &seen.rows) {
            rows.differences(seen, path, columns, found);
        }
    }

    fn differences_here(
        &self,
        seen: &Self,
        path: &str,
        columns: &Columns,
        found: &mut Vec<String>,
    ) {
        let at = if path.is_empty() { "the body" } else { path };
        let mut kinds = self.kinds.clone();
        let mut forms = self.forms.clone();
        if let Some(column) = columns.of(path) {
            kinds.extend(&column.kinds);
            forms.extend(column.forms.iter().cloned());
        }
        for kind in &seen.kinds {
            // A number with a fraction may happen to be whole.
            let is_known =
                kinds.contains(kind) || (*kind == "an integer" && kinds.contains("a number"));
            if !is_known {
                found.push(format!("{at} is {kind}, recorded {}", listed(&kinds)));
            }
        }
        let is_any_text = forms.contains("text") || forms.iter().all(|it| it == "empty");
        for form in &seen.forms {
            if !is_any_text && !forms.contains(form) {
                found.push(format!("{at} is {form}, recorded {}", listed(&forms)));
            }
        }
    }

    /// Where nothing but null or empty lists were ever seen.
    pub(crate) fn blanks(&self, path: &str, found: &mut BTreeMap<String, bool>) {
        let is_blank = !self.is_telling()
            || (self.kinds.iter().all(|it| *it == "null" || *it == "a list")
                && self.rows.as_ref().is_some_and(|rows| rows.kinds.is_empty()));
        if !path.is_empty() && !path.ends_with('*') {
            let blank = found.entry(path.to_owned()).or_insert(true);
            *blank &= is_blank;
        }
        for (key, (_, shape)) in &self.keys {
            shape.blanks(&join(path, key), found);
        }
        if let Some(rows) = &self.rows {
            for (key, (_, shape)) in &rows.keys {
                shape.blanks(&join(path, key), found);
            }
        }
    }

    fn is_telling(&self) -> bool {
        self.kinds.iter().any(|it| *it != "null")
    }
}

/// What a path's rows are: `servers` and `server` are of one noun.
fn noun(path: &str) -> String {
    let last = path.rsplit('.').next().unwrap_or_default();
    match last.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => last.strip_suffix('s').unwrap_or(last).to_owned(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn listed<T: AsRef<str>>(words: &BTreeSet<T>) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    words.join(" or ")
}

/// A comparer that finds nothing would agree with everything.
#[test]
fn what_differs_is_found() {
    let forms = Forms::new();
    let followers = HashMap::new();
    let local = Local::recorded(&followers);
    let reader = Reader {
        forms: &forms,
        local: &local,
        maps: &Maps::default(),
    };
    let free = ["flavor.id".to_owned()];
    let shape = |text: &str| {
        let mut shape = Shape::default();
        shape.add(&serde_json::from_str(text).expect("JSON"), "", &reader);
        shape
    };
    let recorded = shape(
        r#"{"servers": [
            {"id": "58cb9199-bb54-499b-8acc-27f160ea1d71", "ram": 1, "at": "2026-01-02T03:04:05Z",
             "flavor": {"id": "1"}, "name": null, "fault": {"code": 500}},
            {"id": "f04a9f4a-1e32-4343-b6f1-2d4c588adcfb", "ram": 2, "at": null,
             "flavor": {"id": "2"}, "name": "a", "url": "http://compute/v2.1/x"}]}"#,
    );
    let mut columns = Columns::new(&free);
    columns.add(&recorded, "");
    let row = |row: &str| {
        let mut found = Vec::new();
        let seen = shape(&format!("{{\"servers\": [{row}]}}"));
        recorded.differences(&seen, "", &columns, &mut found);
        found.join("; ")
    };
    let alike = r#""ram": 3, "at": "2030-12-31T23:59:59Z", "flavor": {"id": "tiny"}, "name": """#;
    let uuid = "58cb9199-bb54-499b-8acc-27f160ea1d71";
    assert_eq!(row(&format!(r#"{{"id": "{uuid}", {alike}}}"#)), "");
    assert_eq!(row(&format!("{{{alike}}}")), "servers.id is missing");
    assert_eq!(
        row(&format!(r#"{{"id": "x", "size": 1, {alike}}}"#)),
        "servers.id is text, recorded a UUID; servers.size is in no recording"
    );
    assert_eq!(
        row(&format!(
            r#"{{"id": "{uuid}", "ram": "3", "at": "2030-12-31T23:59:59", "flavor": null, "name": 1,
                "url": "http://compute/x"}}"#
        )),
        "servers.at is a time like 0000-00-00T00:00:00, recorded a time like \
         0000-00-00T00:00:00Z; servers.flavor is null, recorded an object; servers.name is an \
         integer, recorded a string or null; servers.ram is a string, recorded an integer; \
         servers.url is http://compute/x, recorded http://compute/v2.1/x"
    );
}
