//! The routes of rules, and those of the clock and the audit.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use serde_json::json;
use wane_core::engine::Engine;
use wane_core::rules::files::Files;
use wane_core::ruleset::RulesetHash;
use wane_core::time::Timestamp;
use wane_wire::finding::FindingJson;
use wane_wire::record::Ordinal;

use super::apply::{Deed, apply};
use super::audit::{audit, list, who};
use super::bundles::BundleError;
use super::forms::{
    ActivateForm, ActivatedJson, ActiveJson, CheckedJson, ClockForm, FilesForm, FilesJson, HashForm, PreviewJson,
    RollbackForm, RulesForm, VersionsJson,
};
use super::load::Checked;
use super::versions::{Version, VersionJson};
use super::{Proposal, Refusal, load};
use crate::app::App;
use crate::http::extract::{Authorized, Given, Json, Known, Maybe, Params, Segment, bad_parameter};
use crate::http::problem::{Fault, Kind, Problem};
use crate::tokens::{Admin, RulesRead, RulesWrite, Scope};

type Answer<T> = Result<axum::Json<T>, Problem>;

/// The routes of this part of the daemon.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/rules", get(active))
        .route("/v1/rules/versions", get(versions))
        .route("/v1/rules/versions/{version}", get(version))
        .route("/v1/rules/check", post(check))
        .route("/v1/rules/preview", post(preview))
        .route("/v1/rules/activate", post(activate))
        .route("/v1/rules/rollback", post(rollback))
        .route("/v1/clock", post(clock))
        .route("/v1/clock/release-held", post(release_held))
        .route("/v1/audit", get(list::list))
}

async fn active(_: Authorized<RulesRead>, State(app): State<App>, _: Params<()>) -> Answer<ActiveJson> {
    let (ordinal, rules) = app.node.rules();
    let version = app.desk.version(ordinal).await;
    let files = bundle(&app, rules.hash).await?;
    Ok(axum::Json(ActiveJson {
        ordinal: ordinal.0,
        hash: rules.hash.to_string(),
        since: version.as_ref().map(|version| version.at.to_string()),
        by: version.map(|version| version.by.to_string()),
        files: files.iter().map(|(path, content)| (path.to_string(), content.len())).collect(),
        last_attempt: app.desk.attempt().map(Into::into),
    }))
}

/// The parameters of the list of versions.
struct Page {
    /// Only versions before this one.
    before: u32,
    limit: usize,
}

