"""What the plugin for LINE sends, against LINE's interface as a mock server (Prism) serves it, from two descriptions.

One is LINE's own, as its SDK has it (`line_sdk.py`). The other is ours (`line-messaging.yaml`), which asks for more: what LINE's
reference says and its description leaves out, and what Wane promises. Every request that the plugin makes of any effect must be
accepted by both; requests with one fault each must be refused, by ours all and by LINE's those that it can tell. Nothing in ours
may be laxer than in LINE's. With a copy of the document that LINE publishes (`messaging-api.yml` of
github.com/line/line-openapi), that must accept the same requests too; which faults it sees is told.

Usage: mocked.py DIRECTORY NODE [PUBLISHED], where the command `wane` and the plugins were built, and where Node's packages are.
"""

import contextlib
import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

import yaml

import compare_line
import line_sdk
from judge import AT, check, rendered, verdict

NODE = pathlib.Path(sys.argv[2])
CONFIG = {"scheme": "line-hmac-sha256-base64", "channel_secret": "s", "token": "a key of nobody"}
USER, GROUP, ROOM = ("U" + "7e" * 16, "C" + "1a" * 16, "R" + "5f" * 16)
HOST = "https://api.line.me"
# Every effect that Wane has, though the service gives a channel notices and at most what becomes of sessions.
EFFECTS = [
    "notice.due", "session.opened", "session.activated", "session.requeued", "session.inactivated",
    "session.ended", "bot_session.ended", "conversation.ended", "participant.removed", "client.refused",
    "notice.undeliverable", "transfer.requested", "session.tagged",
]
# How many of the units that LINE counts a text has at the most.
UNITS = 5000
# What LINE's description says nothing of, though LINE's reference does, or though Wane promises it.
UNSEEN = {
    "push of an empty text", "push of a text of 5001", "push with a field that nobody knows", "push to no id",
    "push with a key that is no UUID", "push without a key",
    "reply of an empty text", "reply of a text of 5001", "reply with a field that nobody knows",
}


@contextlib.contextmanager
def mock(description):
    """Where a mock of this interface listens."""
    prism = NODE / "node_modules/@stoplight/prism-cli/dist/index.js"
    with tempfile.TemporaryFile("w+") as said:
        command = ["node", prism, "mock", "--host", "127.0.0.1", "--port", "0", "--errors", description]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as server:
            try:
                # Its last words before it serves; when it ends without them, so do its lines.
                found = (re.search(r"listening on (http://127\.0\.0\.1:\d+)", line) for line in server.stdout)
                address = next(filter(None, found), None)
                if address is None:
                    said.seek(0)
                    sys.exit(f"the mock does not start: {said.read()}")
                # It goes on telling what it answers; a full pipe would stop it.
                threading.Thread(target=server.stdout.read, daemon=True).start()
                yield address.group(1)
            finally:
                server.kill()


