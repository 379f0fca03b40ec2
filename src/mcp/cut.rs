//! Makes an answer small enough for a model: rows go from the end of the longest list.

use serde_json::{Map, Value};

/// A list that was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Where it stands, as `servers.nodes`.
    pub(crate) path: Vec<String>,
    /// How many rows are left.
    pub(crate) kept: usize,
    /// How many rows were there.
    pub(crate) of: usize,
}

/// Cuts lists until the object has at most so many bytes as JSON, or only single rows are left.
/// Answers with what was cut, in order, and whether the object now fits.
pub(crate) fn cut(object: &mut Map<String, Value>, most: usize) -> (Vec<Cut>, bool) {
    let mut cuts: Vec<Cut> = Vec::new();
    loop {
        let mut longest = None;
        let mut path = Vec::new();
        let size = object_size(object, &mut path, &mut longest);
        if size <= most {
            return (cuts, true);
        }
        let Some(List { path, .. }) = longest else {
            return (cuts, false);
        };
        let Some(rows) = find(object, &path) else {
            return (cuts, false);
        };
        let of = rows.len();
        let kept = drop_rows(rows, size - most);
        tell_page_info(object, &path);
        cuts.push(Cut { path, kept, of });
    }
}

/// A list with more than one row, and its size.
struct List {
    path: Vec<String>,
    size: usize,
}

/// Drops rows from the end until so many bytes are saved; the first row stays.
fn drop_rows(rows: &mut Vec<Value>, excess: usize) -> usize {
    let mut saved = 0;
    while rows.len() > 1 && saved < excess {
        if let Some(row) = rows.pop() {
            saved += size(&row) + 1;
        }
    }
    rows.len()
}

/// A connection that was cut has more to give, and its last cursor is no longer the right one.
fn tell_page_info(object: &mut Map<String, Value>, path: &[String]) {
    let Some((_, connection)) = path.split_last() else {
        return;
    };
    let mut holder = Some(object);
    for step in connection {
        holder = holder.and_then(|object| object.get_mut(step)?.as_object_mut());
    }
    let page_info = holder.and_then(|object| object.get_mut("pageInfo")?.as_object_mut());
    if let Some(page_info) = page_info {
        for (key, value) in page_info {
            match key.as_str() {
                "hasNextPage" => *value = Value::Bool(true),
                "endCursor" => *value = Value::Null,
                _ => {}
            }
        }
    }
}

fn find<'a>(object: &'a mut Map<String, Value>, path: &[String]) -> Option<&'a mut Vec<Value>> {
    let (first, rest) = path.split_first()?;
    let mut value = object.get_mut(first)?;
    for step in rest {
        value = match value {
            Value::Array(rows) => rows.get_mut(step.parse::<usize>().ok()?)?,
            Value::Object(object) => object.get_mut(step)?,
            _ => return None,
        };
    }
    value.as_array_mut()
}

/// The bytes of a value as compact JSON.
fn size(value: &Value) -> usize {
    serde_json::to_string(value).map_or(0, |text| text.len())
}

fn object_size(
    object: &Map<String, Value>,
    path: &mut Vec<String>,
    longest: &mut Option<List>,
) -> usize {
    let members: usize = object
        .iter()
        .map(|(key, value)| {
            path.push(key.clone());
            let length = value_size(value, path, longest);
            path.pop();
            // The key's quotes and what it escapes, the colon, and the comma or bracket behind.
            size(&Value::from(key.as_str())) + length + 2
        })
        .sum();
    members.max(1) + 1
}

fn value_size(value: &Value, path: &mut Vec<String>, longest: &mut Option<List>) -> usize {
    match value {
        Value::Object(object) => object_size(object, path, longest),
        Value::Array(rows) => {
            let lengths: usize = rows
                .iter()
                .enumerate()
                .map(|(index, row)| {
                    path.push(index.to_string());
                    let length = value_size(row, path, longest);
                    path.pop();
                    length + 1
                })
                .sum();
            let length = lengths.max(1) + 1;
            let is_longer = longest.as_ref().is_none_or(|list| length > list.size);
            if rows.len() > 1 && is_longer {
                *longest = Some(List {
                    path: path.clone(),
                    size: length,
                });
            }
            length
        }
        other => size(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn length(object: &Map<String, Value>) -> usize {
        serde_json::to_string(object).unwrap().len()
    }

    #[test]
    fn sizes_are_those_of_the_text() {
        let value = json!({"a": [], "b": {}, "c\"": [1, "ü\n", {"d": null}], "e": [[1], [2, 3]]});
        let object = object(value);
        let mut longest = None;
        assert_eq!(
            object_size(&object, &mut Vec::new(), &mut longest),
            length(&object)
        );
    }

    #[test]
    fn rows_go_from_the_end_of_the_longest_list() {
        let rows: Vec<Value> = (0..1000).map(|row| json!({"id": row})).collect();
        let mut answer = object(json!({
            "things": {"nodes": rows, "pageInfo": {"hasNextPage": false, "endCursor": "x"}},
            "few": [1, 2, 3],
        }));
        let (cuts, fits) = cut(&mut answer, 2000);
        assert!(fits && length(&answer) <= 2000 && length(&answer) > 1900);
        let kept = answer["things"]["nodes"].as_array().unwrap().len();
        assert_eq!(
            cuts,
            [Cut {
                path: vec!["things".into(), "nodes".into()],
                kept,
                of: 1000
            }]
        );
        assert_eq!(answer["things"]["nodes"][kept - 1]["id"], kept - 1);
        assert_eq!(
            answer["things"]["pageInfo"],
            json!({"hasNextPage": true, "endCursor": null})
        );
        assert_eq!(answer["few"], json!([1, 2, 3]));
    }

    #[test]
    fn a_single_row_is_cut_inside() {
        let words: Vec<String> = (0..500).map(|word| format!("word {word}")).collect();
        let mut answer = object(json!({"things": [{"words": words}]}));
        let (cuts, fits) = cut(&mut answer, 1000);
        assert!(fits && length(&answer) <= 1000);
        assert_eq!(cuts[0].path, ["things", "0", "words"]);
    }

    #[test]
    fn what_has_no_rows_does_not_fit() {
        let mut answer = object(json!({"log": "x".repeat(5000)}));
        assert_eq!(cut(&mut answer, 1000), (Vec::new(), false));
    }
}
