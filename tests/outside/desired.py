#!/usr/bin/env python3
"""Takes a retained `desired` message apart with Python's standard library alone.

    desired.py MESSAGE.json ENVELOPE MANIFEST

Writes the manifest's envelope exactly as it was packed, and the manifest that the envelope holds; prints the digest that the
message gives for the envelope. It verifies no signature: that is not its job.
"""

import base64
import gzip
import json
import sys


def main(message, envelope, manifest):
    with open(message, encoding="utf-8") as file:
        desired = json.load(file)
    packed = gzip.decompress(base64.b64decode(desired["manifest"], validate=True))
    with open(envelope, "wb") as out:
        out.write(packed)
    signed = json.loads(packed)
    if signed["payloadType"] != "application/vnd.bangtin.manifest.v1+json":
        sys.exit(f"the envelope holds {signed['payloadType']}")
    payload = base64.b64decode(signed["payload"], validate=True)
    with open(manifest, "wb") as out:
        out.write(payload)
    if json.loads(payload)["rev"] != desired["rev"]:
        sys.exit("message and manifest name different revisions")
    print(desired["sha256"])


if __name__ == "__main__":
    main(*sys.argv[1:4])
