"""Chromium, Firefox and aiortc in one room: each completes ICE, DTLS and SRTP with the relay and hears the others.

Then one Chromium restarts ICE in the middle of the call, and a tab is closed: the audio of the others goes on.
"""
import asyncio
import contextlib
import functools
import http.server
import os
import signal
import sys
import threading
import time
from base64 import urlsafe_b64encode

import browsers
import relay as relays
from aiortc_peer import AiortcPeer

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")
SLOTS = 4
# A second of audio. Fewer could be what was under way before a change; more would only take longer.
ENOUGH_PACKETS = 50
# The quietest source, Firefox's tone, gives forty times as much in a second; silence gives next to nothing.
ENOUGH_ENERGY = 1e-4
# For one step, and for everything: a handshake on a busy machine may take long.
PATIENCE_SECONDS = 30
LIMIT_SECONDS = 80


class Failed(Exception):
    """A check that did not hold; its text says what is missing."""


class BrowserPeer:
    def __init__(self, name, tab):
        self.name, self.tab = name, tab

    async def join(self, url, room, slots):
        self.member = await self.tab.evaluate(f"join({url!r}, {room!r}, {slots})")

    async def report(self):
        return await self.tab.evaluate("report()")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def page_server():
    handler = functools.partial(QuietHandler, directory=PAGE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}/index.html"
        server.shutdown()


