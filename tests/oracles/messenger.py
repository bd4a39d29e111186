"""Messenger: signed as WhatsApp is, so pywa checks the signature; what is read is compared with what was written."""

import json

from pywa.utils import webhook_updates_validator

from judge import AT, SECRET, bits, check, flipped, refused, wane
from whatsapp import whatsapp_sign

CONFIG = {"scheme": "meta-x-hub-signature-256", "app_secret": SECRET, "verify_token": "open sesame", "page_id": "88000111"}


def body(items):
    items = [{"sender": {"id": "700"}, "recipient": {"id": "88000111"}, "timestamp": AT, **item} for item in items]
    return json.dumps({"object": "page", "entry": [{"id": "88000111", "time": AT, "messaging": items}]}).encode()


def run():
    texts = [{"message": {"mid": f"m_{number}", "text": "Grüße 😀"}} for number in range(3)]
    sent = body(texts + [{"read": {"watermark": AT}}])
    signature = whatsapp_sign(sent)
    check("messenger: pywa accepts", webhook_updates_validator(SECRET, sent, signature))
    said = wane("messenger", CONFIG, {"X-Hub-Signature-256": signature}, sent)
    check("messenger: accepted", said["verify"] == "accept" and said["status"] == 200, said)
    messages = [event for event in said["events"] if event["type"] == "message"]
    ids = [(event["id"], event["at_ms"], event["address"]) for event in messages]
    check("messenger: all messages", ids == [(f"m_{number}", AT, "700") for number in range(3)], said)
    active = [event["type"] for event in said["events"] if event["activity"]]
    check("messenger: reading is no activity", active == ["message"] * 3, said)
    for bit in bits(sent):
        changed = flipped(sent, bit)
        said = wane("messenger", CONFIG, {"X-Hub-Signature-256": signature}, changed)
        check(f"messenger: bit {bit} changed is refused", refused(said), said)
        check(f"messenger: bit {bit}, so does pywa", not webhook_updates_validator(SECRET, changed, signature))
