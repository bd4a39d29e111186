//! The door from outside: requests in, answers out, over a node with a log in a directory.

mod events;
mod limits;
mod listener;
mod lists;
mod openapi;
mod support;
mod tls;
