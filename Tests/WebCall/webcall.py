"""People call each other with the real page, in Chromium, in Firefox and in both; with joins, leaves and troubles.

Usage: webcall.py FOLDER [SCENARIO ...]; FOLDER has the programs, the scenarios are in the table below.
"""
import asyncio
import contextlib
import signal
import sys
import time
import traceback
from collections import namedtuple

import browsers
import devices
import intruder
import keyboard
import layouts
import meeting
import page_site
import pictures
import recovery
import relay_process
import relay_view
import trouble
from person import Failed
from stage import Stage
from tapped import Tap

FAKE_DEVICES, FAKE_CONSENT = "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"
LOOPBACK = "--allow-loopback-in-peer-connection"
# What makes tests of hidden tabs quick, and this one worthless.
UNTHROTTLED = [
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]
BROWSERS = {
    "firefox": browsers.firefox,
    "firefox-denied": lambda: browsers.firefox(
        {"permissions.default.camera": 2, "permissions.default.microphone": 2,
         "media.navigator.permission.disabled": False}),
    "chromium": browsers.chromium,
    "chromium-wasm": lambda: browsers.chromium(extra=browsers.CHROMIUM_WITHOUT_POST_QUANTUM),
    "chromium-throttled": lambda: browsers.chromium(without=UNTHROTTLED),
    "chromium-denied": lambda: browsers.chromium(extra=["--deny-permission-prompts"], without=[FAKE_CONSENT]),
    # With a network card there are candidates without loopback's, which would be left when the card's is gone.
    "chromium-card": lambda: browsers.chromium(without=[LOOPBACK]),
    "chromium-bare": lambda: browsers.chromium(without=[FAKE_DEVICES]),
}

Scenario = namedtuple("Scenario", "play kinds needs_tap", defaults=[False])
# What is played, and by whom. Neighbours use the same browsers, so that few need to be started.
SCENARIOS = {
    "files": Scenario(meeting.files, ["chromium"]),
    "chromium": Scenario(meeting.pair, ["chromium", "chromium"]),
    "identity": Scenario(meeting.identity, ["chromium"]),
    "devices": Scenario(devices.devices, ["chromium"]),
    "layouts": Scenario(layouts.layouts, ["chromium"]),
    "wrong-invite": Scenario(intruder.wrong_invite, ["chromium"]),
    "fallback": Scenario(intruder.fallback, ["chromium"]),
    "spoilt": Scenario(intruder.spoilt, ["chromium"], True),
    "reload": Scenario(recovery.reload, ["chromium"]),
    "av1": Scenario(pictures.av1, ["chromium", "chromium"]),
    "crowd": Scenario(pictures.crowd, ["chromium"]),
    "wasm": Scenario(meeting.pair, ["chromium", "chromium-wasm"]),
    "mixed": Scenario(meeting.pair, ["chromium", "firefox"]),
    "controls": Scenario(meeting.controls, ["chromium", "firefox"]),
    "controls-too": Scenario(meeting.controls, ["firefox", "chromium"]),
    "simulcast": Scenario(pictures.simulcast, ["chromium", "firefox"]),
    "bots": Scenario(pictures.meeting_bots, ["chromium", "firefox"]),
    "codecs": Scenario(pictures.codecs, ["chromium", "firefox"]),
    "keyboard": Scenario(keyboard.keyboard, ["chromium", "firefox"]),
    "relay-view": Scenario(relay_view.relay_view, ["chromium", "firefox"], True),
    "recovery": Scenario(recovery.recovery, ["chromium", "firefox"]),
    "bad-input": Scenario(trouble.bad_input, ["chromium", "firefox"]),
    "firefox": Scenario(meeting.pair, ["firefox", "firefox"]),
    "reload-firefox": Scenario(recovery.reload, ["firefox"]),
    "background-firefox": Scenario(recovery.background, ["firefox"]),
    "network": Scenario(recovery.network, ["chromium-card", "firefox"]),
    "bare": Scenario(trouble.bare, ["chromium-bare", "firefox"]),
    "background": Scenario(recovery.background, ["chromium-throttled"]),
    "denied": Scenario(trouble.denied, ["chromium-denied", "firefox-denied"]),
}
# For one scenario, the start of its browsers included: six times what the longest takes alone.
LIMIT_SECONDS = 240


