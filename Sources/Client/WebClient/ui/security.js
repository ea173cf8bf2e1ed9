// The lock: whether what is sent is sealed, under which keys, and what that means.
import { openDialog } from "./dialog.js";
import { h, icon } from "./dom.js";
import { filesButton } from "./files-panel.js";
import { suiteName } from "./suite-names.js";

const STATES = {
  sealed: "Sealed end to end", blocked: "Paused: nothing is sent until new keys are here",
  waitingForKeys: "Waiting for keys: nothing is sent yet", none: "Not connected: nothing is sent",
};
const STRENGTH = {
  full: "safe from today's eavesdroppers and tomorrow's quantum computers",
  weak: "a smaller ML-KEM, which had to be allowed before joining",
};
const BACKENDS = { native: "the browser", wasm: "this page's WebAssembly" };

/** @param {HTMLElement} button @param {import("../session/state.js").CallState} state */
export function lockLabel(button, state) {
  const { seal, suite, epoch, isFallback } = state;
  const isSealed = seal === "sealed";
  const key = `${seal} ${suite} ${epoch} ${isFallback}`;
  if (button.dataset.key === key) return;
  button.dataset.key = key;
  button.className = `lock ${isSealed ? (isFallback ? "lock-weak" : "lock-good") : "lock-none"}`;
  button.setAttribute("aria-label", isSealed
    ? `Sealed end to end with ${suiteName(suite)}, epoch ${epoch}. What does this mean?`
    : `${STATES[seal]}. What does this mean?`);
  button.title = isSealed ? "How this call is sealed" : STATES[seal];
  const short = { sealed: isFallback ? "Sealed, weaker" : "Sealed", blocked: "Paused", waitingForKeys: "No keys yet" };
  button.replaceChildren(icon(isSealed ? "lock" : "lockOpen"), h("strong", {}, short[seal] ?? "Not connected"),
    ...(isSealed ? [h("span", { class: "lock-suite" }, suiteName(suite)),
      h("span", { class: "lock-epoch" }, `Epoch ${epoch}`)] : []));
}

/** @param {import("../session/call.js").Call} call */
export function openSecurity(call) {
  const { seal, suite, epoch, isFallback, people } = call.state;
  const holders = people.filter(({ holdsKey }) => holdsKey).length;
  const facts = [
    ["State", STATES[seal]],
    ["Who has the key", `${holders} of ${people.length} in the room`],
    ["Key exchange", suite ? `${suiteName(suite)}: ${STRENGTH[isFallback ? "weak" : "full"]}` : "none yet"],
    ["Epoch", epoch === null ? "none yet" : `${epoch}. A new key begins one whenever somebody joins or leaves.`],
    ["Sound and pictures", "SFrame with AES-256-GCM (RFC 9605)"],
    ["Identities", "ML-DSA-65, one for each device"],
    ["Computed by", computedBy(call.backends)],
  ];
  openDialog("How this call is sealed", [
    isFallback ? h("div", { class: "notice notice-warn" }, icon("warning"),
      h("p", {}, h("strong", {}, "Weaker than usual."), ` Somebody's device has only ${suiteName(suite)}.`)) : null,
    h("p", {}, "What you say, show and write is sealed on your device and opened on those of the people in the call. ",
      "The relay in the middle passes it on and cannot open it."),
    h("dl", { class: "facts" }, ...facts.flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)])),
    h("p", { class: "fine" },
      "The relay sees addresses, sizes and times. Everybody in the call has the same key, so a member could forge",
      " another member's sound and pictures; outsiders and the relay cannot. To be sure of who somebody is, compare",
      " numbers under People, Verify."),
    h("p", {}, filesButton()),
  ]);
}

function computedBy(backends) {
  const entries = Object.entries(backends ?? {});
  const by = (wanted) => entries.filter(([, backend]) => backend === wanted).map(([name]) => name).join(", ");
  return Object.keys(BACKENDS).filter(by).map((backend) => `${BACKENDS[backend]}: ${by(backend)}`).join("; ");
}
