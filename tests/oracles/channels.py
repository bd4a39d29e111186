"""Webhooks of WhatsApp and LINE, judged by the plugins and by kits that others wrote.

LINE: events are built with the models of LINE's own SDK and its validator must accept the signature; what its parser reads
of the body is compared with the plugin's events. WhatsApp: pywa's own check of the signature and its parser stand for
Meta, which publishes none. Every body is then sent again with one bit changed, and must be refused by both sides.

Usage: channels.py DIRECTORY, where the command `wane` and the plugins were built.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import subprocess
import sys
import tempfile

from linebot.v3 import WebhookParser
from linebot.v3.exceptions import InvalidSignatureError
from linebot.v3.webhook import SignatureValidator
from linebot.v3.webhooks import (
    CallbackRequest,
    DeliveryContext,
    EventMode,
    FollowEvent,
    FollowDetail,
    ImageMessageContent,
    ContentProvider,
    MessageEvent,
    PostbackContent,
    PostbackEvent,
    TextMessageContent,
    UnfollowEvent,
    UnsendDetail,
    UnsendEvent,
    UserSource,
)
from pywa import WhatsApp
from pywa.types import Message, MessageStatus
from pywa.utils import webhook_updates_validator

BUILT = pathlib.Path(sys.argv[1]).resolve()
SECRET = "oracle-secret-0123456789"
BOT = "U" + "0b" * 16
USER = "U" + "7e" * 16
AT = 1_772_355_600_250
passed, failed = 0, 0


def check(name, good, told=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(f"{'ok  ' if good else 'FAIL'} {name}" + ("" if good else f": {told}"))


def wane(channel, config, headers, body, query=None):
    """What `wane plugin translate` makes of a request."""
    with tempfile.TemporaryDirectory() as name:
        case = pathlib.Path(name)
        url = f"https://hooks.example/{channel}" + (f"?{query}" if query else "")
        request = {"method": "GET" if query else "POST", "url": url, "now_ms": AT + 500}
        (case / "request.json").write_text(json.dumps(request))
        (case / "headers.txt").write_text("".join(f"{key}: {value}\n" for key, value in headers.items()))
        (case / "body.bin").write_bytes(body)
        (case / "secret.json").write_text(json.dumps(config))
        plugin = BUILT / f"libwane_channel_{channel}.so"
        command = [BUILT / "wane", "plugin", "translate", plugin, case]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if not done.stdout.strip():
            sys.exit(f"`wane plugin translate` said nothing on {channel}: {done.stderr}")
        return json.loads(done.stdout)


def refused(said):
    return said["verify"] == "reject" and said["status"] == 401 and not said["events"]


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def bits(data):
    """A few bits all over the body."""
    return range(0, len(data) * 8, max(1, len(data) * 8 // 7))


# ---------------------------------------------------------------------------------------------------------------- LINE


def line_config():
    return {"scheme": "line-hmac-sha256-base64", "channel_secret": SECRET, "destination": BOT}


def line_sign(body):
    return base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()


def line_common(number):
    return {
        "source": UserSource(type="user", userId=USER),
        "timestamp": AT + number,
        "mode": EventMode.ACTIVE,
        "webhookEventId": f"01KJORACLE{number:04}",
        "deliveryContext": DeliveryContext(isRedelivery=False),
    }


def line_events():
    picture = ImageMessageContent(id="8", contentProvider=ContentProvider(type="line"), quoteToken="q")
    text = TextMessageContent(id="7", text="Grüße 😀", quoteToken="q")
    return [
        ("message", MessageEvent(replyToken="r1", message=text, **line_common(1))),
        ("message", MessageEvent(replyToken="r2", message=picture, **line_common(2))),
        ("postback", PostbackEvent(replyToken="r3", postback=PostbackContent(data="a=b"), **line_common(3))),
        ("opt.in", FollowEvent(replyToken="r4", follow=FollowDetail(isUnblocked=False), **line_common(4))),
        ("opt.out", UnfollowEvent(**line_common(5))),
        ("unsend", UnsendEvent(unsend=UnsendDetail(messageId="7"), **line_common(6))),
    ]


def line_body(events):
    request = CallbackRequest(destination=BOT, events=events)
    return json.dumps(json.loads(request.json(by_alias=True, exclude_none=True)), ensure_ascii=False).encode()


def line():
    made = line_events()
    for name, events in [("each kind", made), ("no events", [])]:
        body = line_body([event for _, event in events])
        signature = line_sign(body)
        check(f"line, {name}: the SDK accepts", SignatureValidator(SECRET).validate(body.decode(), signature))
        parsed = WebhookParser(SECRET).parse(body.decode(), signature)
        said = wane("line", line_config(), {"x-line-signature": signature}, body)
        check(f"line, {name}: accepted", said["verify"] == "accept" and said["status"] == 200, said)
        theirs = [(event.webhook_event_id, event.timestamp, event.source.user_id) for event in parsed]
        ours = [(event["id"], event["at_ms"], event["address"]) for event in said["events"]]
        check(f"line, {name}: the same ids, instants and users", theirs == ours, (theirs, ours))
        check(f"line, {name}: types", [event["type"] for event in said["events"]] == [kind for kind, _ in events], said)
        line_changed(name, body, signature)


def line_changed(name, body, signature):
    for bit in bits(body):
        changed = flipped(body, bit)
        said = wane("line", line_config(), {"x-line-signature": signature}, changed)
        check(f"line, {name}: bit {bit} changed is refused", refused(said), said)
        try:
            WebhookParser(SECRET).parse(changed.decode(errors="replace"), signature)
            check(f"line, {name}: bit {bit} changed is refused by the SDK", False, "accepted")
        except InvalidSignatureError:
            check(f"line, {name}: bit {bit} changed is refused by the SDK", True)
    said = wane("line", line_config(), {}, body)
    check(f"line, {name}: no signature is refused", refused(said), said)


# ------------------------------------------------------------------------------------------------------------ WhatsApp


def whatsapp_config():
    return {"scheme": "meta-x-hub-signature-256", "app_secret": SECRET, "verify_token": "open sesame"}


def whatsapp_sign(body):
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def whatsapp_update(**value):
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4930901820", "phone_number_id": "77000222"},
        "contacts": [{"profile": {"name": "Grüße"}, "wa_id": "4915112345678", "user_id": "DE.1"}],
        **value,
    }
    return {"object": "whatsapp_business_account", "entry": [{"id": "5", "changes": [{"field": "messages", "value": value}]}]}


def whatsapp():
    client = WhatsApp(phone_id="77000222", token="none", verify_token="open sesame", server=None)
    common = {"from": "4915112345678", "timestamp": "1772355600"}
    text = whatsapp_update(messages=[{"id": "wamid.T", "type": "text", "text": {"body": "Grüße"}, **common}])
    picture = {"id": "9", "mime_type": "image/jpeg", "sha256": "x"}
    image = whatsapp_update(messages=[{"id": "wamid.I", "type": "image", "image": picture, **common}])
    status = {"id": "wamid.O", "status": "read", "timestamp": "1772355660", "recipient_id": "4915112345678"}
    read = whatsapp_update(statuses=[status])
    for name, update, kind in [("text", text, Message), ("image", image, Message), ("read", read, MessageStatus)]:
        body = json.dumps(update).encode()  # non-ASCII letters as escapes, like Meta
        signature = whatsapp_sign(body)
        check(f"whatsapp, {name}: pywa accepts", webhook_updates_validator(SECRET, body, signature))
        said = wane("whatsapp", whatsapp_config(), {"X-Hub-Signature-256": signature}, body)
        check(f"whatsapp, {name}: accepted", said["verify"] == "accept" and said["status"] == 200, said)
        whatsapp_read(name, kind.from_update(client=client, update=update), said)
        whatsapp_changed(name, body, signature)
    handshake = "hub.mode=subscribe&hub.verify_token=open+sesame&hub.challenge=4711"
    said = wane("whatsapp", whatsapp_config(), {}, b"", handshake)
    check("whatsapp: the handshake is answered", said["status"] == 200 and said["reply"] == "4711", said)
    said = wane("whatsapp", whatsapp_config(), {}, b"", handshake.replace("open", "shut"))
    check("whatsapp: a wrong handshake is refused", said["status"] in (401, 403) and not said.get("reply"), said)


def whatsapp_read(name, theirs, said):
    [ours] = said["events"]
    instant = int(theirs.timestamp.timestamp() * 1000)
    check(f"whatsapp, {name}: the same instant", ours["at_ms"] == instant, (ours, instant))
    check(f"whatsapp, {name}: the same id", ours["id"].split("|")[0] == theirs.id, ours)
    check(f"whatsapp, {name}: the same account", ours["account"] == theirs.metadata.phone_number_id, ours)
    check(f"whatsapp, {name}: the same user", ours["address"] == theirs.from_user.wa_id, ours)


def whatsapp_changed(name, body, signature):
    for bit in bits(body):
        changed = flipped(body, bit)
        said = wane("whatsapp", whatsapp_config(), {"X-Hub-Signature-256": signature}, changed)
        check(f"whatsapp, {name}: bit {bit} changed is refused", refused(said), said)
        check(f"whatsapp, {name}: so does pywa", not webhook_updates_validator(SECRET, changed, signature))
    said = wane("whatsapp", whatsapp_config(), {}, body)
    check(f"whatsapp, {name}: no signature is refused", refused(said), said)


line()
whatsapp()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or passed < 60 else 0)
