// The call on the screen: header, pictures, controls, panels.
import { linkTo } from "../session/link.js";
import { asProblem } from "../session/problems.js";
import { AudioSinks } from "./audio-sinks.js";
import { Chat } from "./chat.js";
import { announce, closeButton, h, icon, place, write } from "./dom.js";
import { setToggle } from "./lobby.js";
import { noticesOf } from "./notices.js";
import { PeopleList } from "./people.js";
import { lockLabel, openSecurity } from "./security.js";
import { Stage } from "./stage.js";
import { Toasts } from "./toasts.js";

export class CallView {
  #call;
  #actions;
  #elements;
  #stage = new Stage();
  #sinks = new AudioSinks();
  #people;
  #chat;
  #toasts = new Toasts();
  /** @type {"people" | "chat" | null} */
  #panel = null;
  #status = "";
  #known = new Map();
  #listeners = [];

  /**
   * @param {HTMLElement} root
   * @param {import("../session/call.js").Call} call
   * @param {{leave: () => void, back: () => void}} actions
   */
  constructor(root, call, actions) {
    this.#call = call;
    this.#actions = actions;
    this.#people = new PeopleList(call);
    this.#chat = new Chat((text) => call.say(text));
    this.#elements = this.#build(root);
    this.#listen(call, "change", () => this.#render());
    this.#listen(call, "problem", ({ detail }) => this.#toasts.show(detail.text, detail.advice));
    this.#listen(call.media, "problem", ({ detail }) => this.#toasts.show(detail.text, detail.advice));
    this.#listen(call.media, "change", () => this.#render());
    this.#stage.onlayout = (views) => this.#show(views);
    this.#render();
  }

