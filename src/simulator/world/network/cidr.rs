//! Blocks of addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of addresses: `10.0.0.0/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cidr {
    first: u128,
    length: u8,
    is_ipv6: bool,
}

impl Cidr {
    /// Reads one; an address in it stands for the block, and an address alone for itself.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv6() { 128 } else { 32 };
        let length = match length {
            Some(length) => length.parse().ok().filter(|length| *length <= bits)?,
            None => bits,
        };
        let host = host_bits(bits, length);
        Some(Self {
            first: number(address) & !host,
            length,
            is_ipv6: address.is_ipv6(),
        })
    }

    pub(crate) fn ip_version(self) -> u8 {
        if self.is_ipv6 { 6 } else { 4 }
    }

    pub(crate) fn length(self) -> u8 {
        self.length
    }

    /// The address at a place, from 0.
    pub(crate) fn at(self, place: u128) -> IpAddr {
        address(self.first.wrapping_add(place), self.is_ipv6)
    }

    fn last(self) -> u128 {
        let bits = if self.is_ipv6 { 128 } else { 32 };
        self.first | host_bits(bits, self.length)
    }

    /// The first and the last that a port can have: without the network's own address and the one
    /// for all.
    pub(crate) fn hosts(self) -> (IpAddr, IpAddr) {
        let is_small = !self.is_ipv6 && self.length > 30;
        let first = self.first.wrapping_add(u128::from(!is_small));
        let last = self.last();
        let last = last.wrapping_sub(u128::from(!self.is_ipv6 && !is_small));
        (address(first, self.is_ipv6), address(last, self.is_ipv6))
    }

    pub(crate) fn contains(self, address: IpAddr) -> bool {
        address.is_ipv6() == self.is_ipv6 && (self.first..=self.last()).contains(&number(address))
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.is_ipv6 == other.is_ipv6 && self.first <= other.last() && other.first <= self.last()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.at(0), self.length)
    }
}

fn host_bits(bits: u8, length: u8) -> u128 {
    let free = u32::from(bits.saturating_sub(length));
    1_u128
        .checked_shl(free)
        .map_or(u128::MAX, |size| size.wrapping_sub(1))
}

/// An address as a number.
pub(crate) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn address(number: u128, is_ipv6: bool) -> IpAddr {
    if is_ipv6 {
        return IpAddr::V6(Ipv6Addr::from(number));
    }
    IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)))
}

/// The address behind another.
pub(crate) fn next(before: IpAddr) -> IpAddr {
    address(number(before).wrapping_add(1), before.is_ipv6())
}

/// The address in front of another.
pub(crate) fn previous(behind: IpAddr) -> IpAddr {
    address(number(behind).wrapping_sub(1), behind.is_ipv6())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_its_own_form() {
        let read = |text| Cidr::read(text).map(|cidr| cidr.to_string());
        assert_eq!(read("10.0.0.7/24").as_deref(), Some("10.0.0.0/24"));
        assert_eq!(read("10.0.0.7").as_deref(), Some("10.0.0.7/32"));
        assert_eq!(read("fd00::1/64").as_deref(), Some("fd00::/64"));
        assert_eq!(read("::/0").as_deref(), Some("::/0"));
        for bad in ["10.0.0.0/33", "10.0.0/24", "a/1", "10.0.0.0/x", ""] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn hosts_leave_the_ends_out() {
        let hosts = |text| {
            let (first, last) = Cidr::read(text).unwrap().hosts();
            format!("{first} {last}")
        };
        assert_eq!(hosts("10.0.0.0/24"), "10.0.0.1 10.0.0.254");
        assert_eq!(hosts("10.0.0.0/31"), "10.0.0.0 10.0.0.1");
        assert_eq!(hosts("fd00::/64"), "fd00::1 fd00::ffff:ffff:ffff:ffff");
    }

    #[test]
    fn blocks_overlap_and_contain() {
        let cidr = |text| Cidr::read(text).unwrap();
        assert!(cidr("10.0.0.0/16").overlaps(cidr("10.0.9.0/24")));
        assert!(!cidr("10.0.0.0/24").overlaps(cidr("10.0.1.0/24")));
        assert!(!cidr("0.0.0.0/0").overlaps(cidr("::/0")));
        assert!(cidr("10.0.0.0/24").contains(IpAddr::from([10, 0, 0, 9])));
    }
}
