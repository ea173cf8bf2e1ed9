// The call on the screen: header, pictures, controls, panels.
import { AudioSinks } from "./audio-sinks.js";
import { CallChanges } from "./call-changes.js";
import { Chat } from "./chat.js";
import { openDevices } from "./devices.js";
import { announce, closeButton, h, icon, place, setTitle, write } from "./dom.js";
import { inviteButton } from "./invite.js";
import { setToggle } from "./lobby.js";
import { noticesOf } from "./notices.js";
import { PeopleList } from "./people.js";
import { lockLabel, openSecurity } from "./security.js";
import { listenForShortcuts, SHORTCUTS } from "./shortcuts.js";
import { Stage } from "./stage.js";
import { Toasts } from "./toasts.js";
import { WakeLock } from "./wake-lock.js";

export class CallView {
  #call;
  #actions;
  #elements;
  #stage;
  #sinks = new AudioSinks();
  #people;
  #chat;
  #toasts = new Toasts();
  #changes = new CallChanges((text) => this.#toasts.show(text));
  #wakeLock = new WakeLock();
  /** @type {"people" | "chat" | null} */
  #panel = null;
  #status = "";
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
    this.#stage = new Stage(this.#vacancy());
    this.#elements = this.#build(root);
    this.#listen(call, "change", () => this.#render());
    const tell = ({ detail }) => this.#toasts.show(detail.text, detail.advice, { isBad: true });
    this.#listen(call, "problem", tell);
    this.#listen(call.media, "problem", tell);
    this.#listen(call.media, "change", () => this.#render());
    this.#listen(document, "keydown", (event) => this.#key(event));
    this.#listeners.push(listenForShortcuts({
      microphone: () => this.#toggle("microphone", true), camera: () => this.#toggle("camera", true),
    }));
    this.#stage.onlayout = (views) => this.#show(views);
    this.#render();
    // What had the focus, the lobby's button, is gone.
    this.#elements.main.focus();
  }

  close() {
    for (const stop of this.#listeners) stop();
    this.#wakeLock.close();
    this.#changes.close();
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
      side: h("aside", { class: "side", hidden: true, tabIndex: -1 }),
      curtain: h("div", { class: "curtain", hidden: true }),
    };
    elements.count = h("span", { class: "badge", "aria-hidden": "true" });
    elements.unread = h("span", { class: "badge badge-new", "aria-hidden": "true", hidden: true });
    elements.people.append(elements.count);
    elements.chat.append(elements.unread);
    elements.screen.hidden = !media.canShare;
    const leave = roundButton("Leave the call", "leave", () => this.#actions.leave());
    leave.classList.add("leave");
    const devices = h("button", {
      type: "button", class: "gear", "aria-label": "Devices", title: "Devices and keyboard",
      onclick: () => openDevices(media),
    }, icon("settings"));
    elements.main = h("main", { class: "call", tabIndex: -1, "aria-label": "Call" },
      h("header", { class: "top" }, elements.lock, elements.status, devices, this.#inviteButton("invite")),
      elements.notices,
      h("div", { class: "middle" },
        h("div", { class: "stage-area" }, this.#stage.element, elements.curtain, this.#toasts.element), elements.side),
      h("div", { class: "controls", role: "group", "aria-label": "Controls" },
        elements.microphone, elements.camera, elements.screen, elements.people, elements.chat, leave));
    root.replaceChildren(elements.main, this.#sinks.element);
    return elements;
  }

  #inviteButton(className) {
    const advice = "Whoever has it can join: send it to those you want in the call only.";
    return inviteButton(this.#call.invitation, {
      className, oncopy: () => this.#toasts.show("The invite link is copied.", advice),
    });
  }

  /** Stands beside the own picture until somebody comes. */
  #vacancy() {
    return h("div", { class: "vacancy" }, h("div", { class: "vacancy-text" }, h("h2", {}, "Nobody else is here yet"),
      h("p", { class: "lead" }, "Send the invite link to those you want in the call."),
      this.#inviteButton("primary")));
  }

  /** Escape closes what stands at the side, unless it was meant for a dialog or a list that is open. */
  #key(event) {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (this.#panel) this.#openPanel(null);
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
    else side.focus();
    this.#render();
  }

  /** @param {"microphone" | "camera" | "screen"} name @param {boolean} [isByKey] away from the button that shows it */
  async #toggle(name, isByKey = false) {
    const { media } = this.#call;
    if (name === "screen") await (media.screen ? media.stopScreen() : media.startScreen());
    else if (name === "camera") await media.turnCamera(!media.isCameraOn);
    else await media.turnMicrophone(!media.isMicrophoneOn);
    if (!isByKey) return;
    const isOn = name === "camera" ? media.isCameraOn : media.isMicrophoneOn;
    announce(`${name === "camera" ? "Camera" : "Microphone"} ${isOn ? "on" : "off"}.`);
  }

  #render() {
    const { state, media } = this.#call;
    const { lock, status, notices, microphone, camera, screen, count, unread, curtain } = this.#elements;
    setToggle(microphone, media.isMicrophoneOn, "microphone", "Microphone", SHORTCUTS.microphone.text);
    setToggle(camera, media.isCameraOn, "camera", "Camera", SHORTCUTS.camera.text);
    screen.setAttribute("aria-pressed", String(media.screen !== null));
    screen.classList.toggle("chosen", media.screen !== null);
    lockLabel(lock, state);
    const text = statusOf(state);
    write(status, text);
    // Who comes and goes is said by name, and what is wrong by a notice.
    if (text !== this.#status && state.phase !== "in") announce(text);
    this.#status = text;
    place(notices, noticesOf(state, { retry: () => this.#call.retry() }));
    this.#stage.render(state);
    this.#sinks.render(state);
    this.#people.render(state);
    this.#chat.render(state.chat);
    setTitle(this.#chat.unread ? `(${this.#chat.unread}) ${text}` : text);
    write(count, String(state.people.length || ""));
    this.#elements.people.setAttribute("aria-label", `People: ${state.people.length}`);
    unread.hidden = this.#chat.unread === 0;
    write(unread, String(this.#chat.unread));
    this.#elements.chat.setAttribute("aria-label", this.#chat.unread ? `Chat: ${this.#chat.unread} new` : "Chat");
    this.#curtain(curtain, state);
    this.#changes.render(state);
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
      curtain.replaceChildren(h("div", { class: "waiting" }, h("span", { class: "spinner", "aria-hidden": "true" }),
        h("p", {}, hasBeenIn ? "Joining again…" : "Joining the call…")));
    }
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
