"""Apple: PyJWT makes and checks the gateway's tokens, as Apple's own sample does. Bodies are not signed, so it is the token
that is changed."""

import base64
import json

import jwt

from judge import AT, check, wane

KEY = b"a key of nobody that is long enough"
CONFIG = {
    "scheme": "apple-msp-jwt", "msp_id": "msp-1", "msp_secret_base64": base64.b64encode(KEY).decode(), "business_id": "biz-1",
}


def run():
    message = {
        "v": 1, "id": "11111111-0000-4000-8000-000000000001", "type": "text", "sourceId": "urn:mbid:A",
        "destinationId": "biz-1", "locale": "de_DE", "body": "Grüße 😀",
    }
    body = json.dumps(message).encode()
    for name, claims in [("a text", {"aud": "msp-1"}), ("a list", {"aud": ["other", "msp-1"]})]:
        said = sent(jwt.encode({**claims, "iat": AT // 1000}, KEY, algorithm="HS256"), body)
        check(f"apple, for whom as {name}: accepted", said["verify"] == "accept" and said["status"] == 200, said)
        check(f"apple, for whom as {name}: the message", [event["id"] for event in said["events"]] == [message["id"]], said)
    good = {"aud": "msp-1", "iat": AT // 1000}
    for name, token in [
        ("another key", jwt.encode(good, KEY + b"!", algorithm="HS256")),
        ("the key as it is written", jwt.encode(good, CONFIG["msp_secret_base64"], algorithm="HS256")),
        ("another algorithm", jwt.encode(good, KEY * 2, algorithm="HS512")),
        ("no algorithm", jwt.encode(good, None, algorithm="none")),
        ("for somebody else", jwt.encode({**good, "aud": "msp-2"}, KEY, algorithm="HS256")),
        ("eight days old", jwt.encode({**good, "iat": AT // 1000 - 8 * 86_400}, KEY, algorithm="HS256")),
    ]:
        said = sent(token, body)
        check(f"apple, {name}: refused", turned_away(said), said)
    changed(jwt.encode(good, KEY, algorithm="HS256"), body)


def changed(token, body):
    """One sign of the token is another one: at some places of each of its parts."""
    for at in range(0, len(token), 9):
        if token[at] == ".":
            continue
        other = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        try:
            jwt.decode(other, KEY, algorithms=["HS256"], audience="msp-1", options={"verify_iat": False})
            theirs = True
        except jwt.InvalidTokenError:
            theirs = False
        check(f"apple: sign {at} of the token is another, as PyJWT judges", turned_away(sent(other, body)) == (not theirs), other)


def turned_away(said):
    return said["verify"] == "reject" and said["status"] in (401, 403) and not said["events"]


def sent(token, body):
    return wane("apple", CONFIG, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}, body)
