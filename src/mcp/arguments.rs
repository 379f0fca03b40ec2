//! A tool's arguments: read, checked and turned into variables, whatever the client checked.

use async_graphql::parser::types::{BaseType, Type};
use serde_json::{Map, Value};

use super::document::Variable;
use super::manifest::{ArgumentRules, EnumCase};
use super::sdl::{Scalar, Sdl, base_name};

/// The most characters of a refused value that are shown.
const MAX_SHOWN: usize = 60;

/// An argument: a variable, and what the manifest says of it.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    /// The variable behind it.
    pub(crate) variable: Variable,
    /// What the manifest says of it.
    pub(crate) rules: ArgumentRules,
}

/// An argument that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadArgument {
    /// Its name.
    pub(crate) argument: String,
    /// What is wrong with it, and what is allowed.
    pub(crate) message: String,
}

/// Checks what a caller gave, and makes the operation's variables of it. Where the tool has several
/// actions, the one at hand is named.
///
/// # Errors
/// With everything that is wrong, so that one more call can be right.
pub(crate) fn read(
    arguments: &[Argument],
    action: Option<&str>,
    given: &Map<String, Value>,
    sdl: &Sdl,
) -> Result<Map<String, Value>, Vec<BadArgument>> {
    let mut variables = Map::new();
    let mut bad = Vec::new();
    for name in given.keys() {
        if !arguments.iter().any(|known| known.name() == name) {
            bad.push(unknown_argument(name, arguments));
        }
    }
    for argument in arguments {
        match argument.read(action, given.get(argument.name()), sdl) {
            Ok(Some(value)) => {
                variables.insert(argument.name().to_owned(), value);
            }
            Ok(None) => {}
            Err(message) => bad.push(BadArgument {
                argument: argument.name().to_owned(),
                message,
            }),
        }
    }
    if bad.is_empty() {
        Ok(variables)
    } else {
        Err(bad)
    }
}

fn unknown_argument(name: &str, arguments: &[Argument]) -> BadArgument {
    let known: Vec<&str> = arguments.iter().map(Argument::name).collect();
    let message = if known.is_empty() {
        format!("unknown argument `{name}`; this tool takes none")
    } else {
        format!("unknown argument `{name}`; known: {}", known.join(", "))
    };
    BadArgument {
        argument: name.to_owned(),
        message,
    }
}

impl Argument {
    /// An argument whose rules suit its type.
    ///
    /// # Errors
    /// In words, when they do not, or when the default breaks them.
    pub(crate) fn new(variable: Variable, rules: ArgumentRules, sdl: &Sdl) -> Result<Self, String> {
        let argument = Self { variable, rules };
        argument.check_rules(sdl)?;
        if let Some(default) = &argument.variable.default
            && !argument.is_omitted(default)
        {
            argument
                .coerce(default, sdl)
                .map_err(|message| format!("its default is refused: {message}"))?;
        }
        Ok(argument)
    }

    /// The name callers know it by.
    pub(crate) fn name(&self) -> &str {
        &self.variable.name
    }

    /// Whether it has to be given.
    pub(crate) fn is_required(&self) -> bool {
        !self.variable.ty.nullable && self.variable.default.is_none()
    }

    /// Its default as a caller would write it.
    pub(crate) fn shown_default(&self, sdl: &Sdl) -> Option<Value> {
        let default = self.variable.default.clone()?;
        let is_enum = sdl.enum_values(base_name(&self.variable.ty)).is_some();
        match default {
            Value::String(text) if is_enum && self.rules.enum_case == EnumCase::Any => {
                Some(Value::String(text.to_lowercase()))
            }
            other => Some(other),
        }
    }

    fn check_rules(&self, sdl: &Sdl) -> Result<(), String> {
        let name = self.name();
        let ty = &self.variable.ty;
        let base = base_name(ty);
        let rules = &self.rules;
        let is_list = matches!(ty.base, BaseType::List(_));
        let is_number = matches!(
            Scalar::named(base),
            Scalar::Integer | Scalar::LongInteger | Scalar::Number
        );
        let refused = |rule: &str, needs: &str| {
            Err(format!(
                "`{rule}` of `{name}` needs {needs}, and it is `{ty}`"
            ))
        };
        if sdl.kind(base).is_none() {
            return Err(format!(
                "the type of `{name}`, `{base}`, is not in the graph"
            ));
        }
        if rules.split && (!is_list || Scalar::named(base) != Scalar::Text) {
            return refused("split", "a list of strings");
        }
        if (rules.min.is_some() || rules.max.is_some()) && !is_number {
            return refused("min` or `max", "a number");
        }
        if rules.enum_case == EnumCase::Any && sdl.enum_values(base).is_none() {
            return refused("enum_case", "an enum");
        }
        if rules.omit_when.is_some() && !ty.nullable {
            return refused("omit_when", "a nullable type");
        }
        Ok(())
    }

