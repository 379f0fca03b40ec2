//! A build without the feature `redis`: there is nothing to share with, and `CACHE_URL` is refused.

use std::sync::Arc;
use std::time::Duration;

use super::{Name, Snapshot, Turn};
use crate::config::{RateLimit, SharedSettings};
use crate::{Error, Result};

/// Nothing: there is never one.
#[derive(Debug)]
pub enum Shared {}

/// Nothing: there is never one.
#[derive(Debug)]
pub enum Lock {}

impl Shared {
    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn new(_settings: &SharedSettings) -> Result<Arc<Self>> {
        Err(Error::Configuration(
            "`CACHE_URL` needs a build with the feature `redis`".to_owned(),
        ))
    }

    pub(crate) fn name(&self, _parts: &[&str]) -> Name {
        match *self {}
    }

    pub(crate) fn derived_key(&self, _purpose: &str) -> [u8; 32] {
        match *self {}
    }

    pub(crate) async fn get(&self, _name: &Name) -> Option<Snapshot> {
        match *self {}
    }

    pub(crate) async fn put(&self, _name: &Name, _snapshot: &Snapshot, _life: Duration) {
        match *self {}
    }

    pub(crate) async fn turn(self: &Arc<Self>, _name: &Name) -> Turn {
        match **self {}
    }

    pub(crate) async fn use_once(&self, _name: &Name, _life: Duration) -> Option<bool> {
        match *self {}
    }

    pub(crate) async fn take(
        &self,
        _name: &Name,
        _limit: RateLimit,
    ) -> Option<Result<(), Duration>> {
        match *self {}
    }

    pub(crate) async fn tell_change(&self, _name: &Name, _value: u64) {
        match *self {}
    }

    pub(crate) async fn follow_changes(
        &self,
        _names: &[Name],
        _heard: impl Fn(&str, u64),
        _hears: impl Fn(bool),
    ) {
        match *self {}
    }
}
