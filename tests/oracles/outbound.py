"""What the plugins send, beside what the vendors' own kits send for the same text: the kits talk to a server of ours."""

import base64
import http.server
import json
import threading
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import messagebird as bird
import requests
from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi, FacebookSession
from linebot.v3.messaging import ApiClient, Configuration, MessagingApi, PushMessageRequest, ReplyMessageRequest, TextMessage
from pywa import WhatsApp
from pywa.types.templates import TemplateLanguage
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from vonage_http_client import Auth, HttpClient
from vonage_messages import Messages
from vonage_messages.models import Sms

from judge import AT, USER, check, rendered

TEXT = "Noch da? 100 % & mehr 😀"
KEY = "a key of nobody"


def run():
    line()
    twilio()
    messagebird()
    vonage()
    whatsapp()
    messenger()


def effect(to, **state):
    about = {"id": "c/1-4", "type": "notice.due", "template": "warn", "conversation": "c"}
    return {**about, "text": TEXT, "to": to, "now_ms": AT, "channel_state": state}


def ours(name, channel, config, said):
    """The one request of the plugin, its secret put in."""
    made = rendered(channel, config, said)
    check(f"{name}: something is sent", made["action"] == "send" and len(made["requests"]) == 1, made)
    [request] = made["requests"]
    headers = {key.lower(): value.replace("{{secret:token}}", KEY) for key, value in request["headers"]}
    return request["method"], urlsplit(request["url"]), headers, request["body"]


class Listener(http.server.BaseHTTPRequestHandler):
    """Remembers what was sent, and says that all is well."""

    heard = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {key.lower(): value for key, value in self.headers.items()}
        self.heard.append(("POST", urlsplit(self.path), headers, body.decode()))
        answer = b'{"sentMessages":[{"id":"1"}]}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def line():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"http://127.0.0.1:{server.server_port}"
    with ApiClient(Configuration(host=host, access_token=KEY)) as client:
        api = MessagingApi(client)
        message = TextMessage(text=TEXT)
        again = "00000000-0000-4000-8000-000000000000"
        api.push_message(PushMessageRequest(to=USER, messages=[message]), x_line_retry_key=again)
        api.reply_message(ReplyMessageRequest(replyToken="r1", messages=[message]))
    server.shutdown()
    push, reply = Listener.heard
    config = {"scheme": "line-hmac-sha256-base64", "channel_secret": "s", "token": KEY}
    alike("line, push", PushMessageRequest, push, ours("line, push", "line", config, effect(USER)))
    fresh = effect(USER, reply_token="r1", reply_token_received_ms=AT - 1000, reply_token_event_ms=AT - 1000)
    alike("line, reply", ReplyMessageRequest, reply, ours("line, reply", "line", config, fresh))


def alike(name, model, theirs, made):
    """The same request, but for what the SDK writes out although it is the default."""
    check(f"{name}: method and path", (theirs[0], theirs[1].path) == (made[0], made[1].path), (theirs, made))
    check(f"{name}: token", theirs[2]["authorization"] == made[2]["authorization"], made)
    check(f"{name}: the retry key, where the SDK has one", ("x-line-retry-key" in theirs[2]) == ("x-line-retry-key" in made[2]), made)
    read = model.from_json(made[3])
    check(f"{name}: the SDK reads it", read is not None and json.loads(read.to_json()) == json.loads(theirs[3]), (made, theirs))
    unknown = set(json.loads(made[3])) - set(json.loads(theirs[3]))
    check(f"{name}: nothing that the SDK does not know", not unknown, unknown)


class Kept(TwilioHttpClient):
    """A client of Twilio's SDK that sends nothing."""

    def request(self, method, url, params=None, data=None, headers=None, auth=None, **_):
        self.kept = (method, url, data, auth)
        return Response(201, '{"sid":"SM1"}')


def twilio():
    kept = Kept()
    Client("AC00000000000000000000000000000001", KEY, http_client=kept).messages.create(
        to="+4915112345678", from_="+4930901820", body=TEXT
    )
    method, url, data, (user, password) = kept.kept
    config = {"scheme": "twilio", "auth_token": KEY, "account_sid": user, "token": KEY}
    made = ours("sms, Twilio", "sms", config, {**effect("+4915112345678"), "account": "+4930901820"})
    check("sms, Twilio: method and address", (method, url) == (made[0], made[1].geturl()), made)
    fields = {name: [value] for name, value in data.items()}
    check("sms, Twilio: the same fields", parse_qs(made[3]) == fields, (made, fields))
    given = made[2]["authorization"]
    # The service encodes it, when it puts the secret in.
    check("sms, Twilio: the same user and password", given == f"Basic {user}:{password}", given)


def messagebird():
    answer = requests.Response()
    answer.status_code = 201
    answer._content = b'{"id":"b1"}'
    with mock.patch("messagebird.http_client.requests.post", return_value=answer) as post:
        bird.Client(KEY).message_create("+4930901820", ["4915112345678"], TEXT)
    [url], theirs = post.call_args
    config = {"scheme": "messagebird-jwt", "signing_key": KEY, "token": KEY}
    made = ours("sms, MessageBird", "sms", config, {**effect("+4915112345678"), "account": "+4930901820"})
    check("sms, MessageBird: method and address", ("POST", url) == (made[0], made[1].geturl()), (url, made))
    check("sms, MessageBird: the key", theirs["headers"]["Authorization"] == made[2]["authorization"], made)
    wanted, sent = json.loads(theirs["data"]), json.loads(made[3])
    # A list of one and a text are the same to it; of the rest we may say more.
    wanted["recipients"] = wanted["recipients"].split(",")
    check("sms, MessageBird: what the SDK sends", all(sent.get(name) == value for name, value in wanted.items()), (wanted, sent))