    /// Whether a value is what holds anyhow when it is left out.
    pub(crate) fn is_default(&self, value: &Value, sdl: &Sdl) -> bool {
        let default = self.variable.default.as_ref();
        default.is_some_and(|default| match self.coerce(value, sdl) {
            Ok(value) => value == *default,
            Err(_) => false,
        })
    }

    /// The variable's value; none when it is left out.
    fn read(
        &self,
        action: Option<&str>,
        given: Option<&Value>,
        sdl: &Sdl,
    ) -> Result<Option<Value>, String> {
        let default = self.variable.default.as_ref();
        // A variable that is left out takes its default, so absence has to be said: null.
        let omitted = default.map(|_| Value::Null);
        match given {
            None | Some(Value::Null) if self.is_required() => {
                let (name, allowed) = (self.name(), self.allowed(sdl));
                Err(match action {
                    Some(action) => {
                        format!("action `{action}` needs the argument `{name}`: {allowed}")
                    }
                    None => format!("argument `{name}` is required: {allowed}"),
                })
            }
            None | Some(Value::Null) if default.is_some_and(|value| self.is_omitted(value)) => {
                Ok(omitted)
            }
            None | Some(Value::Null) => Ok(None),
            Some(value) if self.is_omitted(value) => Ok(omitted),
            Some(value) => self.coerce(value, sdl).map(Some),
        }
    }

    /// Whether a value is the one that means "absent".
    fn is_omitted(&self, value: &Value) -> bool {
        match (&self.rules.omit_when, value) {
            (Some(word), Value::String(text)) => text.eq_ignore_ascii_case(word),
            _ => false,
        }
    }

    fn coerce(&self, value: &Value, sdl: &Sdl) -> Result<Value, String> {
        let ty = &self.variable.ty;
        let split = match value {
            Value::String(text) if self.rules.split => Some(split_list(text)),
            _ => None,
        };
        let reader = Reader {
            sdl,
            rules: &self.rules,
        };
        reader
            .value(self.name(), ty, split.as_ref().unwrap_or(value))
            .map_err(|refusal| refusal.message())
    }

    fn allowed(&self, sdl: &Sdl) -> String {
        let reader = Reader {
            sdl,
            rules: &self.rules,
        };
        reader.allowed(&self.variable.ty)
    }
}

fn split_list(text: &str) -> Value {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(Value::from)
        .collect()
}

/// A value that was refused, and where.
struct Refusal {
    path: String,
    given: String,
    allowed: String,
}

impl Refusal {
    fn message(self) -> String {
        let Self {
            path,
            given,
            allowed,
        } = self;
        format!("argument `{path}`: {given} given; allowed: {allowed}")
    }
}

/// Reads values of the graph's types.
struct Reader<'a> {
    sdl: &'a Sdl,
    rules: &'a ArgumentRules,
}

