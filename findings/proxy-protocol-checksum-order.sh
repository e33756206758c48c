#!/bin/sh
# proxy-protocol 0.11.3 (PyPI) refuses HAProxy's checksum as soon as HAProxy also names the host.
#
# A version-2 header can bring a CRC32c of all its bytes among its TLVs (section 2.2.3 of the PROXY protocol), in
# whatever order these stand. The package keeps them in a dict and sums up what it would have written itself, sorted by
# type (tlv.py: `for type_num in range(0x00, 0x100)` in `_pack`), instead of the bytes that came. HAProxy writes the
# checksum, type 3, before the ALPN, type 1, and the host, type 2. So with `proxy-v2-options crc32c,authority` each
# connection over TLS fails with ProxyProtocolChecksumError; with either option alone all is well. What the package
# writes it reads. Without its extra `crc32c` it checks nothing.
#
# The headers are as HAProxy 2.6.12 sent them. Needs python3 and a package registry. Exits with 0 while it is so, with 1
# if the header with both is read or if its checksum is not right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "proxy-protocol[crc32c]==0.11.3" crc32c==2.8
"$folder/venv/bin/python" - <<'PYTHON'
import sys

from crc32c import crc32c
from proxyprotocol import ProxyProtocolChecksumError
from proxyprotocol.v2 import ProxyProtocolV2

FIXED = 16 + 12  # signature, command, family and length, then two IPv4 addresses and ports
CHECKSUM, HEAD = 3, 3  # the type, and the bytes of a TLV before its value
SENT = {
    "crc32c": "0d0a0d0a000d0a515549540a211100137f0000017f000001a72446ac0300048374371b",
    "authority": "0d0a0d0a000d0a515549540a2111001e7f0000017f000001e2da46ad"
    "02000f636170746368612e6578616d706c65",
    "crc32c,authority": "0d0a0d0a000d0a515549540a211100257f0000017f000001cf1846ae030004880a96b8"
    "02000f636170746368612e6578616d706c65",
}


def checksum_is_right(header: bytes) -> bool:
    """As the protocol has it: over the bytes as they came, with those of the checksum as zeros."""
    assert header[FIXED] == CHECKSUM
    value = slice(FIXED + HEAD, FIXED + HEAD + 4)
    zeroed = header[: value.start] + bytes(4) + header[value.stop :]
    return crc32c(zeroed) == int.from_bytes(header[value], "big")


def read(header: bytes) -> str:
    try:
        return str(ProxyProtocolV2().unpack(header).peername)
    except ProxyProtocolChecksumError:
        return "ProxyProtocolChecksumError"


seen = {}
for options, digits in SENT.items():
    header = bytes.fromhex(digits)
    right = "crc32c" not in options or checksum_is_right(header)
    seen[options] = (right, read(header))
    checksum = "none" if "crc32c" not in options else "right" if right else "wrong"
    print(f"proxy-v2-options {options}: checksum {checksum}, proxy-protocol reads {seen[options][1]}")
again = ProxyProtocolV2().pack(ProxyProtocolV2().unpack(bytes.fromhex(SENT["authority"])))
place = "before" if again[FIXED] < CHECKSUM else "behind"
print(f"written by proxy-protocol itself, the host stands {place} the checksum: it reads {read(again)}")
refused = {options for options, (right, text) in seen.items() if right and text == "ProxyProtocolChecksumError"}
sys.exit(0 if refused == {"crc32c,authority"} and all(right for right, _ in seen.values()) else 1)
PYTHON
