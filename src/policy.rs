//! Who may do what: `(caller, action) → allow or deny with a reason`, pure, and written once.
//!
//! It is asked before an operation is executed, for every mutation field in it; in the resolver of
//! each, as the second lock; for the list of tools; and for the choice of the schema that a caller
//! may look at. What a caller may do comes from the operator's configuration and the caller's own
//! credentials. Nothing that is sent with a request can widen it.

use crate::auth::Caller;

/// Whether anything may be changed at all; the operator says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is ever changed, whoever asks.
    #[default]
    ReadOnly,
    /// Callers whose credentials allow it may change things.
    Modify,
}

/// Whether a tool asks somebody before it destroys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirm {
    /// Where the client can ask somebody; elsewhere it goes on, and the audit says so.
    #[default]
    WhenPossible,
    /// Always; where nobody can be asked, nothing is destroyed.
    Always,
    /// Never.
    Never,
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Look.
    Read,
    /// Change something, or find out what a change would do.
    Modify,
}

/// What a decision was made by, as the audit names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Nothing stands against it.
    Allowed,
    /// The operator has not switched modifications on.
    ReadOnly,
    /// The caller's token does not carry the scope.
    Scope,
    /// A link must not change anything.
    Link,
}

/// Yes or no, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What decided.
    pub rule: Rule,
    action: Action,
}

/// Decides whether a caller may do something.
#[must_use]
pub fn decide(mode: Mode, caller: &Caller, action: Action) -> Decision {
    let scopes = caller.scopes;
    let rule = match action {
        Action::Read if !scopes.read => Rule::Scope,
        Action::Read => Rule::Allowed,
        Action::Modify if mode == Mode::ReadOnly => Rule::ReadOnly,
        Action::Modify if !scopes.write => Rule::Scope,
        Action::Modify => Rule::Allowed,
    };
    Decision { rule, action }
}

impl Decision {
    /// A change that was asked for by a link, whoever asks.
    #[must_use]
    pub const fn of_link() -> Self {
        Self {
            rule: Rule::Link,
            action: Action::Modify,
        }
    }

    /// Whether it may be done.
    #[must_use]
    pub fn is_allowed(self) -> bool {
        self.rule == Rule::Allowed
    }

    /// Why not, and the way out.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match (self.rule, self.action) {
            (Rule::Allowed, _) => "it is allowed",
            (Rule::ReadOnly, _) => {
                "this server changes nothing; its operator can switch that on with \
                 ALLOW_MODIFY_OPERATIONS=true"
            }
            (Rule::Link, _) => "a link must not change anything; send mutations by POST",
            (Rule::Scope, Action::Modify) => "the token does not carry the scope openstack:write",
            (Rule::Scope, Action::Read) => "the token does not carry the scope openstack:read",
        }
    }
}

impl Rule {
    /// The rule's name in the audit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ReadOnly => "read-only",
            Self::Scope => "scope",
            Self::Link => "not-over-get",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Scopes;

    fn caller(read: bool, write: bool) -> Caller {
        Caller {
            scopes: Scopes { read, write },
            ..Caller::anonymous()
        }
    }

    #[test]
    fn the_whole_table() {
        use Action::{Modify, Read};
        let rows = [
            (Mode::ReadOnly, true, true, Read, Rule::Allowed),
            (Mode::ReadOnly, true, true, Modify, Rule::ReadOnly),
            (Mode::ReadOnly, true, false, Modify, Rule::ReadOnly),
            (Mode::ReadOnly, false, true, Read, Rule::Scope),
            (Mode::Modify, true, true, Read, Rule::Allowed),
            (Mode::Modify, true, true, Modify, Rule::Allowed),
            (Mode::Modify, true, false, Modify, Rule::Scope),
            (Mode::Modify, false, true, Modify, Rule::Allowed),
            (Mode::Modify, false, false, Read, Rule::Scope),
        ];
        for (mode, read, write, action, rule) in rows {
            let decision = decide(mode, &caller(read, write), action);
            assert_eq!(decision.rule, rule, "{mode:?} {read} {write} {action:?}");
            assert_eq!(decision.is_allowed(), rule == Rule::Allowed);
        }
    }
}
