//! The OpenAPI document and the router tell of the same routes.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::Value;

use super::support::House;
use crate::http::{openapi, problem::Kind, routes};
use crate::tokens::Scope;

fn document() -> Value {
    serde_json::from_str(openapi::document()).expect("JSON")
}

/// The paths of the router, as its debug text has them.
fn paths() -> BTreeSet<String> {
    let text = format!("{:?}", routes());
    let quoted = text.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/'));
    // The rest of a path has no form of its own in a document.
    quoted.filter(|path| !path.contains("__private__")).map(|path| path.replace("{*", "{")).collect()
}

#[test]
fn every_path_of_the_router_is_described_and_no_other() {
    let described: BTreeSet<String> =
        document()["paths"].as_object().expect("paths").keys().map(ToOwned::to_owned).collect();
    assert!(described.contains("/v1/events"));
    assert_eq!(described, paths());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_of_a_path_is_described_and_no_other() {
    let house = House::new();
    for (path, item) in document()["paths"].as_object().expect("paths") {
        let described: BTreeSet<String> =
            item.as_object().expect("methods").keys().map(|name| name.to_uppercase()).collect();
        let real = path.replace(['{', '}'], "");
        let method = Method::from_bytes(b"NOSUCH").expect("a method");
        let request = Request::builder().method(method).uri(&real).body(Body::empty()).expect("a request");
        let answer = house.ask(request).await;
        if path.starts_with("/iamessage/") && answer.status != 405 {
            // There a method may be told by a header, so the handler looks at it.
            continue;
        }
        assert_eq!(answer.status, 405, "{path}");
        let allow = answer.headers["allow"].to_str().expect("text");
        let allowed: BTreeSet<String> = allow.split(',').map(str::to_owned).filter(|name| name != "HEAD").collect();
        assert_eq!(described, allowed, "{path}");
    }
}

#[test]
fn what_the_document_names_is_in_it() {
    let document = document();
    let mut refs = Vec::new();
    references(&document, &mut refs);
    assert!(!refs.is_empty());
    for reference in refs {
        let pointer = reference.strip_prefix('#').expect("within the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn references(value: &Value, into: &mut Vec<String>) {
    if let Some(fields) = value.as_object() {
        into.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
        fields.values().for_each(|value| references(value, into));
    }
    value.as_array().into_iter().flatten().for_each(|value| references(value, into));
}

#[test]
fn problems_and_scopes_are_all_listed() {
    let document = document();
    let listed = |pointer: &str| -> BTreeSet<String> {
        let list = document.pointer(pointer).and_then(Value::as_array).expect("a list");
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let problems: BTreeSet<String> = Kind::ALL.iter().map(|kind| format!("/problems/{}", kind.slug())).collect();
    assert_eq!(listed("/components/schemas/Problem/properties/type/enum"), problems);
    let scopes: BTreeSet<String> = Scope::ALL.iter().map(|scope| scope.name().to_owned()).collect();
    let used: BTreeSet<String> = document["paths"]
        .as_object()
        .expect("paths")
        .values()
        .flat_map(|item| item.as_object().expect("methods").values())
        .filter_map(|operation| operation["x-scope"].as_str())
        .map(str::to_owned)
        .collect();
    assert!(used.is_subset(&scopes), "{used:?}");
}
