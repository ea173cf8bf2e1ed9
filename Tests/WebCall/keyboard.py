"""Through a whole call by keyboard alone, as somebody goes who sees no screen: all that has the focus has a name."""
import re

from checks import in_call
from person import Failed, Person, eventually, link
from sitter import Sitter

KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Shift": "\ue008", "Alt": "\ue00a", "Space": " "}
# More steps than any of the page's views has.
STEPS = 40
NEEDS_NAME = {
    "button", "link", "textbox", "combobox", "checkbox", "group", "dialog", "region", "complementary", "Video",
    "DisclosureTriangle",
}

FOCUS = """(() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const {outlineStyle, outlineWidth} = getComputedStyle(element);
  const {width, height} = element.getBoundingClientRect();
  return {
    tag: element.localName, pressed: element.getAttribute("aria-pressed"), expanded: element.ariaExpanded,
    isInDialog: element.closest("dialog") !== null, isInSide: element.closest("aside") !== null,
    outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth), width, height,
    text: element.ariaLabel ?? [...(element.labels ?? [])].map((one) => one.innerText).join(" ").trim(),
    inner: element.innerText ?? "",
  };
})()"""

# Whether the focus is on the last control, or for -1 on the first one.
AT_END = """((direction) => {
  const within = document.querySelector("dialog[open]") ?? document;
  const controls = [...within.querySelectorAll("button, input, select, textarea, summary, [tabindex='0']")]
    .filter((one) => !one.disabled && one.tabIndex >= 0 && one.checkVisibility());
  return controls.at(direction > 0 ? -1 : 0) === document.activeElement;
})(%d)"""


class Typist(Sitter):
    """Has no mouse."""

    def __init__(self, browser, name):
        super().__init__(browser, name)
        self.sees_tree = browser.name == "chromium"

    async def open(self, url, preload=()):
        await (super() if self.sees_tree else super(Sitter, self)).open(url, preload)
        await self.browser.command("browsingContext.activate", context=self.context)
        return self

    async def press(self, *keys):
        """Keys that are held down together."""
        down = [{"type": "keyDown", "value": KEYS.get(key, key)} for key in keys]
        up = [{"type": "keyUp", "value": KEYS.get(key, key)} for key in reversed(keys)]
        await self.browser.command(
            "input.performActions", context=self.context,
            actions=[{"type": "key", "id": "keyboard", "actions": down + up}])

    async def type(self, text):
        for letter in text:
            await self.press(letter)

    async def focus(self):
        """What has the focus, with the name that the browser gives to screen readers; None for the page itself."""
        focus = await self.evaluate(FOCUS)
        if focus is None:
            return None
        focus["name"] = await (self._name_in_tree() if self.sees_tree else self._name_found(focus))
        if not focus["name"]:
            raise Failed(f"{self.browser.name}: the focus is on a nameless {focus}")
        return focus

    async def _name_in_tree(self):
        node = await self.cdp("Runtime.evaluate", expression="document.activeElement")
        tree = await self.cdp(
            "Accessibility.getPartialAXTree", objectId=node["result"]["result"]["objectId"], fetchRelatives=False)
        return tree["result"]["nodes"][0].get("name", {}).get("value", "").strip()

    async def _name_found(self, focus):
        """The name under which the browser finds the element again; Firefox tells none."""
        name = focus["text"] or re.sub(r"\s+", " ", focus["inner"]).strip()
        element = await self._reference("document.activeElement")
        found = await self.browser.command(
            "browsingContext.locateNodes", context=self.context,
            locator={"type": "accessibility", "value": {"name": name}})
        return name if element in [node["sharedId"] for node in found["nodes"]] else ""

    async def _reference(self, expression):
        result = await self.browser.command(
            "script.evaluate", expression=expression, target={"context": self.context}, awaitPromise=False)
        return result["result"]["sharedId"]

    async def step(self, *keys):
        """One step with Tab; what has the focus then can be seen to have it."""
        # Past the end are the browser's own controls. Firefox without a screen does not give the focus back from there:
        # the page gets the keys and has no focus.
        if not self.sees_tree and await self.evaluate(AT_END % (-1 if keys else 1)):
            return None
        await self.press(*keys, "Tab")
        focus = await self.focus()
        if focus and focus["outline"] < 2 and focus["tag"] not in ("main", "aside"):
            raise Failed(f"{self.browser.name}: nothing shows that the focus is on {focus}")
        return focus

    async def go_to(self, name, *keys):
        seen = []
        for _ in range(STEPS):
            focus = await self.step(*keys)
            if focus and focus["name"].startswith(name):
                return focus
            seen.append(focus and focus["name"])
            if not focus and not self.sees_tree:
                keys = () if keys else ("Shift",)
        raise Failed(f"{self.browser.name}: no way to {name!r} by Tab, only {seen}")

    async def walk(self):
        """All that Tab leads to, in order: once around, or to the end and back to the beginning."""
        if not self.sees_tree:
            while await self.step():
                pass
            backwards = [(await self.focus())["name"]]
            while focus := await self.step("Shift"):
                backwards.append(focus["name"])
            return backwards[::-1]
        names = []
        for _ in range(STEPS):
            focus = await self.step()
            # Past the last one is the browser's own; from there the page begins again.
            name = focus and focus["name"]
            if name in names and name == next(filter(None, names)):
                return [name for name in names if name]
            names.append(name)
        raise Failed(f"{self.browser.name}: Tab goes in circles: {names}")

    async def everything_is_named(self, where):
        """Nothing in the browser's tree for assistive technology is without a name that needs one."""
        if not self.sees_tree:
            return ""
        tree = (await self.cdp("Accessibility.getFullAXTree"))["result"]["nodes"]
        roles = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node["ignored"]]
        nameless = [role for role, name in roles if role in NEEDS_NAME and not name.strip()]
        if nameless:
            raise Failed(f"{where}: without a name: {nameless}")
        return f"; {len(roles)} nodes, none nameless"


