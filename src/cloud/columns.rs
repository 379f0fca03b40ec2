//! Which columns of a list are asked for.

use super::operation::Operation;

/// The columns that a list is asked for, where the service lets one choose: some cost it more than
/// all the others together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Columns {
    /// Those that are always asked for; none for all there are.
    pub always: &'static [&'static str],
    /// Those that are asked for when an operation may need them, with the word by which it would
    /// name them.
    pub dear: &'static [(&'static str, &'static [&'static str])],
}

impl Columns {
    /// All there are.
    pub const ALL: Self = Self {
        always: &[],
        dear: &[],
    };

    /// The words of those dear ones that an operation may need.
    pub(super) fn needed(self, operation: &Operation) -> impl Iterator<Item = &'static str> {
        let words = self.dear.iter().map(|(word, _)| *word);
        words.filter(|word| operation.may_need(word))
    }

    /// Those that are asked for in an operation; none for all there are.
    pub(super) fn asked_for(self, operation: &Operation) -> impl Iterator<Item = &'static str> {
        let dear = self.dear.iter();
        let dear = dear.filter(|(word, _)| operation.may_need(word));
        let always = self.always.iter();
        always.chain(dear.flat_map(|(_, names)| *names)).copied()
    }
}
