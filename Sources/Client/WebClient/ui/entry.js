// What is shown outside a call: the start, the farewell, and what went wrong before there was one.
import { usualRelay } from "../session/link.js";
import { asProblem } from "../session/problems.js";
import { filesButton } from "./files-panel.js";
import { h, icon, newID, setTitle } from "./dom.js";

/** A problem as a box: what it is and what to do. @param {import("../session/problems.js").Problem} problem */
export function problemBox(problem) {
  return h("div", { class: "notice notice-bad", role: "alert" }, icon("warning"),
    h("p", {}, h("strong", {}, problem.text), " ", problem.advice));
}

function page(root, ...children) {
  root.replaceChildren(
    h("main", { class: "entry" },
      h("div", { class: "card" }, ...children),
      h("footer", { class: "fine" }, filesButton())));
}

function heading() {
  return h("header", { class: "brand" }, h("span", { class: "brand-mark" }, icon("lock")), h("h1", {}, "SealedSFU"));
}

/** @param {HTMLElement} root @param {import("../session/problems.js").Problem} problem */
export function showProblem(root, problem) {
  setTitle();
  page(root, heading(), problemBox(problem));
}

/**
 * @param {HTMLElement} root
 * @param {object} options
 * @param {import("../session/problems.js").Problem | null} options.problem
 * @param {(relay: string, token: string) => unknown} options.create
 * @param {(link: string) => unknown} options.join
 */
export function showStart(root, { problem, create, join }) {
  setTitle();
  const [relayID, linkID, tokenID] = [newID("relay"), newID("link"), newID("token")];
  const plain = { type: "text", spellcheck: false, autocomplete: "off", autocapitalize: "off" };
  const relay = h("input", { ...plain, id: relayID, value: usualRelay() });
  const token = h("input", { ...plain, id: tokenID });
  const link = h("input", { ...plain, id: linkID, placeholder: "https://…#relay=…&invite=…" });
  const trouble = h("div", {}, problem && problemBox(problem));
  const attempt = async (work) => {
    try {
      await work();
    } catch (error) {
      trouble.replaceChildren(problemBox(asProblem(error)));
    }
  };
  page(root, heading(),
    h("p", { class: "lead" }, "Calls that only the people in them can hear and see. The relay in the middle cannot."),
    trouble,
    h("form", { onsubmit: (event) => (event.preventDefault(), attempt(() => create(relay.value, token.value.trim()))) },
      h("button", { class: "primary wide", type: "submit" }, "Start a new call"),
      h("details", {}, h("summary", {}, "Relay"),
        h("label", { for: relayID }, "Address"), relay,
        h("label", { for: tokenID }, "Join token, if the relay asks for one"), token)),
    h("div", { class: "or" }, "or"),
    h("form", { onsubmit: (event) => (event.preventDefault(), attempt(() => join(link.value))) },
      h("label", { for: linkID }, "Join with an invite link"),
      h("div", { class: "row" }, link, h("button", { type: "submit" }, "Join"))));
}

/** @param {HTMLElement} root @param {{again: () => void, fresh: () => void}} options */
export function showFarewell(root, { again, fresh }) {
  setTitle("You left the call");
  const rejoin = h("button", { class: "primary wide", type: "button", onclick: again }, "Join again");
  page(root, heading(), h("h2", {}, "You left the call"),
    h("p", { class: "lead" }, "Its keys are erased on this device. Camera and microphone are off."),
    rejoin, h("button", { class: "wide", type: "button", onclick: fresh }, "Back to the start"));
  rejoin.focus();
}
