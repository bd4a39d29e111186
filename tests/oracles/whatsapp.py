"""WhatsApp: pywa checks the signature and reads the body."""

import hashlib
import hmac
import json

from pywa import WhatsApp
from pywa.types import Message, MessageStatus
from pywa.utils import webhook_updates_validator

from judge import SECRET, bits, check, flipped, refused, wane


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


def run():
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
