//! The root fields of a noun: one item, and the list with its order.

use async_graphql::{Enum, InputObject, InputType};

/// Which end of an order comes first.
#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Smallest, earliest, first in the alphabet.
    #[default]
    Asc,
    /// Largest, latest, last in the alphabet.
    Desc,
}

/// What a list is ordered by.
#[derive(InputObject, Clone, Copy, Debug)]
#[graphql(name_type)]
pub struct OrderBy<F: InputType> {
    /// The field to order by.
    pub field: F,
    /// Which end comes first.
    #[graphql(default)]
    pub direction: Direction,
}

impl<F: InputType> async_graphql::TypeName for OrderBy<F> {
    fn type_name() -> std::borrow::Cow<'static, str> {
        // `ServerOrderField` gives `ServerOrder`.
        let name = F::type_name();
        name.strip_suffix("Field")
            .unwrap_or(&name)
            .to_owned()
            .into()
    }
}

/// Declares the query object of a noun: one item by reference, and the list.
macro_rules! root_fields {
    (
        $query:ident for $noun:ty,
        $(#[$one_meta:meta])* one: $one:ident,
        $(#[$many_meta:meta])* many: $many:ident,
        filter: $filter:ty, order: $order:ty $(,)?
    ) => {
        /// The root fields of the noun.
        #[derive(Default)]
        pub struct $query(pub $crate::graph::scope::CloudRef);

        #[async_graphql::Object]
        impl $query {
            $(#[$one_meta])*
            async fn $one(
                &self,
                context: &async_graphql::Context<'_>,
                #[graphql(desc = "Its id or name.")] id: $crate::graph::scalar::Ref,
            ) -> $crate::graph::failure::Answered<$noun> {
                let found = async {
                    let scope = self.0.scope(context)?;
                    $crate::graph::noun::find::<$noun>(&scope, &id).await
                };
                $crate::graph::failure::answered(found.await)
            }

            $(#[$many_meta])*
            async fn $many(
                &self,
                context: &async_graphql::Context<'_>,
                #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")]
                first: Option<i32>,
                #[graphql(desc = "The cursor to go on after, from `pageInfo.endCursor`.")]
                after: Option<String>,
                #[graphql(desc = "How many rows to skip, for \"51 to 100\".")]
                offset: Option<i32>,
                #[graphql(desc = "Every row, at its price.", default = false)] all: bool,
                #[graphql(desc = "Only the rows that match.")] filter: Option<$filter>,
                #[graphql(desc = "The order; the service's own unless given.")]
                order_by: Option<$crate::graph::noun::OrderBy<$order>>,
                #[graphql(
                    desc = "Ask the cloud now, also for what others were told a few seconds ago.",
                    default = false
                )]
                fresh: bool,
            ) -> $crate::graph::failure::Answered<$crate::graph::connection::Connection<$noun>> {
                let page = $crate::graph::connection::PageArguments { first, after, offset, all };
                let listed = async {
                    let scope = self.0.scope(context)?.told_afresh(fresh);
                    let wanted = $crate::graph::noun::Wanted::of(context);
                    let order = order_by.map(|order| (order.field, order.direction));
                    $crate::graph::noun::list::<$noun>(&scope, &wanted, page, filter, order).await
                };
                $crate::graph::failure::certain(listed.await)
            }
        }
    };
}
pub(crate) use root_fields;
