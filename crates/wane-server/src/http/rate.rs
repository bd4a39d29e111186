//! How often somebody may ask: buckets that fill with time.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use crate::config::sections::Rate;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asker {
    /// By the token's id.
    Token(String),
    /// By address; an IPv6 address by its /64, which is what one customer of a provider has.
    Address(IpAddr),
    /// All who came when the table was full.
    Rest,
}

impl Asker {
    /// The asker at that address.
    pub(crate) fn at(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self::Address(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)))),
            v4 @ IpAddr::V4(_) => Self::Address(v4),
        }
    }
}

/// The most askers that are told apart.
const MOST: usize = 65_536;

/// What one request costs: a bucket counts thousandths, so that it can be filled by the millisecond.
const COST: i64 = 1_000;

/// Buckets of one kind.
#[derive(Debug)]
pub(crate) struct Buckets {
    rate: Rate,
    most: usize,
    table: Mutex<BTreeMap<Asker, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    level: i64,
    at: i64,
}

impl Buckets {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, most: MOST, table: Mutex::default() }
    }

    /// Takes one request out of the asker's bucket at the instant `now`, in milliseconds.
    ///
    /// # Errors
    /// After how many seconds there is one in it, when there is none.
    pub(crate) fn take(&self, asker: Asker, now: i64) -> Result<(), u32> {
        if self.rate.rate == 0 {
            return Ok(());
        }
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let asker = if table.contains_key(&asker) || self.room(&mut table, now) { asker } else { Asker::Rest };
        let bucket = table.entry(asker).or_insert(Bucket { level: self.full(), at: now });
        bucket.level = self.level(*bucket, now);
        bucket.at = bucket.at.max(now);
        if bucket.level >= COST {
            bucket.level -= COST;
            return Ok(());
        }
        let wait = (COST - bucket.level) / i64::from(self.rate.rate) / 1_000 + 1;
        Err(u32::try_from(wait).unwrap_or(u32::MAX))
    }

    fn full(&self) -> i64 {
        i64::from(self.rate.burst.max(1)) * COST
    }

    fn level(&self, bucket: Bucket, now: i64) -> i64 {
        let filled = now.saturating_sub(bucket.at).max(0).saturating_mul(i64::from(self.rate.rate));
        bucket.level.saturating_add(filled).min(self.full())
    }

    /// Whether another asker fits. Those whose buckets are full again need not be remembered.
    fn room(&self, table: &mut BTreeMap<Asker, Bucket>, now: i64) -> bool {
        if table.len() >= self.most {
            table.retain(|_, bucket| self.level(*bucket, now) < self.full());
        }
        table.len() < self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Asker {
        Asker::at(text.parse().expect("an address"))
    }

    #[test]
    fn a_burst_then_the_rate() {
        let buckets = Buckets::new(Rate { rate: 2, burst: 3 });
        for _ in 0..3 {
            assert_eq!(buckets.take(at("192.0.2.1"), 1_000), Ok(()));
        }
        assert_eq!(buckets.take(at("192.0.2.1"), 1_000), Err(1));
        assert_eq!(buckets.take(at("192.0.2.2"), 1_000), Ok(()), "another one has a bucket of its own");
        assert_eq!(buckets.take(at("192.0.2.1"), 1_499), Err(1));
        assert_eq!(buckets.take(at("192.0.2.1"), 1_500), Ok(()));
        assert_eq!(buckets.take(at("192.0.2.1"), 1_500), Err(1));
        for _ in 0..3 {
            assert_eq!(buckets.take(at("192.0.2.1"), 1_000_000), Ok(()), "it fills up to the burst");
        }
        assert_eq!(buckets.take(at("192.0.2.1"), 1_000_000), Err(1));
    }

    #[test]
    fn neighbours_of_one_64_share_a_bucket_and_mapped_addresses_are_themselves() {
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
    }

    #[test]
    fn a_full_table_forgets_those_who_may_ask_freely_and_puts_the_others_together() {
        let mut buckets = Buckets::new(Rate { rate: 1, burst: 1 });
        buckets.most = 2;
        assert_eq!(buckets.take(at("192.0.2.1"), 0), Ok(()));
        assert_eq!(buckets.take(at("192.0.2.2"), 0), Ok(()));
        assert_eq!(buckets.take(at("192.0.2.3"), 0), Ok(()), "the first of the rest");
        assert_eq!(buckets.take(at("192.0.2.4"), 0), Err(2), "the rest has one bucket");
        assert_eq!(buckets.take(at("192.0.2.3"), 5_000), Ok(()));
        assert_eq!(buckets.take(at("192.0.2.4"), 5_000), Ok(()), "there is room again");
    }

    #[test]
    fn a_rate_of_nothing_is_no_limit() {
        let buckets = Buckets::new(Rate { rate: 0, burst: 0 });
        for _ in 0..10_000 {
            assert_eq!(buckets.take(at("192.0.2.1"), 0), Ok(()));
        }
    }
}
