"""What all oracles need: the plugins by the command `wane`, one changed bit, and the count of what was right."""

import json
import pathlib
import subprocess
import sys
import tempfile

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


def wane(channel, config, headers, body, query=None, url=None):
    """What `wane plugin translate` makes of a request."""
    with tempfile.TemporaryDirectory() as name:
        case = pathlib.Path(name)
        url = url or f"https://hooks.example/{channel}" + (f"?{query}" if query else "")
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


def rendered(channel, config, effect):
    """What `wane plugin render` makes of an effect; secrets stay placeholders."""
    with tempfile.TemporaryDirectory() as name:
        case = pathlib.Path(name)
        (case / "effect.json").write_text(json.dumps({**effect, "config": config}))
        plugin = BUILT / f"libwane_channel_{channel}.so"
        command = [BUILT / "wane", "plugin", "render", plugin, case]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if not done.stdout.strip():
            sys.exit(f"`wane plugin render` said nothing on {channel}: {done.stderr}")
        return json.loads(done.stdout)


def verdict(least):
    """Says how it went; fewer checks than `least` are none."""
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed < least else 0
