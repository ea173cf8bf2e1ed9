"""The call in windows of many sizes, with people of many names: nothing is cut off, too small to touch or too faint."""
import json
import os

from person import Failed
from sitter import PHONE, SCHEMES, Sitter

SIZES = {
    "the narrowest phone": (320, 568), "a phone": PHONE, "a phone on its side": PHONE[::-1],
    "1280x800 at 200 %": (640, 400), "1366x768": (1366, 768), "1920x1080": (1920, 1080), "2560x1440": (2560, 1440),
}
NAMES = ["Ada", "Grace", "Hedy", "Katherine", "Radia", "Alan", "Claude", "Edsger", "Barbara", "Margaret", "Tim",
         "Linus", "Dennis", "Ken", "Joan", "Whitfield"]
ODD = ["W" * 128, "Dr. Maximiliana Alexandrina von und zu Hohenfels " * 2, "محمد بن عبد الله بن راشد آل مكتوم", "שרה לוי",
       "👩‍👩‍👧‍👦🎉"]
WEAK = {"suite": "x25519-mlkem768", "isFallback": True}


def crowd(names):
    return [{"name": name, "isMuted": i % 3 == 1, "hasCamera": i % 4 != 3, "isSpeaking": i == 0,
             "quality": ["good", "fair", "poor", "lost"][i % 4]} for i, name in enumerate(names)]


FAILING = crowd(NAMES[:3])
FAILING[0] |= {"failure": "the frames do not fit the key"}
CHANGED = crowd([*ODD, "Ada"])
CHANGED[0] |= {"identity": "changed"}
SHARING = crowd(NAMES[:5])
SHARING[1] |= {"hasScreen": True}
STATES = {
    "alone": ({"people": crowd(NAMES[:1])}, None),
    "two": ({"people": crowd(NAMES[:2])}, None),
    "five": ({"people": crowd(NAMES[:5])}, None),
    "sixteen": ({"people": crowd(NAMES)}, None),
    "odd names, one changed": ({"people": CHANGED}, "[aria-label^=People]"),
    "a shared screen": ({"people": SHARING}, None),
    "cannot decrypt, weaker keys": ({"people": FAILING, "state": WEAK}, None),
    "how it is sealed": ({"people": FAILING, "state": WEAK}, ".lock"),
    "devices": ({"people": FAILING}, "[aria-label=Devices]"),
    "failed": ({"people": [], "state": {"phase": "failed"}, "problem": "unreachable"}, None),
}

# What is wrong with the page as it is now, in words.
FAULTS = """(() => {
  const faults = [];
  const width = document.documentElement.clientWidth, height = document.documentElement.clientHeight;
  const modal = document.querySelector("dialog[open]");
  const within = modal ?? document.body;
  const name = (e) => `${e.localName}.${e.className} ${(e.ariaLabel ?? e.textContent).slice(0, 30)}`;
  const isScroller = (e) => /auto|scroll/.test(getComputedStyle(e).overflowY) && e.scrollHeight > e.clientHeight;
  const {scrollWidth} = document.documentElement;
  if (scrollWidth > width) faults.push(`the page is ${scrollWidth} wide in a window of ${width}`);
  const scrolls = (e) => e && e !== document.body && (isScroller(e) ? e : scrolls(e.parentElement));
  const isShown = (e) =>
    e.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !e.closest(".hidden-text");
  for (const control of within.querySelectorAll("button, input, select, textarea, summary")) {
    if (!isShown(control)) continue;
    const box = control.getBoundingClientRect();
    const target = control.type === "checkbox" ? control.closest("label").getBoundingClientRect() : box;
    if (target.width < 43.9 || target.height < 43.9) faults.push(`${name(control)} is ${box.width} by ${box.height}`);
    if (box.left < -0.5 || box.right > width + 0.5) faults.push(`${name(control)} leaves the window sideways`);
    if (!scrolls(control) && (box.top < -0.5 || box.bottom > height + 0.5)) {
      faults.push(`${name(control)} leaves the window: ${box.top} to ${box.bottom} of ${height}`);
    }
    // A round button's badge stands out of it on purpose.
    const isCut = control.localName === "button" && !control.matches(".round") &&
      control.scrollWidth > control.clientWidth + 1;
    if (isCut) {
      faults.push(`${name(control)} is cut off`);
    }
    // Nothing may lie on it that is not part of it, where it is on the screen.
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const top = document.elementFromPoint(x, y);
    if (!scrolls(control) && top && !control.contains(top) && !top.closest("aside, .curtain, .toasts")) {
      faults.push(`${name(control)} is under ${name(top)}`);
    }
  }
  const rows = [...within.querySelectorAll(".controls > button, .top > *")].filter(isShown);
  for (const [i, one] of rows.entries()) for (const other of rows.slice(i + 1)) {
    const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
    if (a.right > b.left + 0.5 && b.right > a.left + 0.5 && a.bottom > b.top + 0.5 && b.bottom > a.top + 0.5) {
      faults.push(`${name(one)} lies over ${name(other)}`);
    }
  }

  // Contrast by WCAG 2, of texts on plain grounds.
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const channels = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    const layers = [];
    for (; e; e = e.parentElement) {
      const [r, g, b, a] = channels(getComputedStyle(e).backgroundColor);
      if (a > 0) layers.push([r, g, b, a]);
      if (a === 255) break;
      // On a picture: the worst that can be behind it.
      if (e.matches(".plate, .tile-note")) { layers.push([255, 255, 255, 255]); break; }
    }
    return layers.reverse().reduce((below, [r, g, b, a]) =>
      [r, g, b].map((c, i) => below[i] + (c - below[i]) * a / 255), [255, 255, 255]);
  };
  const walker = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !isShown(e) || e.closest(":disabled, script, style")) continue;
    const style = getComputedStyle(e), back = ground(e);
    const [a, b] = [light(channels(style.color)), light(back)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && style.fontWeight >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) faults.push(`${name(e)}: contrast ${ratio.toFixed(2)}`);
    if (parseFloat(style.fontSize) < 11.5) faults.push(`${name(e)}: letters of ${style.fontSize}`);
  }
  return [...new Set(faults)];
})()"""


async def layouts(stage):
    """All states in windows of all sizes, light and dark."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "gallery.js"), encoding="utf8") as file:
        gallery = "".join(line for line in file if not line.startswith("//"))
    page = await Sitter(stage.browsers["chromium"], "Ada").open(stage.page)
    await page.browser.command("browsingContext.activate", context=page.context)
    faults, looked = {}, 0
    for state, (wanted, opener) in STATES.items():
        for size, window in SIZES.items():
            await page.window(window)
            await page.evaluate("document.querySelectorAll('dialog').forEach((dialog) => dialog.close())")
            await page.evaluate(gallery.replace("WANTED", json.dumps(wanted)))
            if opener:
                await page.evaluate(f"document.querySelector({opener!r}).click()")
            for scheme in SCHEMES:
                await page.scheme(scheme)
                looked += 1
                for fault in await page.evaluate(FAULTS):
                    faults.setdefault(fault, f"{state}, {size}, {scheme}")
    if faults:
        raise Failed("; ".join(f"{fault} ({where})" for fault, where in faults.items()))
    await page.has_no_complaints("layouts")
    stage.holds(f"{looked} pages of {len(STATES)} states: nothing cut off, below 44 px or below WCAG AA contrast")