def includes(names, wanted, where):
    """The wanted names begin some of the names, in that order."""
    rest = iter(names)
    for start in wanted:
        if not any(name.startswith(start) for name in rest):
            raise Failed(f"{where}: {start!r} is not in its place among {names}")


async def keyboard(stage):
    """Lobby, call, verification, chat and leave by keyboard, in each of the browsers."""
    for kind in dict.fromkeys(stage.kinds):
        await _whole_call(stage, stage.browsers[kind], kind)


async def _whole_call(stage, browser, kind):
    url = link(stage.page, stage.relay.url, stage.another_invite())
    grace = await Person(browser, "Grace").join(url)
    ada = await Typist(browser, "Ada").open(url)
    await _lobby(ada)
    counted = await ada.everything_is_named("lobby")
    stage.holds(f"{kind}: lobby by Tab, each control has a name and shows the focus{counted}")

    async def both_are_in():
        in_call(await ada.report(), "Ada", 2)

    await eventually(both_are_in)
    names = await ada.walk()
    includes(names, ["Sealed end to end", "Devices", "Copy invite", "Microphone", "Camera", "People", "Chat",
                     "Leave the call"], "the call")
    stage.holds(f"{kind}: the call by Tab: {len(names)} controls in the order of the screen")
    counted = await ada.everything_is_named("call")
    await _tiles(ada, ["Grace", "Ada (you)"])
    await _switches(ada, grace)
    stage.holds(f"{kind}: microphone and camera by Space and by shortcut; tiles say what is off{counted}")
    await _verification(ada)
    stage.holds(f"{kind}: verified by keyboard: the dialog keeps the focus, Escape gives it back")
    await _chat(ada, grace)
    stage.holds(f"{kind}: written by keyboard, Escape closes the chat")
    await ada.go_to("Leave the call")
    await ada.press("Enter")
    await ada.reads("You left the call")
    focus = await ada.focus()
    if not focus or focus["name"] != "Join again" or "left" not in await ada.evaluate("document.title"):
        raise Failed(f"after the call the focus is on {focus}")
    for person in (ada, grace):
        complaints = await person.evaluate("complaints")
        if complaints:
            raise Failed(f"{kind}: {person.name}'s page complains: {complaints}")
        await person.close()
    stage.holds(f"{kind}: left by keyboard; no violation of the content policy and no error all along")


