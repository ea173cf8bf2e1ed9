"""Chromium, Firefox and aiortc in one room: each completes ICE, DTLS and SRTP with the relay and hears the others."""
import asyncio
import functools
import http.server
import os
import sys
import threading
from base64 import urlsafe_b64encode

import browsers
import relay as relays
from aiortc_peer import AiortcPeer

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")
SLOTS = 4
# Half a second of audio from each of the others proves the path; a handshake on a busy machine may take long.
ENOUGH_PACKETS = 25
PATIENCE_SECONDS = 60


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve_page():
    handler = functools.partial(QuietHandler, directory=PAGE)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def complaint(name, report, others):
    """What is still missing for this participant, or None."""
    if report["errors"]:
        return f"{name}: the relay said {report['errors'][0]}"
    if report["state"] != "connected" or report["dtls"] != "connected":
        return f"{name}: connection {report['state']}, DTLS {report['dtls']}"
    if report["sent"] < ENOUGH_PACKETS:
        return f"{name}: sent only {report['sent']} packets"
    heard = [stream for stream in report["received"] if stream["packets"] >= ENOUGH_PACKETS]
    if len(heard) < others:
        return f"{name}: hears {len(heard)} of {others} others"
    if any(stream["energy"] == 0 for stream in heard) and name != "aiortc":
        silent = sum(1 for stream in heard if stream["energy"] == 0)
        # aiortc sends silence: one silent stream is right, more would mean that nothing was decoded.
        if silent > 1:
            return f"{name}: {silent} of the streams it receives are silent"
    return None


async def settle(participants):
    reports, complaints = {}, ["nothing was asked yet"]
    for _ in range(PATIENCE_SECONDS * 2):
        reports = {name: await ask() for name, ask in participants.items()}
        complaints = [c for name, r in reports.items() if (c := complaint(name, r, len(participants) - 1))]
        if not complaints:
            break
        await asyncio.sleep(0.5)
    return reports, complaints


async def main(executable):
    room = urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
    server = serve_page()
    page = f"http://localhost:{server.server_address[1]}/index.html"
    async with relays.running(executable) as relay, browsers.chromium() as chromium, browsers.firefox() as firefox:
        peer = AiortcPeer()
        for browser in (chromium, firefox):
            await browser.open(page)
            await browser.evaluate(f"join({relay.url!r}, {room!r}, {SLOTS})")
        await peer.join(relay.url, room, SLOTS)
        participants = {
            "chromium": lambda: chromium.evaluate("report()"),
            "firefox": lambda: firefox.evaluate("report()"),
            "aiortc": peer.report,
        }
        reports, complaints = await settle(participants)
        handshakes = relay.metric("sfu_dtls_handshakes_total")
        await peer.close()
    server.shutdown()
    for name, report in reports.items():
        streams = ", ".join(f"{s['packets']} packets" for s in report["received"])
        print(f"{name:9} DTLS {report['dtls']}, SRTP {report['srtp'] or '-'}, sent {report['sent']}, hears {streams}")
    if handshakes < len(participants):
        complaints.append(f"the relay counted {handshakes:.0f} DTLS handshakes for {len(participants)} participants")
    for text in complaints:
        print(f"FAILED: {text}")
    passed = len(participants) - len({c.split(":")[0] for c in complaints})
    print(f"interop: {max(0, passed)} passed, {len(participants) - max(0, passed)} failed")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
