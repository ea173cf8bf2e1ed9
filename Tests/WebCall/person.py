"""A person at the page: opens the link, joins, looks and listens."""
import asyncio
import contextlib
import json
import time
from urllib.parse import urlencode

# For one thing to come true: on a busy machine everything takes long.
PATIENCE_SECONDS = 60

# Collects what the page complains about, before any of its code runs.
WATCH = """() => {
  window.complaints = [];
  addEventListener("error", ({message}) => complaints.push(message));
  addEventListener("unhandledrejection", ({reason}) => complaints.push(String(reason?.stack ?? reason)));
  addEventListener("securitypolicyviolation", ({violatedDirective, blockedURI}) =>
    complaints.push(`policy: ${violatedDirective} ${blockedURI}`));
}"""

REPORT = """(async () => {
  const {call} = sealedsfu;
  if (!call) return null;
  const {state, membership} = call;
  const result = {
    phase: state.phase, seal: state.seal, epoch: state.epoch, suite: state.suite, complaints,
    problem: state.problem?.text ?? null, member: null, joinIndex: null, people: [], received: {}, failures: {},
    history: call.history.map(({at, type, member, epoch, cause}) =>
      [Math.round(at), type, member?.slice(0, 4), epoch, cause].filter((x) => x !== undefined).join(" ")),
  };
  if (!membership) return result;
  result.member = membership.member;
  result.people = state.people.map(({member, name, joinIndex, isSelf, isAuthentic, holdsKey, suite, identity}) =>
    ({member, name, joinIndex, isSelf, isAuthentic, holdsKey, suite, identity}));
  result.joinIndex = state.people.find(({isSelf}) => isSelf)?.joinIndex ?? null;
  for (const {direction, drops} of membership.decrypts.totals) {
    if (direction !== "receive") continue;
    for (const [cause, count] of Object.entries(drops)) result.failures[cause] = (result.failures[cause] ?? 0) + count;
  }
  const byMid = new Map(membership.peer.slots.map((slot) => [slot.mid, membership.slots.publicationIn(slot.mid)]));
  const opened = new Map(membership.decrypts.totals.map(({name, frames}) => [name, frames]));
  for (const slot of membership.peer.slots) {
    const publication = byMid.get(slot.mid);
    if (!publication) continue;
    const person = (result.received[publication.member] ??= {});
    person[publication.source] = {opened: opened.get(slot.name) ?? 0, decoded: 0, width: 0, energy: 0};
  }
  for (const stat of (await membership.peer.connection.getStats()).values()) {
    if (stat.type !== "inbound-rtp") continue;
    const publication = byMid.get(stat.mid);
    const view = publication && result.received[publication.member]?.[publication.source];
    if (!view) continue;
    const {framesDecoded = 0, frameWidth = 0, totalAudioEnergy = 0} = stat;
    Object.assign(view, {decoded: framesDecoded, width: frameWidth, energy: totalAudioEnergy});
  }
  return result;
})()"""


class Failed(Exception):
    """A check that did not hold; its text says what is missing."""


def link(page, relay, invite):
    return page + "#" + urlencode({"relay": relay, "invite": invite})


async def eventually(check, seconds=PATIENCE_SECONDS):
    """Repeats the check until it holds, and returns its value."""
    end = time.monotonic() + seconds
    while True:
        try:
            return await check()
        except Failed:
            if time.monotonic() > end:
                raise
        await asyncio.sleep(0.3)


class Person:
    def __init__(self, browser, name):
        self.browser, self.name, self.context = browser, name, None

    async def open(self, url, preload=()):
        """A new tab on the page, with scripts that run before it."""
        self.context = (await self.browser.command("browsingContext.create", type="tab"))["context"]
        for script in (WATCH, *preload):
            await self.browser.command(
                "script.addPreloadScript", functionDeclaration=script, contexts=[self.context])
        await self.browser.command(
            "browsingContext.navigate", context=self.context, url=url, wait="complete", timeout=60)
        return self

    async def evaluate(self, expression):
        result = await self.browser.command(
            "script.evaluate", expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self.context}, awaitPromise=True, userActivation=True)
        if result["type"] == "exception":
            raise RuntimeError(f"{self.name}: {result['exceptionDetails']['text']}")
        return json.loads(result["result"]["value"])

    async def sees(self, selector, seconds=PATIENCE_SECONDS):
        async def check():
            if not await self.evaluate(f"!!document.querySelector({selector!r})"):
                raise Failed(f"{self.name} sees no {selector} but {await self.text()!r}")

        await eventually(check, seconds)

    async def reads(self, words, seconds=PATIENCE_SECONDS):
        """The page says it, somewhere."""
        async def check():
            if words not in await self.text():
                raise Failed(f"{self.name} does not read {words!r} but {await self.text()!r}")

        await eventually(check, seconds)
        return words

    async def text(self):
        """What the page shows, without the marks around names that may be written from the right."""
        return await self.evaluate("document.body.innerText.replaceAll(/[\\u2066-\\u2069]/g, '')")

    async def click(self, selector):
        await self.evaluate(f"void document.querySelector({selector!r}).click()")

    async def join(self, url, preload=(), devices=True, fallback=False):
        """Through the lobby into the call; `fallback` lets in people with a weaker key exchange."""
        await self.open(url, preload)
        await self.sees(".lobby")
        if devices:
            async def check():
                if not await self.evaluate("!!(sealedsfu.media.camera && sealedsfu.media.microphone)"):
                    raise Failed(f"{self.name} has no camera or microphone")

            await eventually(check)
        await self.evaluate(f"void (document.querySelector('.lobby-form input').value = {self.name!r})")
        if fallback:
            await self.click(".lobby-form input[type=checkbox]")
        await self.click(".lobby-form .primary")
        return self

    async def misses(self, words):
        """The page does not say it any more."""
        async def check():
            if words in (text := await self.text()):
                raise Failed(f"{self.name} still reads {words!r} in {text!r}")

        await eventually(check)

    async def report(self):
        return await self.evaluate(REPORT)

    async def reload(self):
        await self.browser.command("browsingContext.reload", context=self.context, wait="complete", timeout=60)

    async def close(self):
        with contextlib.suppress(RuntimeError):
            await self.browser.command("browsingContext.close", context=self.context)
