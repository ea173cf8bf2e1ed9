// Before a call: who one is, what the camera sees, which devices are used.
import { isName } from "../keys/texts.js";
import { loadName, saveName } from "../session/device.js";
import { Problem } from "../session/problems.js";
import { DeviceChoice } from "./devices.js";
import { h, icon, newID, place, setTitle, write } from "./dom.js";
import { problemBox } from "./entry.js";
import { filesButton } from "./files-panel.js";
import { LevelMeter } from "./level-meter.js";

const MAXIMUM_NAME = 40;
const CODECS = [
  ["vp8", "VP8: every device"], ["vp9", "VP9: less data"], ["av1", "AV1: least data, most work for the device"],
];

export class Lobby {
  #media;
  #options;
  #elements;
  #devices;
  #meter;
  /** @type {Map<string, {problem: Problem, box: HTMLElement}>} */
  #problems = new Map();
  #deniedBox = null;
  #isClosed = false;
  #update = () => this.#render();
  #trouble = ({ detail }) => this.#report(detail);

  /**
   * @param {HTMLElement} root
   * @param {object} options
   * @param {import("../session/link.js").Invitation} options.invitation
   * @param {import("../session/local-media.js").LocalMedia} options.media
   * @param {LocalMedia["wants"] | null} options.wants what was on before
   * @param {(choice: {invitation: object, name: string | null, allowsFallback: boolean}) => void} options.join
   * @param {() => void} options.cancel
   */
  constructor(root, options) {
    this.#options = options;
    this.#media = options.media;
    this.#devices = new DeviceChoice(options.media);
    this.#elements = this.#build(root);
    this.#meter = new LevelMeter(this.#elements.level);
    this.#media.addEventListener("change", this.#update);
    this.#media.addEventListener("problem", this.#trouble);
    setTitle("Ready to join?");
    this.#elements.name.focus();
    this.#elements.name.select();
    this.#start(options.wants);
  }

  close() {
    this.#isClosed = true;
    this.#meter.close();
    this.#devices.close();
    this.#elements.video.srcObject = null;
    this.#media.removeEventListener("change", this.#update);
    this.#media.removeEventListener("problem", this.#trouble);
  }

  async #start(wants) {
    this.#render();
    // One question of the browser after the other.
    if (wants?.microphone ?? true) await this.#media.turnMicrophone(true);
    if (!this.#isClosed && (wants?.camera ?? true)) await this.#media.turnCamera(true);
  }

