//! Which addresses may be connected to.
//!
//! An endpoint's URL is given by somebody who may not know, or may know too well, what else this machine can reach. So every
//! address that is not global unicast is refused, unless the operator lists its network in `[delivery] allow`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), length)
}

const fn v6(a: u16, b: u16, c: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

/// This network, private, shared, loopback, link-local, protocol assignments, documentation, relays, benchmarks, multicast,
/// reserved.
const REFUSED_V4: [Ipv4Net; 14] = [
    v4(0, 0, 0, 8),
    v4(10, 0, 0, 8),
    v4(100, 64, 0, 10),
    v4(127, 0, 0, 8),
    v4(169, 254, 0, 16),
    v4(172, 16, 0, 12),
    v4(192, 0, 0, 24),
    v4(192, 0, 2, 24),
    v4(192, 88, 99, 24),
    v4(192, 168, 0, 16),
    v4(198, 18, 0, 15),
    v4(198, 51, 100, 24),
    v4(203, 0, 113, 24),
    v4(224, 0, 0, 3),
];

/// Unspecified, loopback and IPv4-compatible; IPv4-mapped; translation; discard; protocol assignments; documentation; 6to4;
/// unique local; link-local; site-local; multicast; segment routing.
const REFUSED_V6: [Ipv6Net; 14] = [
    v6(0, 0, 0, 96),
    Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96),
    v6(0x64, 0xff9b, 0, 96),
    v6(0x64, 0xff9b, 1, 48),
    v6(0x100, 0, 0, 64),
    v6(0x2001, 0, 0, 23),
    v6(0x2001, 0xdb8, 0, 32),
    v6(0x2002, 0, 0, 16),
    v6(0x3fff, 0, 0, 20),
    v6(0xfc00, 0, 0, 7),
    v6(0xfe80, 0, 0, 10),
    v6(0xfec0, 0, 0, 10),
    v6(0xff00, 0, 0, 8),
    v6(0x5f00, 0, 0, 16),
];

/// Whether an address is one of the open internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !REFUSED_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => !REFUSED_V6.iter().any(|net| net.contains(&address)),
    }
}

/// Whether an address is in one of the networks.
#[must_use]
pub fn is_listed(address: IpAddr, allow: &[IpNet]) -> bool {
    allow.iter().any(|net| net.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_open_internet_is_public() {
        let refused = "0.0.0.0 0.255.255.255 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254
            169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1
            198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
            :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1
            2001:1ff:ffff::1 2001:db8::1 2002:7f00:1:: 2002:808:808:: fc00::1 fd12:3456::1 fe80::1 febf::1 fec0::1 ff02::1
            ff0e::1 5f00::1 3fff::1";
        for address in refused.split_whitespace() {
            assert!(!is_public(address.parse().expect(address)), "{address}");
        }
        let public = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1
            169.253.255.255 172.15.255.255 172.32.0.0 192.0.1.1 192.0.3.1 192.88.98.1 192.167.255.255 192.169.0.0 198.17.255.255
            198.20.0.0 223.255.255.255 2001:4860:4860::8888 2001:200::1 2606:4700::1111 2a00:1450::1 2003::1 64:ff9b:2::1";
        for address in public.split_whitespace() {
            assert!(is_public(address.parse().expect(address)), "{address}");
        }
    }

    #[test]
    fn a_listed_network_is_taken_as_it_is_written() {
        let allow = ["127.0.0.0/8".parse().expect("a network")];
        assert!(is_listed("127.0.0.1".parse().expect("an address"), &allow));
        assert!(!is_listed("::ffff:127.0.0.1".parse().expect("an address"), &allow));
        assert!(!is_listed("10.0.0.1".parse().expect("an address"), &allow));
    }
}
