//! The door: listener, limits, authorisation, routes, problem details.
