//! The forms of texts: what is left of them on another cloud.

use std::collections::HashMap;

use regex::Regex;

/// Knows the forms, and the names that a cloud's services have.
pub(crate) struct Forms {
    volatile: Regex,
    forms: Vec<(Regex, &'static str)>,
    time: Regex,
    version: Regex,
}

impl Forms {
    pub(crate) fn new() -> Self {
        let pattern = |text: &str| Regex::new(text).expect("a pattern");
        let uuid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
        let time = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?";
        let mac = "(?:[0-9a-f]{2}:){5}[0-9a-f]{2}";
        let address = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})";
        Self {
            volatile: pattern(&format!(
                r"(?<uuid>{uuid})|(?<hex>\b[0-9a-f]{{32,}}\b)|(?<mac>\b{mac}\b)|(?<time>{time})"
            )),
            forms: vec![
                (pattern("^$"), "empty"),
                (pattern(&format!("^{uuid}$")), "a UUID"),
                (pattern(&format!("^req-{uuid}$")), "a request id"),
                (pattern("^[0-9a-f]{32}$"), "32 hex digits"),
                (pattern("^[0-9a-f]{56}$"), "56 hex digits"),
                (pattern("^[0-9a-f]{64}$"), "64 hex digits"),
                (pattern("^[0-9a-f]{128}$"), "128 hex digits"),
                (pattern(&format!("^{mac}$")), "a MAC address"),
                (pattern(&format!("^{address}$")), "an address"),
                (pattern(&format!(r"^{address}/\d+$")), "a CIDR"),
                (pattern(r"^-?\d+(\.\d+)?$"), "digits"),
                (pattern("^(True|False|true|false)$"), "true or false"),
            ],
            time: pattern(&format!("^{time}(Z|[+-][0-9:]+)?$")),
            version: pattern(r"^v\d+(\.\d+)?$"),
        }
    }

    /// A text without what differs from cloud to cloud and from one time to the next.
    pub(crate) fn canonical(&self, text: &str, local: &Local) -> String {
        let text = local.renamed(text);
        let replaced = self.volatile.replace_all(&text, |found: &regex::Captures| {
            if let Some(hex) = found.name("hex") {
                return format!("<{} hex digits>", hex.len());
            }
            let kinds = ["uuid", "mac", "time"];
            let kind = kinds.iter().find(|kind| found.name(kind).is_some());
            format!("<{}>", kind.copied().unwrap_or_default())
        });
        replaced.into_owned()
    }

    fn is_id(&self, text: &str) -> bool {
        self.volatile
            .find(text)
            .is_some_and(|found| found.len() == text.len())
    }

    /// The form of a text, for people to read and to compare.
    pub(crate) fn of(&self, text: &str, local: &Local) -> String {
        if let Some((_, name)) = self.forms.iter().find(|(form, _)| form.is_match(text)) {
            return (*name).to_owned();
        }
        if self.time.is_match(text) {
            let zero = |it: char| if it.is_ascii_digit() { '0' } else { it };
            return format!("a time like {}", text.chars().map(zero).collect::<String>());
        }
        let text = local.renamed(text);
        if text.starts_with("http://") || text.starts_with("https://") || text.starts_with("/v") {
            return self.url(&text, local);
        }
        "text".to_owned()
    }

    /// A URL whose ids and names are left out, and whose query is.
    fn url(&self, text: &str, local: &Local) -> String {
        let path = text.split('?').next().unwrap_or_default();
        let mut segments = Vec::new();
        let mut data = 0;
        for segment in path.split('/') {
            let is_word = local.followers.contains_key(segment);
            let is_id = self.is_id(segment)
                || (segment.contains(|it: char| it.is_ascii_digit())
                    && !self.version.is_match(segment)
                    && !segment.contains(':'));
            if !segment.is_empty() && (is_id || (data > 0 && !is_word)) {
                segments.push("{}");
                data = usize::saturating_sub(data, 1);
            } else {
                segments.push(segment);
                data = local.followers.get(segment).copied().unwrap_or_default();
            }
        }
        segments.join("/")
    }
}

/// What a cloud and a request call by names of their own.
pub(crate) struct Local<'a> {
    pub(crate) followers: &'a HashMap<String, usize>,
    roots: &'a [Name],
    names: &'a [Name],
}

/// Where a name stands as a word of its own, and what stands for it.
pub(crate) struct Name(Regex, String);

impl Name {
    pub(crate) fn new(name: &str, place: &str) -> Self {
        let pattern = format!(r"(?<begin>^|[^\w-]){}(?<end>$|[^\w-])", regex::escape(name));
        let pattern = Regex::new(&pattern).expect("a pattern");
        Self(pattern, format!("${{begin}}{place}${{end}}"))
    }
}

impl<'a> Local<'a> {
    /// A recording's texts: the names in them were replaced when it was made.
    pub(crate) fn recorded(followers: &'a HashMap<String, usize>) -> Self {
        Self {
            followers,
            roots: &[],
            names: &[],
        }
    }

    /// A cloud's texts.
    pub(crate) fn of_cloud(
        followers: &'a HashMap<String, usize>,
        roots: &'a [Name],
        names: &'a [Name],
    ) -> Self {
        Self {
            followers,
            roots,
            names,
        }
    }

    /// The same for what says nothing of the request: a number in it is no name.
    pub(crate) fn of_headers(&self) -> Self {
        Self {
            names: &[],
            ..*self
        }
    }

    fn renamed(&self, text: &str) -> String {
        let names = self.roots.iter().chain(self.names);
        names.fold(text.to_owned(), |text, Name(pattern, place)| {
            pattern.replace_all(&text, place).into_owned()
        })
    }
}
