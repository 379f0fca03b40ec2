//! The addresses of a subnet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The addresses of a subnet.
pub(super) struct Prefix {
    base: IpAddr,
    length: u8,
}

impl Prefix {
    /// Projects' networks may overlap, and do when there are more of them than second octets.
    pub(super) fn of(is_external: bool, ip_version: u8, octet: usize) -> Self {
        let octet = u8::try_from(octet % 250).unwrap_or_default();
        if is_external {
            return Self {
                base: IpAddr::from([198, 18, 0, 0]),
                length: 15,
            };
        }
        if ip_version == 4 {
            return Self {
                base: IpAddr::from([10, octet, 0, 0]),
                length: 16,
            };
        }
        let base = Ipv6Addr::new(0xfd00, 0, 0, u16::from(octet), 0, 0, 0, 0);
        Self {
            base: IpAddr::V6(base),
            length: 64,
        }
    }

    pub(super) fn cidr(&self) -> String {
        format!("{}/{}", self.base, self.length)
    }

    pub(super) fn address(&self, number: u32) -> IpAddr {
        match self.base {
            IpAddr::V4(base) => IpAddr::V4(Ipv4Addr::from(u32::from(base) + number)),
            IpAddr::V6(base) => IpAddr::V6(Ipv6Addr::from(u128::from(base) + u128::from(number))),
        }
    }

    /// The last one that is not the broadcast address.
    pub(super) fn last(&self) -> IpAddr {
        match self.base {
            IpAddr::V4(base) => {
                let size = 1_u32 << (32 - u32::from(self.length));
                IpAddr::V4(Ipv4Addr::from(u32::from(base) + size - 2))
            }
            IpAddr::V6(base) => {
                let size = 1_u128 << (128 - u32::from(self.length));
                IpAddr::V6(Ipv6Addr::from(u128::from(base) + size - 1))
            }
        }
    }
}