  close() {
    for (const stop of this.#listeners) stop();
    this.#stage.close();
    this.#sinks.close();
    this.#toasts.close();
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  }

  #build(root) {
    const { media } = this.#call;
    const toggle = (name) => h("button", { type: "button", class: "round", onclick: () => this.#toggle(name) });
    const elements = {
      lock: h("button", { type: "button", class: "lock", onclick: () => openSecurity(this.#call) }),
      status: h("p", { class: "status" }),
      notices: h("div", { class: "notices" }),
      microphone: toggle("microphone"), camera: toggle("camera"),
      screen: roundButton("Share the screen", "screen", () => this.#toggle("screen")),
      people: this.#panelButton("people", "People"), chat: this.#panelButton("chat", "Chat"),
      side: h("aside", { class: "side", hidden: true }),
      curtain: h("div", { class: "curtain", hidden: true }),
    };
    elements.count = h("span", { class: "badge", "aria-hidden": "true" });
    elements.unread = h("span", { class: "badge badge-new", "aria-hidden": "true", hidden: true });
    elements.people.append(elements.count);
    elements.chat.append(elements.unread);
    elements.screen.hidden = !media.canShare;
    const leave = roundButton("Leave the call", "leave", () => this.#actions.leave());
    leave.classList.add("leave");
    const copy = { type: "button", class: "invite", "aria-label": "Copy invite", onclick: () => this.#copyInvite() };
    const invite = h("button", copy, icon("link"), h("span", {}, "Copy invite"));
    root.replaceChildren(h("main", { class: "call" },
      h("header", { class: "top" }, elements.lock, elements.status, invite),
      elements.notices,
      h("div", { class: "middle" },
        h("div", { class: "stage-area" }, this.#stage.element, elements.curtain), elements.side),
      h("footer", { class: "controls", role: "toolbar", "aria-label": "Call" },
        elements.microphone, elements.camera, elements.screen, elements.people, elements.chat, leave)),
    this.#toasts.element, this.#sinks.element);
    return elements;
  }

  #panelButton(name, label) {
    const button = roundButton(label, name, () => this.#openPanel(this.#panel === name ? null : name));
    button.setAttribute("aria-expanded", "false");
    return button;
  }

  #openPanel(name) {
    const { side, people, chat } = this.#elements;
    const from = this.#panel;
    this.#panel = name;
    people.setAttribute("aria-expanded", String(name === "people"));
    chat.setAttribute("aria-expanded", String(name === "chat"));
    people.classList.toggle("chosen", name === "people");
    chat.classList.toggle("chosen", name === "chat");
    side.hidden = name === null;
    this.#chat.isOpen = name === "chat";
    if (name === null) {
      side.replaceChildren();
      return (from === "people" ? people : chat).focus();
    }
    const title = name === "people" ? "People" : "Chat";
    side.setAttribute("aria-label", title);
    side.replaceChildren(
      h("header", {}, h("h2", {}, title),
        closeButton(`Close ${title.toLowerCase()}`, () => this.#openPanel(null))),
      name === "people" ? this.#people.element : this.#chat.element);
    if (name === "chat") this.#chat.focus();
    this.#render();
  }

  #toggle(name) {
    const { media } = this.#call;
    if (name === "screen") (media.screen ? media.stopScreen() : media.startScreen());
    else if (name === "camera") media.turnCamera(!media.isCameraOn);
    else media.turnMicrophone(!media.isMicrophoneOn);
  }

  async #copyInvite() {
    const link = linkTo(this.#call.invitation);
    try {
      await navigator.clipboard.writeText(link);
      const advice = "Whoever has it can join: send it to those you want in the call only.";
      this.#toasts.show("The invite link is copied.", advice);
    } catch (error) {
      this.#toasts.show("The browser does not let this page copy.", link);
      console.info(asProblem(error).code);
    }
  }

  #render() {
    const { state, media } = this.#call;
    const { lock, status, notices, microphone, camera, screen, count, unread, curtain } = this.#elements;
    setToggle(microphone, media.isMicrophoneOn, "microphone", "Microphone");
    setToggle(camera, media.isCameraOn, "camera", "Camera");
    screen.setAttribute("aria-pressed", String(media.screen !== null));
    screen.classList.toggle("chosen", media.screen !== null);
    lockLabel(lock, state);
    const text = statusOf(state);
    write(status, text);
    if (text !== this.#status && text) announce(text);
    this.#status = text;
    place(notices, noticesOf(state, { retry: () => this.#call.retry() }));
    this.#stage.render(state);
    this.#sinks.render(state);
    this.#people.render(state);
    this.#chat.render(state.chat);
    write(count, String(state.people.length || ""));
    this.#elements.people.setAttribute("aria-label", `People: ${state.people.length}`);
    unread.hidden = this.#chat.unread === 0;
    write(unread, String(this.#chat.unread));
    this.#elements.chat.setAttribute("aria-label", this.#chat.unread ? `Chat: ${this.#chat.unread} new` : "Chat");
    this.#curtain(curtain, state);
    this.#tellChanges(state);
  }

  /** What covers the pictures while there are none. */
  #curtain(curtain, { phase, problem, hasBeenIn, people }) {
    const isFailed = phase === "failed";
    const isWaiting = !isFailed && people.length === 0;
    curtain.hidden = !isFailed && !isWaiting;
    const key = isFailed ? problem.code : isWaiting ? (hasBeenIn ? "again" : "first") : "";
    if (curtain.dataset.key === key) return;
    curtain.dataset.key = key;
    if (isFailed) {
      curtain.replaceChildren(h("div", { class: "card", role: "alert" },
        h("h2", {}, problem.text), h("p", {}, problem.advice),
        h("div", { class: "row" },
          h("button", { type: "button", class: "primary", onclick: () => this.#call.retry() }, "Try again"),
          h("button", { type: "button", onclick: () => this.#actions.back() }, "Back"))));
    } else if (isWaiting) {
      curtain.replaceChildren(h("div", { class: "waiting" }, h("span", { class: "spinner" }),
        h("p", {}, hasBeenIn ? "Joining again…" : "Joining the call…")));
    }
  }

  #tellChanges({ people, phase }) {
    if (phase !== "in") return;
    const isFirst = this.#known.size === 0;
    const now = new Map(people.map((person) => [person.member, person]));
    for (const [member, person] of now) {
      const before = this.#known.get(member);
      if (!before && !person.isSelf && !isFirst && person.isAuthentic) this.#pending(member);
      if (person.identity === "changed" && before?.identity !== "changed") {
        announce(`Warning: the identity of ${person.name} has changed.`);
      }
    }
    for (const [member, { name, isSelf }] of this.#known) {
      if (!now.has(member) && !isSelf) this.#toasts.show(`${name} left.`);
    }
    this.#known = now;
  }

  /** A newcomer is announced by its name, which comes a moment after it. */
  #pending(member) {
    setTimeout(() => {
      const person = this.#known.get(member);
      if (person) this.#toasts.show(`${person.name} joined.`);
    }, 800);
  }

  /** Asks the relay for pictures of the size in which they are shown. */
  #show(views) {
    for (const { member, source, lines } of views) this.#call.membership?.show(member, source, lines);
  }

  #listen(target, type, listener) {
    target.addEventListener(type, listener);
    this.#listeners.push(() => target.removeEventListener(type, listener));
  }
}

function roundButton(label, name, onclick) {
  return h("button", { type: "button", class: "round", "aria-label": label, title: label, onclick }, icon(name));
}

/** The state of the call in a few words. @param {import("../session/state.js").CallState} state */
export function statusOf({ phase, seal, isReconnecting, people, hasBeenIn }) {
  if (phase === "failed") return "Not connected";
  if (phase === "waiting") return "Connection lost. Joining again…";
  if (phase === "connecting") return hasBeenIn ? "Connection lost. Joining again…" : "Connecting…";
  if (phase !== "in") return "";
  if (isReconnecting) return "Reconnecting…";
  if (seal === "blocked") return "Paused: waiting for new keys";
  if (seal === "waitingForKeys") return "Waiting for keys…";
  if (people.length === 1) return "You are the only one here";
  return `${people.length} people`;
}
