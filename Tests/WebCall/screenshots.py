"""Takes pictures of the page in every state that people meet.

Usage: screenshots.py PROGRAMS [--keep] FOLDER [SCENE ...]
"""
import asyncio
import contextlib
import os
import sys
import time
from base64 import urlsafe_b64encode

import browsers
import page_site
import relay_process
from meeting import SCREEN
from person import Failed, Person, eventually, link
from sitter import PHONE, Sitter
from small_png import smaller
from trouble import OLD

KEPT_IN = os.path.join(page_site.FOLDER, "screenshots")
KEPT = [
    "start-light", "lobby-light", "lobby-dark", "lobby-phone-light", "alone-light", "call-of-2-light",
    "call-of-5-light", "call-of-5-dark", "call-phone-light", "call-phone-dark", "chat-light", "people-light",
    "verify-light", "verify-phone-light", "security-light", "devices-light", "cannot-decrypt-light",
    "reconnecting-light", "fallback-light", "malformed-link-light", "unreachable-light", "camera-denied-light",
    "old-browser-light", "left-light",
]

# Seals under another key than the others have.
WRONG_KEY = """() => {
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message.type === "addEpoch") message.senders.find((one) => one.joinIndex === message.self).baseKey[0] ^= 1;
    return post.call(this, message, ...rest);
  };
}"""


# What a browser says whose owner has forbidden it.
DENIED = """() => {
  navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };
}"""


class Studio:
    """A relay, a browser, a fresh call, and who is in it."""

    def __init__(self, folder, programs, page, relay, browser):
        self.folder, self.programs, self.page, self.relay, self.browser = folder, programs, page, relay, browser
        self.invite = urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
        self.guests = contextlib.AsyncExitStack()

    def link(self, relay=None):
        return link(self.page, relay or self.relay.url, self.invite)

    async def person(self, name, kind=Sitter, preload=(), url=None, fallback=False):
        person = await kind(self.browser, name).join(url or self.link(), preload, fallback=fallback)
        self.guests.push_async_callback(person.close)
        return person

    async def bots(self, count, *arguments):
        """Participants of the Swift client, until the scene is over."""
        await self.program("join", "--participants", str(count), "--duration", "5m", *arguments)

    async def program(self, command, *arguments):
        process = await asyncio.create_subprocess_exec(
            os.path.join(self.programs, "sfu-loadgen"), command, "--relay", self.relay.url, "--invite", self.invite,
            *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
        self.guests.push_async_callback(_ended, process)

    async def pose(self, person, name, size=None):
        await person.pose(self.folder, name, *([size] if size else []))
        print(f"  {name}", flush=True)


async def _ended(process):
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 10)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()


async def pictures_of(person, count):
    """So many are seen, the own picture included, and all newcomers were announced."""
    async def check():
        shown = await person.evaluate("document.querySelectorAll('.tile.has-picture').length")
        if shown < count:
            raise Failed(f"{person.name} sees {shown} of {count} pictures")

    await eventually(check, 60)
    await asyncio.sleep(1)


async def press(person, label):
    await person.evaluate(f"void document.querySelector('[aria-label^=\"{label}\"]').click()")


async def before(studio):
    """The start, the lobby and what may be wrong then."""
    ada = await Sitter(studio.browser, "Ada").open(studio.page)
    await studio.pose(ada, "start")
    await studio.pose(ada, "start-phone", PHONE)
    await ada.evaluate("void document.querySelector('.link').click()")
    await ada.reads("All together")
    await studio.pose(ada, "files")
    await studio.pose(ada, "files-phone", PHONE)
    await ada.close()
    for name, url, preload, words in (
        ("lobby", studio.link(), (), "Ready to join?"),
        ("malformed-link", link(studio.page, studio.relay.url, "abc"), (), "not complete"),
        ("camera-denied", studio.link(), [DENIED], "may not use your camera"),
        ("old-browser", studio.link(), [OLD], "cannot seal"),
    ):
        ada = await Sitter(studio.browser, "Ada").open(url, preload)
        await ada.reads(words)
        if name == "lobby":
            await ada.evaluate("new Promise((done) => setTimeout(done, 1500))")
            await ada.evaluate("void (document.querySelector('.lobby-form input').value = 'Ada')")
        await studio.pose(ada, name)
        await studio.pose(ada, f"{name}-phone", PHONE)
        await ada.close()
    ada = await Sitter(studio.browser, "Ada").join(studio.link("ws://127.0.0.1:9"))
    await ada.reads("The relay does not answer.")
    await studio.pose(ada, "unreachable")
    await ada.close()