def sent(address, request):
    """The status that a request is answered with."""
    url, body = request["url"].replace(HOST, address), request["body"].encode()
    headers = {name: value.replace("{{secret:token}}", CONFIG["token"]) for name, value in request["headers"]}
    try:
        asked = urllib.request.Request(url, body, headers, method=request["method"])
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def units(text):
    """How long LINE takes a text for: in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def effects():
    """Everything that might be sent, and whether it is: to whom, with which words, with and without a token to reply with."""
    fresh = {"reply_token": "0f3779fba3b349968c5d07db31eab56f", "reply_token_received_ms": AT - 1_000, "reply_token_event_ms": AT - 1_000}
    about = {"id": "c/1-4", "conversation": "c", "now_ms": AT}
    texts = {
        "short": "Noch da?", "of every sort": "„100 %“ & <b>\n\t\"\\ ☕ 😀 \u200d ﷽", "of 5000 units": "a" * UNITS,
        "of 2500 pairs": "😀" * (UNITS // 2), "of 5001 units": "a" * (UNITS + 1), "of 2501 pairs": "😀" * (UNITS // 2 + 1), "empty": "",
    }
    for kind in EFFECTS:
        for name, state in [("push", {}), ("reply", fresh), ("late", {**fresh, "reply_token_received_ms": AT - 59_000})]:
            effect = {**about, "type": kind, "text": "Noch da?", "to": USER, "channel_state": state}
            yield f"{kind}, {name}", effect, kind == "notice.due"
    for name, text in texts.items():
        for to in (USER, GROUP, ROOM):
            for state in ({}, fresh):
                effect = {**about, "type": "notice.due", "text": text, "to": to, "channel_state": state}
                yield f"a text {name}, {'reply' if state else 'push'} to {to[0]}…", effect, 0 < units(text) <= UNITS


def made():
    """What the plugin makes of them, by name."""
    requests = {}
    for name, effect, is_sent in effects():
        said = rendered("line", CONFIG, effect)
        check(f"line, {name}: {'sent' if is_sent else 'not sent'}", (said["action"] == "send") == is_sent, said)
        for request in said.get("requests") or []:
            requests[name] = request
    return requests


def faults(push, reply):
    """Requests with one fault each, by what is wrong."""

    def headers(request, name, value):
        kept = [[known, text] for known, text in request["headers"] if known.lower() != name.lower()]
        return {**request, "headers": kept + ([[name, value]] if value is not None else [])}

    def body(request, change):
        content = json.loads(request["body"])
        change(content)
        return {**request, "body": json.dumps(content)}

    def text(words):
        return lambda content: content["messages"][0].update(text=words)

    for name, request in [("push", push), ("reply", reply)]:
        yield f"{name} without a token", headers(request, "Authorization", None)
        yield f"{name} with a token of another scheme", headers(request, "Authorization", "Basic YTpi")
        yield f"{name} of six messages", body(request, lambda content: content.update(messages=content["messages"] * 6))
        yield f"{name} of no message", body(request, lambda content: content.update(messages=[]))
        yield f"{name} without messages", body(request, lambda content: content.pop("messages", None))
        yield f"{name} of an empty text", body(request, text(""))
        yield f"{name} of a text of 5001", body(request, text("a" * (UNITS + 1)))
        yield f"{name} of a number as text", body(request, text(7))
        yield f"{name} without the text", body(request, lambda content: content["messages"][0].pop("text", None))
        yield f"{name} of an unknown type", body(request, lambda content: content["messages"][0].update(type="texts"))
        yield f"{name} without a type", body(request, lambda content: content["messages"][0].pop("type", None))
        yield f"{name} with a field that nobody knows", body(request, lambda content: content.update(notify=True))
        yield f"{name} that is no JSON", {**request, "body": request["body"][:-1]}
        yield f"{name} as a form", headers(request, "Content-Type", "application/x-www-form-urlencoded")
        yield f"{name} by PUT", {**request, "method": "PUT"}
    yield "push without a recipient", body(push, lambda content: content.pop("to", None))
    yield "push to no id", body(push, lambda content: content.update(to="somebody"))
    yield "push with a key that is no UUID", headers(push, "X-Line-Retry-Key", "c/1-4")
    yield "push without a key", headers(push, "X-Line-Retry-Key", None)
    yield "reply without its token", body(reply, lambda content: content.pop("replyToken", None))
    yield "reply to another path", {**reply, "url": reply["url"] + "/again"}


def laxer(theirs):
    """Where our description is laxer than this one."""
    comparison = compare_line.Comparison(compare_line.Document.read(compare_line.OURS), compare_line.Document(theirs))
    comparison.paths()
    return comparison


def compared():
    """The comparison of two descriptions finds what is laxer: ours against ours, with one thing made stricter."""
    ours = yaml.safe_load(compare_line.OURS.read_text())

    def findings(change):
        theirs = copy.deepcopy(ours)
        change(theirs)
        return laxer(theirs).found

    def schema(name):
        return lambda whole: whole["components"]["schemas"][name]

    push, text, messages = schema("Push"), schema("Text"), schema("Messages")
    path = "/v2/bot/message/push"
    check("comparison: the same is not laxer", findings(lambda whole: None) == [], findings(lambda whole: None))
    for name, change in [
        ("a field more is required", lambda whole: push(whole)["required"].append("notify")),
        ("fewer messages", lambda whole: messages(whole).update(maxItems=4)),
        ("more messages at least", lambda whole: messages(whole).update(minItems=2)),
        ("a shorter text", lambda whole: text(whole)["properties"]["text"].update(maxLength=4999)),
        ("another type of a field", lambda whole: text(whole)["properties"]["text"].update(type="array")),
        ("a field of ours is gone", lambda whole: text(whole)["properties"].pop("text")),
        ("another message type", lambda whole: text(whole)["properties"]["type"].update(enum=["texts"])),
        ("a word that nobody compares", lambda whole: push(whole).update({"not": {}})),
        ("an operation is gone", lambda whole: whole["paths"].pop(path)),
        ("a parameter more", lambda whole: whole["paths"][path]["post"]["parameters"].append({"in": "query", "name": "q", "required": True})),
        ("an answer more", lambda whole: whole["paths"][path]["post"]["responses"].update({"418": {}})),
        ("another server", lambda whole: whole.update(servers=[{"url": "https://api.example"}])),
        ("another way to sign in", lambda whole: whole["components"]["securitySchemes"]["token"].update(scheme="basic")),
    ]:
        check(f"comparison: {name} is found", len(findings(change)) >= 1)


def run(name, description, requests, unseen):
    """Serves a description: all requests are accepted, and of those with a fault all but the unseen are refused. When nobody
    said which those are, they are told."""
    with mock(description) as address:
        for what, request in requests.items():
            status = sent(address, request)
            check(f"{name}: {what} is accepted", status == 200, (status, request))
        for what, request in faults(requests["notice.due, push"], requests["notice.due, reply"]):
            status = sent(address, request)
            if unseen is None:
                print(f"     {name} {'sees' if 400 <= status < 500 else 'does not see'}: {what}")
            elif what in unseen:
                check(f"{name}: {what} is not seen", status == 200, status)
            else:
                check(f"{name}: {what} is refused", 400 <= status < 500, status)


def main():
    requests = made()
    ways = [request["url"].removeprefix(HOST) for request in requests.values()]
    check("line: both ways are tried", set(ways) == {"/v2/bot/message/push", "/v2/bot/message/reply"}, ways)
    longest = max(units(json.loads(request["body"])["messages"][0]["text"]) for request in requests.values())
    check("line: the longest text has as many units as may be", longest == UNITS, longest)
    compared()
    published = line_sdk.document()
    comparison = laxer(published)
    check("our description is nowhere laxer than LINE's", comparison.found == [], comparison.found)
    check("LINE's description has all that ours has", comparison.compared >= 13, comparison.compared)
    run("our description", compare_line.OURS, requests, set())
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(published, file)
        file.flush()
        run("LINE's SDK", file.name, requests, UNSEEN)
    for path in sys.argv[3:]:
        run("LINE's document", path, requests, None)
    return verdict(least=200)


if __name__ == "__main__":
    sys.exit(main())