class Results:
    """Counts and prints the checks; those that were never reached have failed too."""

    def __init__(self, names):
        self.open, self.passed, self.failed = list(names), 0, 0

    def record(self, name, text, holds=True):
        self.open.remove(name)
        self.passed += holds
        self.failed += not holds
        print(f"{name:11} {'ok' if holds else 'FAILED'}: {text}", flush=True)

    async def judge(self, name, check):
        try:
            self.record(name, await check)
        except Failed as failure:
            self.record(name, str(failure), holds=False)

    def finish(self, why):
        """Prints the closing line and returns the exit code."""
        for name in list(self.open):
            self.record(name, why, holds=False)
        print(f"interop: {self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed else 0


async def eventually(check):
    """Repeats the check until it holds, and returns its value."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await check()
        except Failed:
            if time.monotonic() > end:
                raise
        await asyncio.sleep(0.25)


async def reports_of(peers):
    return dict(zip((peer.name for peer in peers), await asyncio.gather(*(peer.report() for peer in peers))))


def connected(report):
    """Whether the hop stands, by the participant's own account."""
    if report["errors"]:
        raise Failed(report["errors"][0])
    if report["ice"] not in ("connected", "completed"):
        raise Failed(f"ICE is {report['ice']}")
    if report["dtls"] != "connected" or report["connection"] != "connected":
        raise Failed(f"DTLS is {report['dtls']}, the connection {report['connection']}")
    if "AEAD" not in (report["srtp"] or ""):
        raise Failed(f"the SRTP profile is {report['srtp']}, although the stack offers AEAD")


def hears(report, others, since=None):
    """Whether audio of each of the others arrived and was decoded, from the beginning or since an earlier report."""
    nothing = {"packets": 0, "energy": 0.0}
    gains = []
    for other in others:
        now = report["received"].get(other.member, nothing)
        before = since["received"].get(other.member, nothing) if since else nothing
        packets, energy = now["packets"] - before["packets"], now["energy"] - before["energy"]
        if packets < ENOUGH_PACKETS:
            raise Failed(f"{packets} packets from {other.name}")
        if energy < ENOUGH_ENERGY:
            raise Failed(f"{packets} packets from {other.name}, but their energy is {energy:.1e}")
        gains.append(f"{other.name} {packets} (energy {energy:.1e})")
    return ", ".join(gains)


async def hear_each_other(peers):
    """All of them hear all of them from now on."""
    before = await reports_of(peers)

    async def check():
        for name, report in (await reports_of(peers)).items():
            try:
                connected(report)
                hears(report, [peer for peer in peers if peer.name != name], since=before[name])
            except Failed as failure:
                raise Failed(f"{name}: {failure}") from None

    await eventually(check)


async def stands(peer, peers):
    """A participant's own check: its hop stands, it sends, and it hears all others."""
    others = [other for other in peers if other is not peer]

    async def check():
        report = await peer.report()
        connected(report)
        if report["sent"] < ENOUGH_PACKETS:
            raise Failed(f"{report['sent']} packets sent")
        return (
            f"ICE {report['ice']}, DTLS {report['dtls']}, {report['srtp']}, sent {report['sent']}, "
            f"heard {hears(report, others)}"
        )

    return await eventually(check)


async def relay_agrees(relay, count):
    """The relay's own account of the handshakes: as many as participants, none failed, all AEAD."""

    async def check():
        handshakes = await asyncio.to_thread(relay.metric, "sfu_dtls_handshakes_total")
        profiles = await asyncio.to_thread(relay.metric, "sfu_srtp_sessions_total")
        if handshakes != {'{result="success"}': count}:
            raise Failed(f"the relay counts these DTLS handshakes for {count} participants: {handshakes}")
        if sum(value for labels, value in profiles.items() if "AEAD" in labels) != count:
            raise Failed(f"the relay counts these SRTP sessions for {count} participants: {profiles}")

    await eventually(check)
    return f"{count} DTLS handshakes and SRTP sessions with AEAD, none failed"


async def restart_ice(peer, peers, relay):
    """New credentials at both ends, a pair of candidates that uses them, the same DTLS session, and audio all along."""
    old = await peer.report()
    await peer.tab.evaluate("restartICE()")

    async def check():
        new = await peer.report()
        if set(new["offered"]) & set(old["offered"]) or set(new["answered"]) & set(old["answered"]):
            raise Failed("the user name fragments are those of before")
        if new["selected"] not in new["offered"]:
            raise Failed(f"the selected pair uses {new['selected']}, offered is {new['offered']}")

    await eventually(check)
    await hear_each_other(peers)
    for name, report in (await reports_of(peers)).items():
        if report["lost"]:
            raise Failed(f"{name} was told that media was lost")
    await relay_agrees(relay, len(peers))
    return f"{peer.name} has new credentials and the old DTLS session, and all hear each other"


async def close_tab(leaver, peers):
    """A participant is gone without a word; the others are told, and hear each other as before."""
    await leaver.tab.close()
    rest = [peer for peer in peers if peer is not leaver]

    async def check():
        for name, report in (await reports_of(rest)).items():
            if leaver.member not in report["reconnecting"]:
                raise Failed(f"{name} was not told that {leaver.name} is gone")

    await eventually(check)
    before = await reports_of(rest)
    await hear_each_other(rest)
    for name, report in (await reports_of(rest)).items():
        late = report["received"][leaver.member]["packets"] - before[name]["received"][leaver.member]["packets"]
        if late:
            raise Failed(f"{name} received {late} packets from {leaver.name}, who is gone")
    return f"{leaver.name} is gone, the others were told and hear each other"


async def call(executable, results):
    room = urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
    async with contextlib.AsyncExitStack() as stack:
        page = stack.enter_context(page_server())
        relay = await stack.enter_async_context(relays.running(executable))
        chromium = await stack.enter_async_context(browsers.chromium())
        firefox = await stack.enter_async_context(browsers.firefox())
        restarter = BrowserPeer("chromium", await chromium.open(page))
        leaver = BrowserPeer("chromium-2", await chromium.open(page))
        aiortc = AiortcPeer()
        stack.push_async_callback(aiortc.close)
        peers = [restarter, BrowserPeer("firefox", await firefox.open(page)), aiortc, leaver]
        for peer in peers:
            await peer.join(relay.url, room, SLOTS)
        stack.callback(lambda: results.failed and print(*relay.last_words(), sep="\n"))
        await asyncio.gather(*(results.judge(peer.name, stands(peer, peers)) for peer in peers))
        await results.judge("relay", relay_agrees(relay, len(peers)))
        if results.failed:
            # What follows needs a call that works.
            return
        await results.judge("ICE restart", restart_ice(restarter, peers, relay))
        await results.judge("closed tab", close_tab(leaver, peers))


async def main(executable):
    results = Results(["chromium", "firefox", "aiortc", "chromium-2", "relay", "ICE restart", "closed tab"])
    # Asked to end, it ends its browsers first.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    why = "not reached"
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            await call(executable, results)
    except TimeoutError:
        why = f"not done within {LIMIT_SECONDS} s"
    except (Failed, RuntimeError, OSError) as failure:
        why = str(failure)
    except asyncio.CancelledError:
        why = "interrupted"
    return results.finish(why)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
