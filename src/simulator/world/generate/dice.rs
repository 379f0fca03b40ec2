//! Chance that can be repeated.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::{Builder, Uuid};

use crate::world::Key;

/// The same seed throws the same.
pub(crate) struct Dice {
    source: ChaCha8Rng,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            source: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    pub(crate) fn uuid(&mut self) -> Uuid {
        Builder::from_random_bytes(self.source.random()).into_uuid()
    }

    pub(crate) fn key(&mut self) -> Key {
        Key(self.uuid())
    }

    /// From 0 to 1, which it never is.
    pub(crate) fn share(&mut self) -> f64 {
        self.source.random()
    }

    pub(crate) fn chance(&mut self, of: f64) -> bool {
        self.share() < of
    }

    /// From 0 to one less than a number, which is not 0.
    pub(crate) fn below(&mut self, number: usize) -> usize {
        self.source.random_range(0..number)
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// One of several, each with its weight.
    pub(crate) fn weighted<'a, T>(&mut self, of: &'a [(u32, T)]) -> &'a T {
        let whole: u32 = of.iter().map(|(weight, _)| weight).sum();
        let mut left = self.source.random_range(0..whole);
        for (weight, thing) in of {
            if left < *weight {
                return thing;
            }
            left -= weight;
        }
        &of[0].1
    }

    /// Hexadecimal digits.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        (0..digits)
            .map(|_| char::from_digit(self.source.random_range(0..16), 16).unwrap_or('0'))
            .collect()
    }
}
