"""People call each other with the real page, in Chromium, in Firefox and in both; with joins, leaves and troubles.

Usage: webcall.py RELAY [SCENARIO ...]; the scenarios are in the table below.
"""
import asyncio
import contextlib
import os
import signal
import sys
import time
from base64 import urlsafe_b64encode

import browsers
import meeting
import relay_process
import trouble
from page_server import page_server
from person import Failed

WITHOUT_POST_QUANTUM = "--disable-features=WebCryptoPQC"


@contextlib.asynccontextmanager
async def chromium_without_post_quantum():
    browsers.CHROMIUM_ARGUMENTS.append(WITHOUT_POST_QUANTUM)
    try:
        async with browsers.chromium() as browser:
            yield browser
    finally:
        browsers.CHROMIUM_ARGUMENTS.remove(WITHOUT_POST_QUANTUM)


BROWSERS = {
    "firefox": browsers.firefox, "chromium": browsers.chromium, "chromium-wasm": chromium_without_post_quantum,
}
# What is played, by whom, and its limit in seconds, the start of the browsers included.
SCENARIOS = {
    "files": (meeting.files, [], 10),
    "chromium": (meeting.pair, ["chromium", "chromium"], 90),
    "firefox": (meeting.pair, ["firefox", "firefox"], 110),
    "mixed": (meeting.pair, ["chromium", "firefox"], 110),
    "wasm": (meeting.pair, ["chromium", "chromium-wasm"], 110),
    "swift": (meeting.swift, ["chromium", "firefox"], 110),
    "controls": (meeting.controls, ["chromium", "firefox"], 110),
    "identity": (meeting.identity, ["chromium"], 60),
    "wrong-invite": (trouble.wrong_invite, ["chromium"], 60),
    "troubles": (trouble.troubles, ["chromium"], 90),
    "recovery": (trouble.recovery, ["chromium"], 150),
    "reload": (trouble.reload, ["chromium"], 60),
    "reload-firefox": (trouble.reload, ["firefox"], 60),
}


class Stage:
    """What a scenario has: the page, a relay, a fresh invite, its browsers by kind, and a place to say what held."""

    def __init__(self, name, page, relay, kinds):
        self.name, self.page, self.relay, self.kinds = name, page, relay, kinds
        self.invite = urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
        self.browsers = {}
        self.passed = 0

    def holds(self, text):
        self.passed += 1
        print(f"{self.name:13} ok: {text}", flush=True)


async def play(name, executable):
    """Runs one scenario; returns how many checks passed and whether one failed."""
    scenario, kinds, limit = SCENARIOS[name]
    began = time.monotonic()
    async with contextlib.AsyncExitStack() as stack:
        page = stack.enter_context(page_server())
        relay = await stack.enter_async_context(relay_process.running(executable))
        stage = Stage(name, page, relay, kinds)
        try:
            async with asyncio.timeout(limit):
                for kind in dict.fromkeys(kinds):
                    stage.browsers[kind] = await stack.enter_async_context(BROWSERS[kind]())
                await scenario(stage)
        except TimeoutError:
            failure = f"not done within {limit} s"
        except (Failed, RuntimeError, OSError) as error:
            failure = str(error)
        else:
            print(f"{name:13} done in {time.monotonic() - began:.0f} s", flush=True)
            return stage.passed, 0
        print(f"{name:13} FAILED: {failure}", *relay.last_words(), sep="\n", flush=True)
        return stage.passed, 1


async def main(executable, names):
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    passed = failed = 0
    for name in names or SCENARIOS:
        counts = await play(name, executable)
        passed, failed = passed + counts[0], failed + counts[1]
    print(f"webcall: {passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    unknown = set(sys.argv[2:]) - set(SCENARIOS)
    if unknown:
        sys.exit(f"webcall: no scenario {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2:])))
