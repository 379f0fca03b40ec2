//! What narrows a list of images: fields, ranges, times, tags, properties.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Subject, broken};
use crate::clock;
use crate::reply::Reply;
use crate::world::id::read_uuid;
use crate::world::image::Image;

/// Whether an image is one of those that are asked for.
type Test = Box<dyn Fn(&Image) -> bool>;

impl Subject<'_> {
    /// Everything in the query but paging, order and visibility.
    pub(super) fn tests(&self) -> Result<Vec<Test>, Reply> {
        const READ: [&str; 8] = [
            "limit",
            "marker",
            "member_status",
            "visibility",
            "sort",
            "sort_key",
            "sort_dir",
            "deleted",
        ];
        let query = &self.call.query;
        let mut tests: Vec<Test> = Vec::new();
        let truth = |name: &str| match query.get(name).map(str::to_lowercase).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(text) => Err(self.bad_request(&format!(
                "Invalid value '{text}' for '{name}' filter. Valid values are 'true' or 'false'."
            ))),
        };
        let is_hidden = truth("os_hidden")?.unwrap_or_default();
        tests.push(Box::new(move |row| row.is_hidden == is_hidden));
        if let Some(is) = truth("protected")? {
            tests.push(Box::new(move |row| row.is_protected == is));
        }
        let mut names: Vec<&str> = Vec::new();
        for (name, value) in query.pairs() {
            if name == "tag" {
                let tag = value.trim().to_owned();
                tests.push(Box::new(move |row| {
                    row.tags.iter().any(|own| same(own, &tag))
                }));
            } else if !READ.contains(&name) && !names.contains(&name) {
                names.push(name);
            }
        }
        for name in names {
            let value = query.get(name).unwrap_or_default();
            if let Some(test) = self.test(name, value)? {
                tests.push(test);
            }
        }
        Ok(tests)
    }

    fn test(&self, name: &str, value: &str) -> Result<Option<Test>, Reply> {
        let value = value.to_owned();
        if let Some((key, is_least)) = name
            .strip_suffix("_min")
            .map(|key| (key, true))
            .or_else(|| name.strip_suffix("_max").map(|key| (key, false)))
        {
            let message = "Unable to filter on a range with a non-numeric value.";
            let bound: i64 = value
                .trim()
                .parse()
                .map_err(|_| self.bad_request(message))?;
            let number = number_of(key).ok_or_else(|| broken(self.call))?;
            return Ok(Some(Box::new(move |row| {
                number(row).is_some_and(|is| if is_least { is >= bound } else { is <= bound })
            })));
        }
        Ok(Some(match name {
            "os_hidden" | "protected" => return Ok(None),
            "created_at" | "updated_at" => {
                let is_creation = name == "created_at";
                let (operator, time) = operation(&value);
                let time = clock::read(time).ok_or_else(|| {
                    self.bad_request(&format!(
                        "Bad \"{name}\" query filter format. Use ISO 8601 DateTime notation."
                    ))
                })?;
                let order = order_of(operator)
                    .ok_or_else(|| self.bad_request("Unable to filter on a unknown operator."))?;
                Box::new(move |row| {
                    let own: DateTime<Utc> = if is_creation {
                        row.created
                    } else {
                        row.updated
                    };
                    order(own.timestamp().cmp(&time.timestamp()))
                })
            }
            "id" | "name" | "status" | "container_format" | "disk_format" => {
                let name = name.to_owned();
                let wanted = match operation(&value) {
                    ("in", list) => quoted(list).ok_or_else(|| {
                        self.bad_request(&format!(
                            "Invalid filter value {list}. The quote is not closed."
                        ))
                    })?,
                    ("eq", text) => vec![text.to_owned()],
                    (operator, _) => {
                        return Err(self.bad_request(&format!(
                            "Unable to filter by unknown operator '{operator}'."
                        )));
                    }
                };
                if name == "id" {
                    let ids: Vec<Uuid> = wanted.iter().filter_map(|id| read_uuid(id)).collect();
                    Box::new(move |row| ids.contains(&row.id))
                } else {
                    Box::new(move |row| {
                        text_of(&name, row)
                            .is_some_and(|is| wanted.iter().any(|wanted| same(is, wanted)))
                    })
                }
            }
            "owner" => Box::new(move |row| row.owner.to_string() == value),
            "os_hash_algo" => Box::new(move |row| row.hash.is_some() && value == "sha512"),
            "checksum" => Box::new(move |row| row.checksum.as_deref() == Some(&*value)),
            "os_hash_value" => Box::new(move |row| row.hash.as_deref() == Some(&*value)),
            // Each letter of which it takes for a tag.
            "tags" => Box::new(move |row| {
                value
                    .chars()
                    .all(|letter| row.tags.iter().any(|tag| same(tag, &letter.to_string())))
            }),
            _ => match number_of(name) {
                Some(number) => Box::new(move |row| {
                    number(row).map(|is| is.to_string()).as_ref() == Some(&value)
                }),
                None => {
                    let name = name.to_owned();
                    Box::new(move |row| {
                        row.properties.get(&name).is_some_and(|is| same(is, &value))
                    })
                }
            },
        }))
    }
}

