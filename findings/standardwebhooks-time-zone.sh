#!/bin/sh
# standardwebhooks 1.1.0 (PyPI): what is signed with a time in Seoul does not verify, though it is the same instant.
#
# `Webhook.sign(msg_id, timestamp, data)` takes a datetime. It replaces its zone by UTC instead of converting it
# (webhooks.py: `timestamp.replace(tzinfo=timezone.utc).timestamp()`), so that of an aware 09:00 in Seoul it signs 09:00
# in UTC, nine hours later. The header webhook-timestamp has the true number of seconds, and no library in any language
# finds a signature that matches. In UTC, where most servers and tests run, nothing shows. A naive local time is taken
# for UTC too; `datetime.now(timezone.utc)` is the one thing that works.
#
# Needs python3 and a package registry. Exits with 0 while it is so, with 1 if the signatures are the same.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet standardwebhooks==1.1.0
"$folder/venv/bin/python" - <<'PYTHON'
import base64
import hashlib
import hmac
import sys
import time
from datetime import datetime, timedelta, timezone

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

KEY, NAME, BODY = b"0123456789abcdef01234567", "msg_1", '{"type":"site.created"}'
webhook = Webhook(f"whsec_{base64.b64encode(KEY).decode()}")
seconds = int(time.time())


def of_the_specification(at: int) -> str:
    return "v1," + base64.b64encode(hmac.digest(KEY, f"{NAME}.{at}.{BODY}".encode(), hashlib.sha256)).decode()


def verifies(signature: str) -> bool:
    headers = {"webhook-id": NAME, "webhook-timestamp": str(seconds), "webhook-signature": signature}
    try:
        return webhook.verify(BODY, headers) == {"type": "site.created"}
    except WebhookVerificationError:
        return False


right = []
for place, hours in (("UTC", 0), ("Seoul", 9), ("Lima", -5)):
    at = datetime.fromtimestamp(seconds, timezone(timedelta(hours=hours)))
    assert at.timestamp() == seconds
    signature = webhook.sign(NAME, at, BODY)
    assert verifies(of_the_specification(seconds))
    shifted = signature == of_the_specification(seconds + hours * 3600)
    right.append(verifies(signature))
    verdict = "verifies" if right[-1] else "does not verify"
    print(f"signed with the time in {place}: {verdict}; the signed time is off by {hours if shifted else '?'} hours")
sys.exit(0 if right == [True, False, False] else 1)
PYTHON
