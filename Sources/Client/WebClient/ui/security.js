// The lock: whether what is sent is sealed, under which keys, and what that means.
import { openDialog } from "./dialog.js";
import { h, icon } from "./dom.js";
import { filesButton } from "./files-panel.js";

const STATES = {
  sealed: "Sealed end to end", blocked: "Paused: nothing is sent until new keys are here",
  waitingForKeys: "Waiting for keys: nothing is sent yet", none: "Not connected: nothing is sent",
};
const BACKENDS = { native: "the browser", wasm: "WebAssembly" };

/** @param {HTMLElement} button @param {import("../session/state.js").CallState} state */
export function lockLabel(button, state) {
  const { seal, suite, epoch, isFallback } = state;
  const isSealed = seal === "sealed";
  const text = isSealed ? suite : { blocked: "paused", waitingForKeys: "no keys yet", none: "not connected" }[seal];
  const key = `${text} ${epoch} ${isFallback}`;
  if (button.dataset.key === key) return;
  button.dataset.key = key;
  button.className = `lock ${isSealed ? (isFallback ? "lock-weak" : "lock-good") : "lock-none"}`;
  button.setAttribute("aria-label", isSealed
    ? `Sealed end to end with ${suite}, epoch ${epoch}. What does this mean?`
    : `Nothing is sent: ${text}. What does this mean?`);
  button.replaceChildren(icon(isSealed ? "lock" : "lockOpen"), h("span", { class: "lock-suite" }, text),
    ...(isSealed ? [h("span", { class: "lock-epoch" }, `epoch ${epoch}`)] : []));
}

/** @param {import("../session/call.js").Call} call */
export function openSecurity(call) {
  const { seal, suite, epoch, isFallback, people } = call.state;
  const facts = [
    ["State", STATES[seal]],
    ["Key exchange", suite ?? "none yet"],
    ["Epoch", epoch === null ? "none yet" : `${epoch}; it changes whenever somebody joins or leaves`],
    ["Frames", "SFrame, AES-256-GCM (RFC 9605)"],
    ["Identities", "ML-DSA-65, one for each device"],
    ["Computed by", computedBy(call.backends)],
    ["People with the key", String(people.filter(({ holdsKey }) => holdsKey).length)],
  ];
  openDialog("How this call is sealed", [
    isFallback ? h("div", { class: "notice notice-warn" }, icon("warning"),
      h("p", {}, h("strong", {}, "Weaker than usual."), ` Somebody's device has only ${suite}.`)) : null,
    h("dl", { class: "facts" }, ...facts.flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)])),
    h("p", { class: "fine" },
      "The relay passes sealed frames on and cannot open them. It sees addresses, sizes and times. Everybody in the",
      " call has the same key, so a member could forge another member's frames; outsiders and the relay cannot."),
    h("p", {}, filesButton()),
  ]);
}

function computedBy(backends) {
  return Object.entries(backends ?? {}).map(([name, backend]) => `${name}: ${BACKENDS[backend]}`).join(", ");
}