impl Reader<'_> {
    fn value(&self, path: &str, ty: &Type, value: &Value) -> Result<Value, Refusal> {
        if value.is_null() && ty.nullable {
            return Ok(Value::Null);
        }
        let refused = || Refusal {
            path: path.to_owned(),
            given: shown(value),
            allowed: self.allowed(ty),
        };
        let name = match &ty.base {
            BaseType::List(item) => {
                let items = value.as_array().ok_or_else(refused)?;
                return items
                    .iter()
                    .enumerate()
                    .map(|(index, value)| self.value(&format!("{path}[{index}]"), item, value))
                    .collect();
            }
            BaseType::Named(name) => name.as_str(),
        };
        if self.sdl.input_fields(name).is_some() {
            let fields = value.as_object().ok_or_else(refused)?;
            return self.object(path, name, fields);
        }
        if let Some(values) = self.sdl.enum_values(name) {
            let text = value.as_str().ok_or_else(refused)?;
            let found = values.into_iter().find(|known| self.same_enum(known, text));
            return found.map(Value::from).ok_or_else(refused);
        }
        self.scalar(Scalar::named(name), value).ok_or_else(refused)
    }

    fn object(
        &self,
        path: &str,
        type_name: &str,
        given: &Map<String, Value>,
    ) -> Result<Value, Refusal> {
        let fields = self.sdl.input_fields(type_name).unwrap_or_default();
        // The rules of an argument are about itself, not about the fields inside it.
        let inner = Reader {
            sdl: self.sdl,
            rules: &ArgumentRules::default(),
        };
        for name in given.keys() {
            if !fields.iter().any(|field| field.name.node == name.as_str()) {
                return Err(Refusal {
                    path: format!("{path}.{name}"),
                    given: "an unknown field".to_owned(),
                    allowed: self.allowed_fields(type_name),
                });
            }
        }
        let mut object = Map::new();
        for field in fields {
            let name = field.name.node.as_str();
            let path = format!("{path}.{name}");
            match given.get(name) {
                Some(value) => {
                    object.insert(name.to_owned(), inner.value(&path, &field.ty.node, value)?);
                }
                None if field.ty.node.nullable || field.default_value.is_some() => {}
                None => {
                    return Err(Refusal {
                        path,
                        given: "nothing".to_owned(),
                        allowed: inner.allowed(&field.ty.node),
                    });
                }
            }
        }
        Ok(Value::Object(object))
    }

    fn same_enum(&self, known: &str, given: &str) -> bool {
        match self.rules.enum_case {
            EnumCase::Exact => known == given,
            EnumCase::Any => given
                .trim()
                .replace(['-', ' '], "_")
                .eq_ignore_ascii_case(known),
        }
    }

    fn scalar(&self, scalar: Scalar, value: &Value) -> Option<Value> {
        match scalar {
            Scalar::Text => value.as_str().map(Value::from),
            Scalar::Boolean => value.as_bool().map(Value::from),
            Scalar::Any => Some(value.clone()),
            Scalar::Integer => {
                let number = whole_number(value)?;
                let fits = i32::try_from(number).is_ok() && self.in_range(number);
                fits.then(|| Value::from(number))
            }
            Scalar::LongInteger => {
                let number = whole_number(value)?;
                self.in_range(number).then(|| Value::from(number))
            }
            Scalar::Number => {
                let number = value.as_f64()?;
                #[expect(clippy::cast_precision_loss, reason = "bounds are small numbers")]
                let fits = self.rules.min.is_none_or(|min| number >= min as f64)
                    && self.rules.max.is_none_or(|max| number <= max as f64);
                fits.then(|| value.clone())
            }
        }
    }

    fn in_range(&self, number: i64) -> bool {
        self.rules.min.is_none_or(|min| number >= min)
            && self.rules.max.is_none_or(|max| number <= max)
    }

    /// What may be given for a type, in words.
    fn allowed(&self, ty: &Type) -> String {
        let name = match &ty.base {
            BaseType::List(item) => {
                let comma = if self.rules.split {
                    ", or one string with commas between them"
                } else {
                    ""
                };
                return format!("a list, each item {}{comma}", self.allowed(item));
            }
            BaseType::Named(name) => name.as_str(),
        };
        if self.sdl.input_fields(name).is_some() {
            return self.allowed_fields(name);
        }
        if let Some(values) = shown_enum_values(name, self.rules, self.sdl) {
            return format!("one of {}", values.join(", "));
        }
        let number = match Scalar::named(name) {
            Scalar::Text => return "a string".to_owned(),
            Scalar::Boolean => return "true or false".to_owned(),
            Scalar::Any => return "any JSON".to_owned(),
            Scalar::Integer | Scalar::LongInteger => "a whole number",
            Scalar::Number => "a number",
        };
        match (self.rules.min, self.rules.max) {
            (Some(min), Some(max)) => format!("{number} from {min} to {max}"),
            (Some(min), None) => format!("{number} of at least {min}"),
            (None, Some(max)) => format!("{number} of at most {max}"),
            (None, None) => number.to_owned(),
        }
    }

    fn allowed_fields(&self, type_name: &str) -> String {
        let fields = self.sdl.input_fields(type_name).unwrap_or_default();
        let names: Vec<&str> = fields
            .iter()
            .map(|field| field.name.node.as_str())
            .collect();
        format!("an object with the fields {}", names.join(", "))
    }
}

/// The values of an enum as a caller writes them, with the word that means "absent".
pub(crate) fn shown_enum_values(
    type_name: &str,
    rules: &ArgumentRules,
    sdl: &Sdl,
) -> Option<Vec<String>> {
    let mut values: Vec<String> = sdl
        .enum_values(type_name)?
        .into_iter()
        .map(|value| match rules.enum_case {
            EnumCase::Exact => value.to_owned(),
            EnumCase::Any => value.to_lowercase(),
        })
        .collect();
    if let Some(word) = &rules.omit_when
        && !values.contains(word)
    {
        values.push(word.clone());
    }
    Some(values)
}

/// A whole number, as JSON Schema understands it: `50.0` is one.
fn whole_number(value: &Value) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let number = value.as_f64()?;
    // Beyond 2^53 a float no longer tells neighbours apart.
    let is_whole = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole and small enough"
    )]
    is_whole.then_some(number as i64)
}

/// A value as a refusal shows it.
pub(crate) fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= MAX_SHOWN {
        return text;
    }
    let start: String = text.chars().take(MAX_SHOWN).collect();
    format!("{start}…")
}
