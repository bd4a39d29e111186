"""SMS: Twilio's SDK signs and checks; Vonage's and MessageBird's check tokens that PyJWT made."""

import hashlib
import json
from urllib.parse import parse_qsl, urlencode

import jwt
from messagebird.error import ValidationError
from messagebird.request_validator import RequestValidator as MessageBird
from twilio.request_validator import RequestValidator as Twilio
from vonage_jwt import verify_signature

from judge import AT, bits, check, flipped, refused, wane

KEY = "a key of nobody that is long enough for every algorithm"
SID = "AC" + "0" * 31 + "1"
URL = "https://hooks.example/sms?shop=7"
FORM = {
    "MessageSid": "SM01", "AccountSid": SID, "From": "+4915112345678", "To": "+4930901820", "NumMedia": "0",
    "Body": "Grüße 😀 & = + %", "NewField": "added any day",
}


def run():
    for name, algorithm, settings in [
        ("SHA-1", None, {}),
        ("SHA-256", "HMAC_SHA256", {"X-Twilio-Webhooks-Signature-Settings": "key=k1,algorithm=HMAC_SHA256"}),
    ]:
        twilio(name, algorithm, settings)
    vonage()
    messagebird()


def twilio(name, algorithm, settings):
    config = {"scheme": "twilio", "auth_token": KEY, "shared_key": KEY, "account_sid": SID}
    validator = Twilio(KEY)
    body = urlencode(FORM).encode()
    signature = validator.compute_signature(URL, FORM, **({"algorithm": algorithm} if algorithm else {}))
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature, **settings}
    said = wane("sms", config, headers, body, url=URL)
    check(f"sms, Twilio, {name}: what its SDK signs is accepted", said["verify"] == "accept" and said["status"] == 200, said)
    [event] = said["events"]
    check(f"sms, Twilio, {name}: the message", (event["id"], event["address"]) == ("SM01", "+4915112345678"), said)
    check(f"sms, Twilio, {name}: its text", event["text"] == FORM["Body"], said)
    for bit in bits(body):
        changed = flipped(body, bit)
        said = wane("sms", config, headers, changed, url=URL)
        fields = dict(parse_qsl(changed.decode("latin-1"), keep_blank_values=True))
        theirs = validator.validate(URL, fields, signature, **({"algorithm": algorithm} if algorithm else {}))
        check(f"sms, Twilio, {name}: bit {bit} changed, as its SDK judges", refused(said) == (not theirs), (said, changed))
    for other in [URL.replace("shop=7", "shop=8"), URL.replace("https", "http")]:
        said = wane("sms", config, headers, body, url=other)
        check(f"sms, Twilio, {name}: another address is refused", refused(said), said)


def vonage():
    config = {"scheme": "vonage-signed-webhook", "signature_secret": KEY}
    message = {
        "channel": "sms", "message_uuid": "u-1", "to": "4930901820", "from": "4915112345678", "message_type": "text",
        "timestamp": "2026-03-01T09:00:00Z", "text": "Grüße",
    }
    body = json.dumps(message).encode()
    claims = {"iat": AT // 1000, "payload_hash": hashlib.sha256(body).hexdigest()}
    token = jwt.encode(claims, KEY, algorithm="HS256")
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    check("sms, Vonage: its SDK accepts", verify_signature(token, KEY))
    said = wane("sms", config, headers, body)
    check("sms, Vonage: accepted", said["verify"] == "accept" and said["status"] == 200, said)
    check("sms, Vonage: the message", [event["id"] for event in said["events"]] == ["u-1"], said)
    for bit in bits(body):
        said = wane("sms", config, headers, flipped(body, bit))
        check(f"sms, Vonage: bit {bit} changed is refused", refused(said), said)
    wrong = jwt.encode(claims, KEY + "!", algorithm="HS256")
    said = wane("sms", config, {**headers, "Authorization": f"Bearer {wrong}"}, body)
    check("sms, Vonage: another key is refused", refused(said) and not verify_signature(wrong, KEY), said)


def messagebird():
    """Its own check needs a token of now, so the plugin is told the instant that the token has."""
    config = {"scheme": "messagebird-jwt", "signing_key": KEY}
    message = {"id": "b1", "recipient": "4930901820", "originator": "4915112345678", "body": "Grüße"}
    body = json.dumps(message).encode()
    far = 4_000_000_000
    claims = {
        "iss": "MessageBird", "nbf": AT // 1000, "exp": far, "jti": "j1",
        "url_hash": hashlib.sha256(URL.encode()).hexdigest(), "payload_hash": hashlib.sha256(body).hexdigest(),
    }
    token = jwt.encode(claims, KEY, algorithm="HS256")
    headers = {"Content-Type": "application/json", "MessageBird-Signature-JWT": token}
    check("sms, MessageBird: its SDK accepts", accepts(token, body))
    said = wane("sms", config, headers, body, url=URL)
    check("sms, MessageBird: accepted", said["verify"] == "accept" and said["status"] == 200, said)
    check("sms, MessageBird: the message", [event["id"] for event in said["events"]] == ["b1"], said)
    for bit in bits(body):
        changed = flipped(body, bit)
        said = wane("sms", config, headers, changed, url=URL)
        check(f"sms, MessageBird: bit {bit} changed is refused", refused(said) and not accepts(token, changed), said)
    said = wane("sms", config, headers, body, url=URL + "&x=1")
    check("sms, MessageBird: another address is refused", refused(said), said)


def accepts(token, body):
    try:
        MessageBird(KEY).validate_signature(token, URL, body)
        return True
    except ValidationError:
        return False