fn number_of(name: &str) -> Option<fn(&Image) -> Option<i64>> {
    Some(match name {
        "size" => |row| row.size_bytes.and_then(|bytes| bytes.try_into().ok()),
        "virtual_size" => |row| {
            row.virtual_size_bytes
                .and_then(|bytes| bytes.try_into().ok())
        },
        "min_ram" => |row| Some(i64::from(row.min_ram_mib)),
        "min_disk" => |row| Some(i64::from(row.min_disk_gib)),
        _ => return None,
    })
}

pub(super) fn text_of<'a>(name: &str, row: &'a Image) -> Option<&'a str> {
    match name {
        "name" => row.name.as_deref(),
        "status" => Some(row.status),
        "container_format" => row.container_format,
        "disk_format" => row.disk_format,
        _ => None,
    }
}

/// As the database compares texts.
fn same(one: &str, other: &str) -> bool {
    let folded = |text: &str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    folded(one) == folded(other)
}

/// An operator and what follows it; a time has colons of its own.
fn operation(text: &str) -> (&str, &str) {
    match text.split_once(':') {
        Some(_) if clock::read(text).is_some() => ("eq", text),
        Some((operator, rest)) => (operator, rest),
        None => ("eq", text),
    }
}

fn order_of(operator: &str) -> Option<fn(Ordering) -> bool> {
    Some(match operator {
        "eq" => Ordering::is_eq,
        "neq" => Ordering::is_ne,
        "lt" => Ordering::is_lt,
        "lte" => Ordering::is_le,
        "gt" => Ordering::is_gt,
        "gte" => Ordering::is_ge,
        _ => return None,
    })
}

/// The values of a list with commas, of which some may be in quotes; none when one is not closed.
fn quoted(text: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (value, behind) = match rest.strip_prefix('"') {
            Some(inside) => inside.split_once('"')?,
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        values.push(value.to_owned());
        rest = behind.strip_prefix(',').unwrap_or(behind);
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::{operation, quoted};

    #[test]
    fn lists_may_be_quoted() {
        assert_eq!(quoted("a,b").unwrap(), ["a", "b"]);
        assert_eq!(quoted("\"a,b\",c").unwrap(), ["a,b", "c"]);
        assert_eq!(quoted("a,,b").unwrap(), ["a", "", "b"]);
        assert_eq!(quoted("").unwrap(), [""; 0]);
        assert_eq!(quoted("\"a"), None);
    }

    #[test]
    fn operators_stand_before_a_colon() {
        assert_eq!(operation("in:a,b"), ("in", "a,b"));
        assert_eq!(operation("plain"), ("eq", "plain"));
        assert_eq!(
            operation("2020-01-01T00:00:00Z"),
            ("eq", "2020-01-01T00:00:00Z")
        );
        assert_eq!(
            operation("gt:2020-01-01T00:00:00Z"),
            ("gt", "2020-01-01T00:00:00Z")
        );
    }
}
