// What people must know while the call goes on, as lines above the pictures.
import { announce, h, icon, isolated } from "./dom.js";
import { suiteName } from "./suite-names.js";

/** @type {Map<string, HTMLElement>} so that what has not changed stays the same element */
let shown = new Map();

/**
 * @param {import("../session/state.js").CallState} state
 * @param {{retry: () => void}} actions
 * @returns {HTMLElement[]}
 */
export function noticesOf(state, actions) {
  const next = new Map();
  for (const { level, text, advice, action } of facts(state, actions)) {
    const key = `${level} ${text}`;
    next.set(key, shown.get(key) ?? line(level, text, advice, action));
  }
  shown = next;
  return [...next.values()];
}

function* facts(state, { retry }) {
  const { people, phase } = state;
  if ((phase === "waiting" || (phase === "connecting" && state.hasBeenIn)) && state.problem) {
    yield { level: "bad", text: state.problem.text, advice: state.problem.advice, action: ["Try now", retry] };
  } else if (phase === "in" && state.isReconnecting) {
    const advice = "It is being restored; you stay in the call.";
    yield { level: "warn", text: "The connection is interrupted.", advice };
  }
  if (phase !== "in") return;
  if (state.isInconsistent) {
    const advice = "It may be trying to deceive. Leave, and use another relay.";
    yield { level: "bad", text: "The relay contradicts itself.", advice };
  }
  if (state.seal === "blocked") {
    const advice = "Somebody left and the new key has not come yet.";
    yield { level: "bad", text: "Nothing is sent at the moment.", advice };
  }
  for (const { name, identity } of people) {
    if (identity === "changed") {
      yield {
        level: "bad", text: `The identity of ${isolated(name)} has changed.`,
        advice: "A new device, or somebody else by that name. Compare the numbers under People, Verify.",
      };
    }
  }
  const others = people.filter(({ isSelf }) => !isSelf);
  const outsiders = others.filter(({ isAuthentic }) => !isAuthentic);
  if (outsiders.length > 0 && outsiders.length === others.length) {
    yield {
      level: "bad", text: "Nobody here accepts this invite.",
      advice: "You hear and see nothing, and nobody hears you. Ask for the link again and copy all of it.",
    };
  } else if (outsiders.length > 0) {
    yield {
      level: "warn",
      text: outsiders.length === 1
        ? "Somebody without the invite is in the room." : `${outsiders.length} without the invite are in the room.`,
      advice: "They get no keys: they can neither hear nor see anything.",
    };
  }
  for (const { name, rejection, isAuthentic } of others) {
    if (isAuthentic && rejection) {
      const advice = "They should use a current browser.";
      yield { level: "warn", text: `${isolated(name)} gets no keys: ${rejection}.`, advice };
    }
  }
  if (state.isFallback) {
    yield {
      level: "warn", text: "The key exchange is weaker than usual.",
      advice: `Somebody's device has only ${suiteName(state.suite)}. It is still safe today; ask them to update.`,
    };
  }
}

function line(level, text, advice, action) {
  const isBad = level === "bad";
  if (!isBad) announce(`${text} ${advice}`);
  return h("div", { class: `notice notice-${level}`, role: isBad ? "alert" : null }, icon("warning"),
    h("p", {}, h("strong", {}, text), " ", advice),
    action ? h("button", { type: "button", class: "small", onclick: action[1] }, action[0]) : null);
}
