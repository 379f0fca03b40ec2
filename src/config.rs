//! The configuration: flag over environment over `.env` over `clouds.yaml` over default.

mod cloud_entry;

pub use cloud_entry::{
    ApplicationCredentialRef, Auth, CloudEntry, DomainRef, Interface, Named, Scope, Tls,
};
