//! Apps: their own channel, their devices, and a push when nobody hears the stream.

use serde_json::{Value, json};
use wane_tests::receiver::Receiver;

use crate::daemon::{Client, Daemon};
use crate::{C1, C2, M1, M2};

const DEPLOYMENTS: &str = "deployments = { Page = \"web\", App = \"in-app\" }";
const NOTICE: &str = r#"
[timers.nudge]
handler  = ["rep"]
start_on = ["message:rep"]
stop_on  = ["message:customer"]
on_lapse = []
warn     = [{ before = "1m", notify = "hello", to = "customer" }]

[[rules]]
id    = "nudge"
timer = "nudge"
after = "5m"
"#;

fn phone(daemon: &Daemon) -> Client<'_> {
    let app = json!({ "esDeveloperName": "App", "platform": "Mobile", "deviceId": "phone-1" });
    let answer = daemon.token("unauthenticated", &app);
    assert_eq!(answer.json["context"]["deviceId"], "phone-1");
    Client::of(daemon, &answer)
}

#[test]
fn a_deployment_says_the_channel_and_without_any_the_platform_does() {
    let daemon = Daemon::manual(DEPLOYMENTS);
    let app = phone(&daemon);
    assert_eq!((app.opens(C1), app.says(C1, M1, "hello from the app").status), (201, 200));
    assert_eq!(daemon.session(C1)["channel"], "in-app");
    let page = Client::of(&daemon, &daemon.token("unauthenticated", &json!({ "esDeveloperName": "Page" })));
    assert_eq!((page.opens(C2), page.says(C2, M1, "hello").status), (201, 200));
    assert_eq!(daemon.session(C2)["channel"], "web");
    assert_eq!(daemon.token("unauthenticated", &json!({ "esDeveloperName": "Other" })).status, 400);

    let daemon = Daemon::manual("");
    let app = Client::of(&daemon, &daemon.token("unauthenticated", &json!({ "platform": "Mobile", "deviceId": "d" })));
    assert_eq!((app.opens(C1), app.says(C1, M1, "hello").status), (201, 200));
    assert_eq!(daemon.session(C1)["channel"], "in-app");
}

#[test]
fn a_device_is_a_short_text() {
    let daemon = Daemon::manual(DEPLOYMENTS);
    let asks = |device: Value| {
        daemon.token("unauthenticated", &json!({ "esDeveloperName": "App", "deviceId": device })).status
    };
    assert_eq!((asks(json!("x".repeat(512))), asks(json!(null)), asks(json!(""))), (200, 200, 200));
    for wrong in [json!("x".repeat(513)), json!("a\nb"), json!(7)] {
        assert_eq!(asks(wrong.clone()), 400, "{wrong}");
    }
}

#[test]
fn a_phone_that_sleeps_or_was_killed_is_no_activity_and_no_end() {
    let daemon = Daemon::manual(DEPLOYMENTS);
    let app = phone(&daemon);
    let stream = app.listens(&app.last);
    app.opens(C1);
    app.says(C1, M1, "hello");
    let before = daemon.session(C1);
    drop(stream);
    daemon.pass(9);
    drop(app.listens(&app.last));
    let after = daemon.session(C1);
    assert_eq!((&after["status"], &after["sessions"]), (&before["status"], &before["sessions"]));
    daemon.business(C1, "rep", "message");
    daemon.pass(10);
    assert_eq!(daemon.session(C1)["status"], "inactive", "coming to the front is no answer");
}

#[test]
fn what_is_due_is_pushed_when_nobody_listens_also_after_a_restart() {
    let receiver = Receiver::start();
    let config = format!(
        "streams = 1\n{DEPLOYMENTS}\n[delivery]\nallow = [\"127.0.0.0/8\"]\n[channels.in-app]\nplugin = \"wane_channel_in_app\"\n\
         config = {{ push_url = \"http://127.0.0.1:{}/push\" }}\nsecrets = {{ push_token = \"env:PATH\" }}\n",
        receiver.port
    );
    let daemon = Daemon::start("manual", &config, &[("rules/nudge.toml", NOTICE)]);
    let app = phone(&daemon);
    let stream = app.listens(&app.last);
    app.opens(C1);
    app.says(C1, M1, "hello");
    daemon.business(C1, "rep", "message");
    drop(stream);
    // Until the daemon has seen that it is gone, the stream would be told.
    let page = daemon.token("unauthenticated", &json!({ "esDeveloperName": "Page" }));
    Client::of(&daemon, &page).gets_the_only_place();
    daemon.pass(4);
    let (head, body) = receiver.next();
    assert!(head.starts_with("post /push ") && head.contains("authorization: bearer "), "{head}");
    assert_eq!((&body["deviceId"], &body["conversationId"]), (&json!("phone-1"), &json!(C1)));
    assert_eq!((&body["text"], &body["template"]), (&json!("Still there?"), &json!("hello")));

    daemon.restart(false);
    app.says(C1, M2, "yes");
    daemon.business(C1, "rep", "message");
    daemon.pass(4);
    // Whether the first push arrived may not have been written when the daemon was killed: then it comes again.
    let again =
        std::iter::repeat_with(|| receiver.next().1).find(|push| push["id"] != body["id"]).expect("another one");
    assert_eq!(again["deviceId"], "phone-1", "the app has not been heard of since, but for its message");

    let mut stream = app.listens(&app.last);
    app.says(C1, "aaaaaaaa-0000-4000-8000-000000000009", "yes, yes");
    daemon.business(C1, "rep", "message");
    daemon.pass(4);
    let told = stream.until("CONVERSATION_MESSAGE").pop().expect("one");
    assert_eq!(told.data["conversationId"], C1);
    daemon.settled(3);
    assert!(receiver.is_quiet(), "it was told on the stream");
}