async def _lobby(ada):
    await ada.sees(".lobby")

    async def is_ready():
        if not await ada.evaluate("!!(sealedsfu.media.camera && sealedsfu.media.microphone)"):
            raise Failed("no camera or microphone")

    await eventually(is_ready)
    focus = await ada.focus()
    if not focus or focus["name"] != "Your name":
        raise Failed(f"the lobby begins with the focus on {focus}")
    await ada.type("Ada")
    names = await ada.walk()
    includes(names, ["Join the call", "Back", "Relay and keys", "Camera", "Microphone", "Compare this page"], "lobby")
    await ada.go_to("Your name")
    await ada.press("Enter")
    await ada.sees(".call")


async def _tiles(ada, wanted):
    labels = await ada.evaluate("[...document.querySelectorAll('.tile')].map((tile) => tile.ariaLabel)")
    if [label.split(",")[0] for label in labels] != wanted:
        raise Failed(f"the tiles are called {labels}")


async def _label(person, start, part, without=False):
    """A tile whose name begins so says this, or does not."""
    async def check():
        labels = await person.evaluate("[...document.querySelectorAll('.tile')].map((tile) => tile.ariaLabel)")
        own = [label for label in labels if label.startswith(start)]
        if len(own) != 1 or (part in own[0]) == without:
            raise Failed(f"{person.name} has tiles {labels}, for {start!r} {'not ' if without else ''}{part!r}")

    await eventually(check)


async def _switches(ada, grace):
    for name, letter, words in (("Microphone", "m", "microphone off"), ("Camera", "c", "camera off")):
        focus = await ada.go_to(name)
        if focus["pressed"] != "true" or min(focus["width"], focus["height"]) < 44:
            raise Failed(f"{name} is {focus}")
        await ada.press("Space")
        await _label(grace, "Ada", words)
        if (await ada.focus())["pressed"] != "false":
            raise Failed(f"{name} does not say that it is off")
        await ada.press("Alt", letter)
        await _label(grace, "Ada", words, without=True)
        if (await ada.focus())["pressed"] != "true":
            raise Failed(f"Alt+{letter.upper()} has not turned it on, or has taken the focus")


async def _verification(ada):
    await ada.go_to("People")
    await ada.press("Enter")
    focus = await ada.focus()
    if not focus["isInSide"]:
        raise Failed(f"People leads to {focus}")
    await ada.go_to("Verify Grace")
    await ada.everything_is_named("people")
    await ada.press("Enter")
    await ada.sees("dialog .digits")
    for keys in ((), (), (), ("Shift",), ("Shift",)):
        focus = await ada.step(*keys)
        if focus and not focus["isInDialog"]:
            raise Failed(f"the focus leaves the dialog for {focus['name']!r}")
    await ada.everything_is_named("verification")
    await ada.press("Escape")
    await _focus_is(ada, "Verify Grace")
    if await ada.evaluate("document.querySelector('aside').hidden"):
        raise Failed("Escape closed more than the dialog")
    await ada.press("Escape")
    await _focus_is(ada, "People")
    await ada.go_to("Sealed end to end", "Shift")
    await ada.press("Enter")
    await ada.sees("dialog .facts")
    await ada.press("Escape")
    await _focus_is(ada, "Sealed end to end")


async def _focus_is(person, name):
    async def check():
        focus = await person.focus()
        if not focus or not focus["name"].startswith(name):
            raise Failed(f"the focus is not on {name!r} but on {focus}")

    await eventually(check, 5)


async def _chat(ada, grace):
    await ada.go_to("Chat")
    await ada.press("Enter")
    await _focus_is(ada, "Message")
    await ada.type("By hand.")
    await ada.press("Enter")
    await ada.reads("By hand.")

    async def heard():
        announced = await grace.evaluate("document.getElementById('announcer').innerText")
        if "Ada writes: By hand." not in announced:
            raise Failed(f"Grace is told {announced!r}")

    await eventually(heard)
    await ada.press("Escape")
    await _focus_is(ada, "Chat")