impl Known for Page {
    const NAMES: &[&'static str] = &["after", "limit"];

    fn read(given: &Given) -> Result<Self, Problem> {
        let before = match given.text("after") {
            None => u32::MAX,
            Some(text) => text.parse().map_err(|_| Problem {
                kind: Kind::BadCursor,
                ..bad_parameter("after", "it is not a cursor of this list", "the `next` of an answer")
            })?,
        };
        let limit = given.number("limit", 100, 1..=1_000)?;
        Ok(Self { before, limit: usize::try_from(limit).unwrap_or(usize::MAX) })
    }
}

async fn versions(
    _: Authorized<RulesRead>,
    State(app): State<App>,
    Params(page): Params<Page>,
) -> Answer<VersionsJson> {
    let all = app.desk.versions();
    let mut rest = all.iter().rev().filter(|version| version.ordinal < Ordinal(page.before)).peekable();
    let versions: Vec<&Version> = rest.by_ref().take(page.limit).collect();
    let next = rest.peek().and(versions.last()).map(|last| last.ordinal.0.to_string());
    Ok(axum::Json(VersionsJson { versions: versions.into_iter().map(VersionJson::from).collect(), next }))
}

async fn version(
    _: Authorized<RulesRead>,
    State(app): State<App>,
    _: Params<()>,
    Segment(to): Segment,
) -> Answer<FilesJson> {
    let found = app.desk.meant(Some(&to), app.node.rules().1.hash)?;
    let files = bundle(&app, found.hash).await?;
    let text = |content: &[u8]| String::from_utf8_lossy(content).into_owned();
    let files = files.iter().map(|(path, content)| (path.to_string(), text(content))).collect();
    Ok(axum::Json(FilesJson { version: VersionJson::from(&found), files }))
}

async fn check(
    _: Authorized<RulesRead>,
    State(app): State<App>,
    _: Params<()>,
    Json(form): Json<RulesForm>,
) -> Answer<CheckedJson> {
    let files = given(&app, form.files, form.hash).await?;
    Ok(axum::Json(load::check(files).await?.into()))
}

async fn preview(
    caller: Authorized<RulesRead>,
    State(app): State<App>,
    _: Params<()>,
    Json(form): Json<RulesForm>,
) -> Answer<PreviewJson> {
    let files = given(&app, form.files, form.hash).await?;
    let checked = load::check(files).await?;
    let Some(rules) = checked.rules.clone() else { return Err(Refusal::Broken(Box::new(checked)).into()) };
    let active = app.node.rules().1.hash;
    let preview = app.node.preview(Arc::new(Engine::new(rules.clone()))).await?;
    let answer = PreviewJson::new(&preview, &rules, checked.findings).against(active);
    let may_see = caller.token.scopes.contains(&Scope::SessionsRead);
    Ok(axum::Json(if may_see { answer.with_examples(&preview) } else { answer }))
}

async fn activate(
    caller: Authorized<RulesWrite>,
    State(app): State<App>,
    _: Params<()>,
    Json(form): Json<ActivateForm>,
) -> Answer<ActivatedJson> {
    let files = given(&app, form.files, form.hash).await?;
    let by = who(&caller.token);
    let proposal = Proposal { files, by, if_active: form.if_active.map(|HashForm(hash)| hash) };
    Ok(axum::Json(apply(&app, Deed::Activate, proposal).await?.into()))
}

async fn rollback(
    caller: Authorized<RulesWrite>,
    State(app): State<App>,
    _: Params<()>,
    Maybe(form): Maybe<RollbackForm>,
) -> Answer<ActivatedJson> {
    let active = app.node.rules().1.hash;
    let files = bundle(&app, app.desk.meant(form.to.as_deref(), active)?.hash).await?;
    // What `previous` means depends on what is in force, so that must not change in between.
    let if_active = form.if_active.map(|HashForm(hash)| hash).or(form.to.is_none().then_some(active));
    let proposal = Proposal { files, by: who(&caller.token), if_active };
    Ok(axum::Json(apply(&app, Deed::Rollback, proposal).await?.into()))
}

async fn clock(
    caller: Authorized<Admin>,
    State(app): State<App>,
    _: Params<()>,
    Json(form): Json<ClockForm>,
) -> Answer<serde_json::Value> {
    let to = Timestamp::parse(&form.now).map_err(|error| {
        let fault = Fault { field: "now".to_owned(), message: error.to_string(), ..Fault::default() };
        Problem::new(Kind::BadBody, format!("`now` is no instant: {error}"))
            .help("as `2026-03-01T09:00:00Z`")
            .fault(fault)
    })?;
    let from = app.node.now();
    if !app.clock.is_manual() {
        let what = "the clock of this daemon is the system's, and can not be set";
        return Err(Problem::new(Kind::Conflict, what).help("`wane serve --clock manual` starts one for staging"));
    }
    if to < from && !app.node.may_begin() {
        let what = format!("the clock shows {from}, and never goes back");
        return Err(Problem::new(Kind::Conflict, what).help("give a later instant"));
    }
    let now = app.node.set_clock(to).await?;
    audit(&app, &who(&caller.token), "clock.set", json!({"from": from.to_string(), "to": now.to_string()})).await?;
    Ok(axum::Json(json!({"now": now.to_string()})))
}

/// Overdue deadlines that `--hold-overdue-over` held back are decided from now on, at the rate of a start.
async fn release_held(caller: Authorized<Admin>, State(app): State<App>) -> Answer<serde_json::Value> {
    // First the trail: what can not be told is not done.
    audit(&app, &who(&caller.token), "clock.release-held", json!({})).await?;
    app.node.release_held()?;
    Ok(axum::Json(json!({"released": true})))
}

/// The files that a request gives, or names.
async fn given(app: &App, files: Option<FilesForm>, hash: Option<HashForm>) -> Result<Arc<Files>, Problem> {
    match (files, hash) {
        (Some(FilesForm(files)), None) => Ok(files),
        (None, Some(HashForm(hash))) => bundle(app, hash).await,
        _ => {
            let help = "`files` is an object of paths and texts; `hash` names rules that were in force before";
            Err(Problem::new(Kind::BadBody, "give either `files` or `hash`").help(help))
        }
    }
}

async fn bundle(app: &App, hash: RulesetHash) -> Result<Arc<Files>, Problem> {
    let bundles = app.desk.bundles().clone();
    let files = load::aside(move || bundles.files(hash)).await?;
    Ok(Arc::new(files.map_err(Refusal::from)?))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Broken(checked) => broken(&checked),
            Refusal::Empty => {
                let help = "give all rule files; one of them was perhaps empty";
                Self::new(Kind::Unprocessable, refusal.to_string()).help(help)
            }
            Refusal::Moved { .. } => {
                let help = "look at what was put in force meanwhile, then try again";
                Self::new(Kind::Conflict, refusal.to_string()).help(help)
            }
            Refusal::NoVersion(what) => Self::not_found(what).help("`GET /v1/rules/versions` lists them"),
            Refusal::Bundle(BundleError::Unknown(hash, _)) => {
                Self::not_found(format!("the rules {hash} are not known here"))
            }
            Refusal::Node(error) => error.into(),
            Refusal::Bundle(error) => Self::internal(&error),
            Refusal::Index(_) | Refusal::CutOff(_) => Self::internal(&refusal),
        }
    }
}

/// Every error, with its place; warnings are left out.
fn broken(checked: &Checked) -> Problem {
    let errors = checked.findings.iter().filter(|finding| finding.severity == "error");
    errors.fold(Problem::new(Kind::BadRules, checked.words()), |problem, finding| problem.fault(fault(finding)))
}

fn fault(finding: &FindingJson) -> Fault {
    let place = finding.labels.first();
    Fault {
        index: None,
        field: place.map(|place| place.file.clone()).unwrap_or_default(),
        message: format!("{}: {}", finding.code, finding.message),
        help: finding.help.clone(),
        line: place.map(|place| place.line),
        column: place.map(|place| place.column),
    }
}
