//! Why a document was not admitted, in words that say how to narrow it.

use async_graphql::{ErrorExtensionValues, Pos, ServerError, parser};

/// A document that will not be executed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("The query has {length} bytes; the limit is {limit}. Put long values into variables.")]
    TooLong { length: usize, limit: usize },
    #[error(
        "The query has more than {limit} tokens. Select fewer fields, or put long values into \
         variables."
    )]
    TooManyTokens { limit: usize },
    #[error(
        "The query nests brackets more than {limit} deep. Put nested values into variables, and \
         ask for less in one query."
    )]
    TooNested { limit: usize },
    #[error("{0}")]
    Parse(#[from] parser::Error),
    #[error("The query defines {count} fragments; the limit is {limit}.")]
    TooManyFragments { count: usize, limit: usize },
    #[error(
        "The query selects more than {limit} fields once its fragments are spread. Spread fewer \
         fragments, or ask in several queries."
    )]
    TooLarge { limit: usize, position: Pos },
    #[error("Fragment `{name}` spreads itself.")]
    FragmentCycle { name: String, position: Pos },
    #[error(
        "The query is more than {limit} levels deep at `{path}`. Start from a list nearer to what \
         you want, or ask in two queries."
    )]
    TooDeep {
        limit: usize,
        path: String,
        position: Pos,
    },
    #[error(
        "A subscription has one field at its root, and this one has {count}. Watch each with a \
         subscription of its own."
    )]
    SeveralSubscriptions { count: usize },
    #[error(
        "The query uses {count} aliases, counted once for every place their fragment is spread; \
         the limit is {limit}. Ask in several queries."
    )]
    TooManyAliases { count: usize, limit: usize },
    #[error(
        "The query could need {cost} upstream rows; the limit is {limit}. `{path}` alone accounts \
         for {path_cost}: ask for fewer rows with `first`, or leave out edges below it."
    )]
    TooExpensive {
        cost: u64,
        limit: u64,
        path: String,
        path_cost: u64,
    },
}

impl Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "QUERY_TOO_LONG",
            Self::TooManyTokens { .. } | Self::TooLarge { .. } => "TOO_LARGE",
            Self::TooNested { .. } => "TOO_NESTED",
            // The parser has a limit of its own, far beyond ours.
            Self::Parse(parser::Error::RecursionLimitExceeded) => "TOO_DEEP",
            Self::Parse(_) => "GRAPHQL_PARSE_FAILED",
            Self::TooManyFragments { .. } => "TOO_MANY_FRAGMENTS",
            Self::FragmentCycle { .. } => "GRAPHQL_VALIDATION_FAILED",
            Self::TooDeep { .. } => "TOO_DEEP",
            Self::SeveralSubscriptions { .. } => "GRAPHQL_VALIDATION_FAILED",
            Self::TooManyAliases { .. } => "TOO_MANY_ALIASES",
            Self::TooExpensive { .. } => "TOO_EXPENSIVE",
        }
    }

    fn limit(&self) -> Option<u64> {
        match self {
            Self::TooLong { limit, .. }
            | Self::TooManyTokens { limit }
            | Self::TooLarge { limit, .. }
            | Self::TooNested { limit }
            | Self::TooManyFragments { limit, .. }
            | Self::TooDeep { limit, .. }
            | Self::TooManyAliases { limit, .. } => u64::try_from(*limit).ok(),
            Self::TooExpensive { limit, .. } => Some(*limit),
            Self::Parse(_) | Self::FragmentCycle { .. } | Self::SeveralSubscriptions { .. } => None,
        }
    }

    fn locations(&self) -> Vec<Pos> {
        match self {
            Self::Parse(error) => error.positions().collect(),
            Self::TooLarge { position, .. }
            | Self::FragmentCycle { position, .. }
            | Self::TooDeep { position, .. } => vec![*position],
            Self::TooLong { .. }
            | Self::TooManyTokens { .. }
            | Self::TooNested { .. }
            | Self::TooManyFragments { .. }
            | Self::SeveralSubscriptions { .. }
            | Self::TooManyAliases { .. }
            | Self::TooExpensive { .. } => Vec::new(),
        }
    }
}

impl From<Refusal> for ServerError {
    fn from(refusal: Refusal) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", refusal.code());
        if let Some(limit) = refusal.limit() {
            extensions.set("limit", limit);
        }
        if let Refusal::TooExpensive { cost, .. } = refusal {
            extensions.set("cost", cost);
        }
        let mut error = ServerError::new(refusal.to_string(), None);
        error.locations = refusal.locations();
        error.extensions = Some(extensions);
        error
    }
}