async def calls(studio):
    """Alone, of two, of five; the panels and dialogs; a screen; the end."""
    ada = await studio.person("Ada")
    await ada.reads("Nobody else is here yet")
    await studio.pose(ada, "alone")
    await studio.pose(ada, "alone-phone", PHONE)
    grace = await studio.person("Grace", Person)
    await pictures_of(ada, 2)
    await studio.pose(ada, "call-of-2")
    await studio.pose(ada, "call-of-2-phone", PHONE)
    await studio.bots(3)
    await pictures_of(ada, 5)
    await studio.pose(ada, "call-of-5")
    await studio.pose(ada, "call-phone", PHONE)
    await studio.pose(ada, "call-landscape-phone", PHONE[::-1])
    for person, text in ((grace, "Is this a good line?"), (ada, "Excellent. I see all five of us."),
                         (grace, "Then let us compare our numbers.")):
        await person.evaluate(f"sealedsfu.call.say({text!r})")
        await asyncio.sleep(0.3)
    await press(ada, "Chat")
    await ada.reads("compare our numbers")
    await studio.pose(ada, "chat")
    await studio.pose(ada, "chat-phone", PHONE)
    await press(ada, "People")
    await studio.pose(ada, "people")
    await studio.pose(ada, "people-phone", PHONE)
    await press(ada, "Verify Grace")
    await ada.sees(".digits")
    await studio.pose(ada, "verify")
    await studio.pose(ada, "verify-phone", PHONE)
    await ada.evaluate("document.querySelector('dialog').close()")
    await press(ada, "Close people")
    for opener, name in (("Sealed end to end", "security"), ("Devices", "devices")):
        await press(ada, opener)
        await studio.pose(ada, name)
        await studio.pose(ada, f"{name}-phone", PHONE)
        await ada.evaluate("document.querySelector('dialog').close()")
    await grace.evaluate(SCREEN)
    await grace.click("[aria-label='Share the screen']")
    await ada.sees(".tile-screen.has-picture")
    await studio.pose(ada, "screen")
    await studio.pose(ada, "screen-phone", PHONE)
    await ada.click(".leave")
    await ada.reads("You left the call")
    await studio.pose(ada, "left")


async def troubles(studio):
    """Somebody who cannot be decrypted, and a connection that is gone."""
    async with relay_process.wire_to(studio.relay) as wire:
        ada = await studio.person("Ada", url=studio.link(wire.url))
        await studio.bots(1)
        await pictures_of(ada, 2)
        wire.cut()
        await ada.reads("The connection is interrupted.")
        await studio.pose(ada, "reconnecting")
        await studio.pose(ada, "reconnecting-phone", PHONE)
        wire.mend()
        await studio.person("Mallory", Person, preload=[WRONG_KEY])
        await ada.reads("Cannot decrypt Mallory: ")
        await pictures_of(ada, 2)
        await studio.pose(ada, "cannot-decrypt")
        await studio.pose(ada, "cannot-decrypt-phone", PHONE)


async def fallback(studio):
    """Somebody has only ML-KEM-768, and that was allowed."""
    ada = await studio.person("Ada", fallback=True)
    await ada.reads("Nobody else is here yet")
    await studio.program("call", "--participants", "2", "--duration", "60s", "--suite", "mlkem768")
    await ada.reads("weaker than usual")
    await studio.pose(ada, "fallback")
    await studio.pose(ada, "fallback-phone", PHONE)


SCENES = {"before": before, "calls": calls, "troubles": troubles, "fallback": fallback}


def keep(folder):
    """Small copies of the chosen ones for the page's own folder."""
    os.makedirs(KEPT_IN, exist_ok=True)
    for name in KEPT:
        path = os.path.join(folder, f"{name}.png")
        if not os.path.exists(path):
            continue
        with open(path, "rb") as file:
            data = smaller(file.read())
        with open(os.path.join(KEPT_IN, f"{name}.png"), "wb") as file:
            file.write(data)
        print(f"  kept {name}: {len(data) // 1024} KiB", flush=True)


async def main(programs, folder, names, keeps):
    os.makedirs(folder, exist_ok=True)
    failed = 0
    for name in names or SCENES:
        began = time.monotonic()
        async with contextlib.AsyncExitStack() as stack:
            page = await stack.enter_async_context(page_site.serving(os.path.join(programs, "sfu-web")))
            relay = await stack.enter_async_context(relay_process.running(os.path.join(programs, "sfu-relay")))
            browser = await stack.enter_async_context(browsers.chromium())
            studio = Studio(folder, programs, page, relay, browser)
            try:
                async with asyncio.timeout(200), studio.guests:
                    await SCENES[name](studio)
                print(f"{name}: done in {time.monotonic() - began:.0f} s", flush=True)
            except (TimeoutError, Failed, RuntimeError, OSError) as error:
                failed += 1
                print(f"{name}: FAILED: {error!r}", *relay.last_words(), sep="\n", flush=True)
    if keeps:
        keep(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    arguments = sys.argv[2:]
    keeps = "--keep" in arguments
    places = [argument for argument in arguments if argument != "--keep"]
    unknown = set(places[1:]) - set(SCENES)
    if not places or unknown:
        sys.exit(f"screenshots: a folder, and scenes of {', '.join(SCENES)}")
    sys.exit(asyncio.run(main(sys.argv[1], places[0], places[1:], keeps)))