  #build(root) {
    const { invitation, cancel } = this.#options;
    const ids = { name: newID("name"), nameHint: newID("name-hint"), token: newID("token"), codec: newID("codec") };
    const elements = {
      video: h("video", {
        muted: true, autoplay: true, playsInline: true, tabIndex: -1, class: "mirrored", "aria-label": "Your camera",
      }),
      placeholder: h("p", { class: "placeholder" }),
      level: h("div", { class: "level", "aria-hidden": "true" }, h("i")),
      microphone: h("button", { type: "button", class: "round", onclick: () => this.#toggle("microphone") }),
      camera: h("button", { type: "button", class: "round", onclick: () => this.#toggle("camera") }),
      problems: h("div", { class: "stack" }),
      name: h("input", {
        id: ids.name, type: "text", maxLength: MAXIMUM_NAME, value: loadName(), autocomplete: "nickname",
        placeholder: "Guest", dir: "auto", "aria-describedby": ids.nameHint,
      }),
      token: h("input", {
        id: ids.token, type: "text", spellcheck: false, autocomplete: "off", value: invitation.token ?? "",
      }),
      codec: h("select", { id: ids.codec }, ...CODECS.map(([value, text]) =>
        h("option", { value, selected: value === invitation.codec }, text))),
      fallback: h("input", { type: "checkbox" }),
    };
    const submit = (event) => {
      event.preventDefault();
      this.#join();
    };
    root.replaceChildren(h("main", { class: "entry lobby" },
      h("div", { class: "card wide-card" },
        h("header", { class: "brand" },
          h("span", { class: "brand-mark" }, icon("lock")), h("h1", {}, "Ready to join?")),
        h("div", { class: "lobby-columns" },
          h("div", { class: "preview" }, elements.video, elements.placeholder,
            h("div", { class: "preview-controls" }, elements.microphone, elements.camera), elements.level),
          h("form", { class: "lobby-form", onsubmit: submit },
            h("label", { for: ids.name }, "Your name"), elements.name,
            h("p", { class: "fine", id: ids.nameHint }, "Only the people in the call see it."),
            elements.problems,
            h("button", { class: "primary wide", type: "submit" }, "Join the call"),
            h("button", { class: "wide quiet", type: "button", onclick: cancel }, "Back"),
            h("details", {}, h("summary", {}, "Relay and keys"),
              h("p", { class: "fine" }, "Relay: ", h("code", {}, invitation.relay)),
              h("label", { for: ids.token }, "Join token, if the relay asks for one"), elements.token,
              h("label", { for: ids.codec }, "Pictures are sent as"), elements.codec,
              h("p", { class: "fine" }, "VP8 as soon as somebody in the call can show nothing else."),
              h("label", { class: "check" }, elements.fallback,
                " Let in people whose devices have only ML-KEM-768 (a weaker key exchange)"))),
          h("section", { class: "lobby-devices", "aria-label": "Devices" }, this.#devices.element))),
      h("footer", { class: "fine" }, filesButton())));
    return elements;
  }

  #toggle(kind) {
    this.#problems.delete(kind);
    if (kind === "camera") this.#media.turnCamera(!this.#media.isCameraOn);
    else this.#media.turnMicrophone(!this.#media.isMicrophoneOn);
  }

  #join() {
    const { invitation, join } = this.#options;
    const name = this.#elements.name.value.trim();
    if (name && !isName(name)) return this.#report(new Problem("badName"));
    saveName(name);
    const token = this.#elements.token.value.trim() || null;
    const codec = this.#elements.codec.value;
    const allowsFallback = this.#elements.fallback.checked;
    join({ invitation: { ...invitation, token, codec }, name: name || null, allowsFallback });
  }

  #report(problem) {
    const kind = /camera/i.test(problem.code) ? "camera" : /microphone/i.test(problem.code) ? "microphone" : "other";
    this.#problems.set(kind, { problem, box: problemBox(problem) });
    this.#render();
  }

  /** One box for both devices where the browser said the same of both. */
  #problemBoxes() {
    const denied = ["cameraDenied", "microphoneDenied"];
    const codes = [...this.#problems.values()].map(({ problem }) => problem.code);
    if (!denied.every((code) => codes.includes(code))) return [...this.#problems.values()].map(({ box }) => box);
    this.#deniedBox ??= problemBox(new Problem("bothDenied"));
    return [this.#deniedBox, ...[...this.#problems].filter(([kind]) => kind === "other").map(([, { box }]) => box)];
  }

  #render() {
    const { video, placeholder, microphone, camera, problems } = this.#elements;
    const { isCameraOn, isMicrophoneOn } = this.#media;
    if ((video.srcObject?.getTracks()[0] ?? null) !== this.#media.camera) {
      video.srcObject = this.#media.camera ? new MediaStream([this.#media.camera]) : null;
      if (isCameraOn) this.#problems.delete("camera");
    }
    if (this.#media.microphone) this.#problems.delete("microphone");
    video.hidden = !isCameraOn;
    placeholder.hidden = isCameraOn;
    write(placeholder, "Your camera is off");
    this.#meter.listen(isMicrophoneOn ? this.#media.microphone : null);
    setToggle(microphone, isMicrophoneOn, "microphone", "Microphone");
    setToggle(camera, isCameraOn, "camera", "Camera");
    place(problems, this.#problemBoxes());
  }
}

/** A button that is on or off. @param {string} [keys] its keyboard shortcut */
export function setToggle(button, isOn, name, label, keys = "") {
  if (button.dataset.state === String(isOn)) return;
  button.dataset.state = String(isOn);
  button.classList.toggle("off", !isOn);
  button.setAttribute("aria-pressed", String(isOn));
  button.setAttribute("aria-label", label);
  if (keys) button.setAttribute("aria-keyshortcuts", keys);
  button.title = `${label}: ${isOn ? "on" : "off"}${keys && ` (${keys})`}`;
  button.replaceChildren(icon(isOn ? name : `${name}Off`));
}
