//! Literals of Python: what Cinder reads in the filters of volumes, undocumented and used by all.

/// What a filter asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    None,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Literal>),
    Map(Vec<(Literal, Literal)>),
}

impl Literal {
    /// Reads a literal; what is none is a text.
    pub(super) fn read(text: &str) -> Self {
        let mut reader = Reader { rest: text.trim() };
        match reader.literal() {
            Some(literal) if reader.rest.trim().is_empty() => literal,
            _ => Self::Text(text.to_owned()),
        }
    }

    /// The pairs of a map whose keys and values are texts (or numbers, as texts).
    pub(super) fn pairs(&self) -> Option<Vec<(String, String)>> {
        let Self::Map(pairs) = self else {
            return None;
        };
        pairs
            .iter()
            .map(|(name, value)| Some((name.text()?, value.text()?)))
            .collect()
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip(&mut self, prefix: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn literal(&mut self) -> Option<Literal> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            quote @ ('\'' | '"') => self.quoted(quote),
            '[' => self.list(']').map(Literal::List),
            '(' => self.list(')').map(Literal::List),
            '{' => self.map(),
            _ => self.word(),
        }
    }

    fn quoted(&mut self, quote: char) -> Option<Literal> {
        let mut text = String::new();
        let mut letters = self.rest.char_indices().skip(1);
        while let Some((place, letter)) = letters.next() {
            match letter {
                '\\' => text.push(letters.next()?.1),
                _ if letter == quote => {
                    self.rest = &self.rest[place + quote.len_utf8()..];
                    return Some(Literal::Text(text));
                }
                _ => text.push(letter),
            }
        }
        None
    }

    fn list(&mut self, end: char) -> Option<Vec<Literal>> {
        let end = end.to_string();
        self.rest = &self.rest[1..];
        let mut items = Vec::new();
        while !self.skip(&end) {
            items.push(self.literal()?);
            if !self.skip(",") {
                return self.skip(&end).then_some(items);
            }
        }
        Some(items)
    }

    fn map(&mut self) -> Option<Literal> {
        self.rest = &self.rest[1..];
        let mut pairs = Vec::new();
        while !self.skip("}") {
            let name = self.literal()?;
            if !self.skip(":") {
                return None;
            }
            pairs.push((name, self.literal()?));
            if !self.skip(",") {
                return self.skip("}").then_some(Literal::Map(pairs));
            }
        }
        Some(Literal::Map(pairs))
    }

    fn word(&mut self) -> Option<Literal> {
        let end = self
            .rest
            .find(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '-' | '+'))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "None" => Some(Literal::None),
            "True" => Some(Literal::Bool(true)),
            "False" => Some(Literal::Bool(false)),
            _ => {
                let number: i64 = word.parse().ok()?;
                // Leading zeros are not Python.
                let is_plain = number.to_string() == word.trim_start_matches('+');
                is_plain.then_some(Literal::Number(number))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Literal;

    fn text(text: &str) -> Literal {
        Literal::Text(text.to_owned())
    }

    #[test]
    fn lists_maps_and_words() {
        assert_eq!(
            Literal::read("['in-use', \"error\",]"),
            Literal::List(vec![text("in-use"), text("error")])
        );
        assert_eq!(
            Literal::read("{'a': 'b'}").pairs(),
            Some(vec![("a".to_owned(), "b".to_owned())])
        );
        assert_eq!(Literal::read("None"), Literal::None);
        assert_eq!(Literal::read("12"), Literal::Number(12));
        assert_eq!(Literal::read("[]"), Literal::List(Vec::new()));
    }

    #[test]
    fn what_is_no_literal_is_text() {
        for word in [
            "in-use", "012", "1.5.", "['a'", "a b", "", "['a'] x", "ümläut",
        ] {
            assert_eq!(Literal::read(word), text(word), "{word}");
        }
        let id = "12345678-0000-4000-8000-000000000000";
        assert_eq!(Literal::read(id), text(id));
    }
}
