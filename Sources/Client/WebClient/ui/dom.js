// Elements without markup in strings: nothing that others say is ever parsed.

/**
 * An element. Properties that begin with `on` are listeners, `class` is the class, `aria-…` and `data-…` and those that
 * are no properties are attributes; null and false leave an attribute out.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | null | false)} children
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && !name.includes("-") && name !== "list" && name !== "for") element[name] = value;
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** Strokes on a field of 24 by 24. */
const PATHS = {
  microphone: "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5 11a7 7 0 0 0 14 0M12 18v3",
  microphoneOff:
    "M4 4l16 16M9 9v3a3 3 0 0 0 4.6 2.5M15 11.5V6a3 3 0 0 0-5.7-1.3M5 11a7 7 0 0 0 11 5.7" +
    "M19 11a7 7 0 0 1-.6 2.8M12 18v3",
  camera: "M3 7h12v10H3zM15 11l6-4v10l-6-4",
  cameraOff: "M4 4l16 16M6.5 7H3v10h12v-1.5M11 7h4v4l6-4v10l-2.5-1.7",
  screen: "M3 5h18v11H3zM9 20h6M12 13V8M9.5 10.5L12 8l2.5 2.5",
  leave: "M3 14c5-5 13-5 18 0l-3 3-3.5-2v-2.5a12 12 0 0 0-5 0V15L6 17z",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6M16 4.5a3.5 3.5 0 0 1 0 6.5" +
    "M18 14.5c2.2.8 3.5 2.6 3.5 5.5",
  chat: "M4 5h16v11H10l-5 4v-4H4z",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3M12 14.500v2",
  lockOpen: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 6.800-1.200",
  warning: "M12 4L2.500 20h19zM12 10v5M12 17.500v.5",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.500l4.500 4.500L19 7.500",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
  send: "M4 12l16-8-6 16-3-6z",
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Three bars that say how good a connection is. */
export function bars() {
  return h("span", { class: "bars", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
}

/** @param {string} label @param {() => void} onclick */
export function closeButton(label, onclick) {
  return h("button", { type: "button", class: "plain", "aria-label": label, onclick }, icon("close"));
}

/** Puts children in place, and touches the document only if they are others than before. */
export function place(parent, children) {
  const same = parent.childNodes.length === children.length && children.every((c, i) => parent.childNodes[i] === c);
  if (!same) parent.replaceChildren(...children);
}

/** Sets an element's text if it is another one. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Long enough to be read out, short enough not to be found again by reading on. */
const ANNOUNCED_FOR = 8000;

/** Tells those who listen instead of looking, one text after the other. @param {string} text */
export function announce(text) {
  const line = h("p", {}, text);
  document.getElementById("announcer").append(line);
  setTimeout(() => line.remove(), ANNOUNCED_FOR);
}

/** @param {string} [text] what the page shows now */
export function setTitle(text = "") {
  const title = text ? `${text} · SealedSFU` : "SealedSFU";
  if (document.title !== title) document.title = title;
}

/** Blocks whose letters are written from the right. */
const FROM_THE_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A name for use inside a sentence, which must not turn the words around it. @param {string} name */
export function isolated(name) {
  return FROM_THE_RIGHT.test(name) ? `\u2068${name}\u2069` : name;
}

let lastID = 0;

/** A new identifier for an element that another one refers to. */
export function newID(name) {
  lastID += 1;
  return `${name}-${lastID}`;
}