class Theatre:
    """The browsers, which stay from one scenario to the next as long as it has a part for them."""

    def __init__(self):
        self.running = {}

    async def cast(self, kinds):
        for kind in [kind for kind in self.running if kind not in kinds]:
            await self.dismiss(kind)
        for kind in dict.fromkeys(kinds):
            if kind not in self.running:
                stack = contextlib.AsyncExitStack()
                self.running[kind] = await stack.enter_async_context(BROWSERS[kind]()), stack
        return {kind: self.running[kind][0] for kind in kinds}

    async def dismiss(self, kind):
        _, stack = self.running.pop(kind)
        # One that does not end as it should is ended all the same.
        with contextlib.suppress(Exception):
            await stack.aclose()

    async def clear(self):
        """No tab stays, and nothing that the consoles heard."""
        for browser, _ in self.running.values():
            tree = await browser.command("browsingContext.getTree", maxDepth=0)
            await browser.command("browsingContext.create", type="tab")
            for tab in tree["contexts"]:
                await browser.command("browsingContext.close", context=tab["context"])
            browser.console.clear()

    async def close(self):
        for kind in list(self.running):
            await self.dismiss(kind)


async def play(name, folder, theatre):
    """Plays one scenario; returns how many checks passed, and why one failed."""
    scenario = SCENARIOS[name]
    began = time.monotonic()
    async with contextlib.AsyncExitStack() as stack:
        stage = Stage(name, folder, scenario.kinds)
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                if scenario.needs_tap:
                    stage.tap = await stack.enter_async_context(Tap())
                stage.page = await stack.enter_async_context(page_site.serving(stage.tool("sfu-web")))
                environment = stage.tap.environment if stage.tap else {}
                stage.relay = await stack.enter_async_context(
                    relay_process.running(stage.tool("sfu-relay"), environment))
                stage.browsers = await theatre.cast(scenario.kinds)
                await scenario.play(stage)
                await theatre.clear()
        except TimeoutError as error:
            failure = str(error) or f"out of time; {LIMIT_SECONDS} s are allowed"
        except (Failed, RuntimeError, OSError) as error:
            failure = str(error) or repr(error)
        except Exception as error:
            # The test's own mistake, or a page that says something unheard of: the others are played all the same.
            traceback.print_exc(file=sys.stdout)
            failure = repr(error)
        else:
            print(f"{name:18} done in {time.monotonic() - began:.0f} s", flush=True)
            return stage.passed, None
        print(f"{name:18} FAILED after {time.monotonic() - began:.0f} s: {failure}", flush=True)
        for kind, browser in stage.browsers.items():
            for line in browser.console:
                print(f"{name:18} console of {kind}: {line}", flush=True)
        for line in stage.relay.last_words() if stage.relay else []:
            print(f"{name:18} relay: {line}", flush=True)
        # The next one begins with new browsers.
        await theatre.close()
        return stage.passed, failure


async def main(folder, names):
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    began = time.monotonic()
    passed, failures, recap = 0, 0, []
    theatre = Theatre()
    try:
        for name in names or SCENARIOS:
            count, failure = await play(name, folder, theatre)
            if failure:
                # Browsers on a machine that does other work fail now and then by themselves; twice is no accident.
                recap.append(f"{name:18} FAILED: {failure}")
                print(f"{name:18} SECOND TRY", flush=True)
                count, failure = await play(name, folder, theatre)
                recap.append(f"{name:18} {'FAILED AGAIN: ' + failure if failure else 'passed at the second try'}")
            passed, failures = passed + count, failures + bool(failure)
    finally:
        await theatre.close()
    seconds = time.monotonic() - began
    print(f"webcall: {passed} checks passed, {failures} scenarios failed, in {seconds:.0f} s", flush=True)
    # Last, since whoever reads a long log reads its end.
    for line in recap:
        print(line, flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    unknown = set(sys.argv[2:]) - set(SCENARIOS)
    if unknown:
        sys.exit(f"webcall: no scenario {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2:])))
