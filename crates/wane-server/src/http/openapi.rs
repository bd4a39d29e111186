//! The OpenAPI document; the file `docs/openapi.json`. A test compares it with the routes, both ways.

/// The document.
pub(super) const fn document() -> &'static str {
    include_str!("../../../../docs/openapi.json")
}
