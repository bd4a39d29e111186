"""LINE: events of its own SDK's models, checked and read by its own SDK."""

import base64
import hashlib
import hmac
import json

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

from judge import AT, BOT, SECRET, USER, bits, check, flipped, refused, wane


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


def run():
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
