//! The door: listener, limits, authorisation, routes, problem details.
//!
//! [`router`] is everything that is served; [`listener::Door`] serves it. A request passes `guard` (who, how often, what
//! body), then a handler that takes its parts by [`extract`] and answers, or a [`problem::Problem`]. The other parts of
//! the daemon bring routes of their own, which are merged here.

mod body;
mod effects;
mod events;
pub mod extract;
mod follow;
pub mod guard;
pub mod listener;
mod openapi;
mod ops;
pub mod problem;
pub(crate) mod rate;
mod render;
mod sessions;
mod tls;
pub mod webhook;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use guard::Shield;
use problem::{Kind, Problem};

/// Everything that is served.
pub fn router(app: App) -> Router {
    let shield = Shield::new(app.clone());
    routes()
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(shield, guard::guard))
        .layer(from_fn_with_state(app.clone(), crate::client::door))
        .with_state(app)
}

/// All routes, without what goes round them.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .merge(ops::routes())
        .merge(events::routes())
        .merge(sessions::routes())
        .merge(effects::routes())
        .merge(crate::desk::routes())
        .merge(crate::delivery::routes())
        .merge(webhook::routes())
        .merge(crate::client::routes())
}

async fn nowhere() -> Problem {
    Problem::new(Kind::NoRoute, "there is nothing at this path").help("`GET /openapi.json` lists all paths")
}

async fn wrong_method() -> Problem {
    Problem::new(Kind::WrongMethod, "the path does not have this method; the header `Allow` says which it has")
}

/// A panic costs its request alone.
fn panicked(cause: Box<dyn std::any::Any + Send>) -> Response {
    let words = cause.downcast_ref::<&str>().map(|words| (*words).to_owned());
    let words = words.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_default();
    Problem::internal(&format!("panic: {words}")).into_response()
}

#[cfg(test)]
mod tests;
