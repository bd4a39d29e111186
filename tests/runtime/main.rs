//! The runtime: shards against the plain engine, and against themselves after a crash.

#[cfg(test)]
mod held;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod same;
#[cfg(test)]
mod world;