def vonage():
    kept = []

    def request(**asked):
        kept.append(asked)
        answer = requests.Response()
        answer.status_code = 202
        answer.headers["content-type"] = "application/json"
        answer._content = b'{"message_uuid":"u-1"}'
        return answer

    client = HttpClient(Auth(api_key="abcd1234", api_secret=KEY))
    with mock.patch.object(client._session, "request", request):
        Messages(client).send(Sms(to="4915112345678", from_="4930901820", text=TEXT))
    [asked] = kept
    config = {"scheme": "vonage-signed-webhook", "signature_secret": KEY, "api_key": "abcd1234", "token": KEY}
    made = ours("sms, Vonage", "sms", config, {**effect("+4915112345678"), "account": "+4930901820"})
    check("sms, Vonage: method and address", (asked["method"], asked["url"]) == (made[0], made[1].geturl()), (asked, made))
    check("sms, Vonage: the same message", asked["json"] == json.loads(made[3]), (asked, made))
    given = made[2]["authorization"].removeprefix("Basic ")
    # The service encodes it, when it puts the secret in.
    theirs = asked["headers"]["Authorization"].removeprefix("Basic ")
    check("sms, Vonage: the same user and password", base64.b64decode(theirs).decode() == given, given)


def whatsapp():
    kept = []

    class Session(requests.Session):
        def request(self, method, url, **more):
            kept.append((method, urlsplit(url), more.get("json")))
            answer = requests.Response()
            answer.status_code = 200
            answer._content = b'{"contacts":[{"input":"x","wa_id":"4915112345678"}],"messages":[{"id":"wamid.1"}]}'
            return answer

    client = WhatsApp(phone_id="77000111", token=KEY, session=Session(), api_version=23.0)
    client.send_message(to="4915112345678", text=TEXT, preview_url=False)
    client.send_template(to="4915112345678", name="are_you_there", language=TemplateLanguage.GERMAN, params=[])
    client.send_message(to="DE.49217384", text=TEXT, preview_url=False)
    client.send_message(to="Y2FwaV9ncm91cDo", text=TEXT, preview_url=False)
    config = {"app_secret": "s", "phone_number_id": "77000111", "token": KEY}
    config["templates"] = {"warn": {"name": "are_you_there", "language": "de"}}
    for (method, url, body), (name, to, wrote) in zip(kept, [
        ("whatsapp, a text", "4915112345678", AT - 1000),
        ("whatsapp, a template", "4915112345678", AT - 2 * 86_400_000),
        ("whatsapp, to somebody without a number", "DE.49217384", AT - 1000),
        ("whatsapp, to a group", "Y2FwaV9ncm91cDo", AT - 1000),
    ], strict=True):
        made = ours(name, "whatsapp", config, effect(to, last_customer_message_ms=wrote))
        # Which version of the API it is, each says in a place of its own.
        check(f"{name}: method and path", method == made[0] and made[1].path.endswith(url.path), (url, made))
        check(f"{name}: the same message", stripped(body) == stripped(json.loads(made[3])), (body, made))


def messenger():
    """Meta's own kit knows the edge, its parameters, and the words that some of them may be."""
    kept = []

    def request(method, url, data=None, **_):
        kept.append((method, url, {name: decoded(value) for name, value in data.items()}))
        answer = requests.Response()
        answer.status_code = 200
        answer._content = b'{"recipient_id":"700","message_id":"m_1"}'
        return answer

    session = FacebookSession(access_token=KEY)
    session.requests.request = request
    page = Page("88000111", api=FacebookAdsApi(session, api_version="v25.0"))
    config = {"scheme": "meta-x-hub-signature-256", "app_secret": "s", "page_id": "88000111", "token": KEY}
    for name, state, kind in [
        ("an answer", {"last_customer_message_ms": AT - 1000}, "RESPONSE"),
        ("after an advertisement", {"ad_entry_ms": AT - 3 * 86_400_000}, "UPDATE"),
    ]:
        name = f"messenger, {name}"
        made = ours(name, "messenger", config, effect("700", **state))
        body = json.loads(made[3])
        page.create_message(params=body)
        method, url, theirs = kept.pop()
        check(f"{name}: method and address", (method, url) == (made[0], made[1].geturl()), (method, url, made))
        check(f"{name}: the same parameters", theirs == body, (theirs, body))
        check(f"{name}: the token as a header", made[2]["authorization"] == f"Bearer {KEY}", made)
        known = page.create_message(params=body, pending=True)._param_checker
        fits = {key: known.is_valid_key(key) and known.is_valid_pair(key, value) for key, value in body.items()}
        check(f"{name}: the SDK knows every parameter and value", all(fits.values()) and len(fits) == 3, fits)
        check(f"{name}: as what", body["messaging_type"] == kind, body)
        wrong = [known.is_valid_pair("messaging_type", "REPLY"), known.is_valid_key("recipients"), known.is_valid_pair("message", "x")]
        check(f"{name}: the SDK knows what is wrong", not any(wrong), wrong)


def decoded(value):
    """A parameter of a form, which is JSON where it has parts."""
    return json.loads(value) if value.startswith("{") else value


def stripped(value):
    """Without what says nothing: nulls, falsehoods and empty lists."""
    if isinstance(value, dict):
        return {key: stripped(each) for key, each in value.items() if each not in (None, False, [])}
    return value
