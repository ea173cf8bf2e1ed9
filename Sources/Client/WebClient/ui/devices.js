// Which camera, microphone and loudspeaker are used; the choices follow what is plugged in and out.
import { openDialog } from "./dialog.js";
import { h, newID } from "./dom.js";
import { LevelMeter } from "./level-meter.js";
import { SHORTCUTS } from "./shortcuts.js";
import { speaker } from "./speaker.js";

const KINDS = /** @type {const} */ (["camera", "microphone"]);
const NAMES = { camera: "Camera", microphone: "Microphone", speaker: "Loudspeaker" };

export class DeviceChoice {
  element = h("div", { class: "devices" });
  #media;
  #selects;
  #speakerRow;
  #update = () => this.#render();

  /** @param {import("../session/local-media.js").LocalMedia} media */
  constructor(media) {
    this.#media = media;
    const select = (kind) =>
      h("select", { id: newID(kind), onchange: ({ target }) => this.#choose(kind, target.value) });
    this.#selects = { camera: select("camera"), microphone: select("microphone"), speaker: select("speaker") };
    for (const kind of KINDS) this.element.append(this.#row(kind));
    this.#speakerRow = this.#row("speaker",
      h("button", { type: "button", onclick: () => speaker.test().catch(() => {}) }, "Test"));
    this.#speakerRow.hidden = true;
    this.element.append(this.#speakerRow);
    media.addEventListener("change", this.#update);
    speaker.addEventListener("change", this.#update);
    navigator.mediaDevices?.addEventListener?.("devicechange", this.#update);
    this.#render();
  }

  close() {
    this.#media.removeEventListener("change", this.#update);
    speaker.removeEventListener("change", this.#update);
    navigator.mediaDevices?.removeEventListener?.("devicechange", this.#update);
  }

  /** Something to be shown below a device. @param {keyof typeof NAMES} kind @param {Node} node */
  add(kind, node) {
    this.#selects[kind].closest(".device").append(node);
  }

  #row(kind, ...more) {
    const select = this.#selects[kind];
    return h("div", { class: "device" },
      h("label", { for: select.id }, NAMES[kind]), h("div", { class: "row" }, select, ...more));
  }

  #choose(kind, id) {
    if (kind === "speaker") speaker.choose(id);
    else this.#media.choose(kind, id);
  }

  async #render() {
    const [devices, speakers] = await Promise.all([this.#media.devices(), speaker.devices()]);
    for (const kind of KINDS) {
      const current = this.#media[kind]?.getSettings().deviceId ?? this.#media.chosen[kind] ?? "";
      fill(this.#selects[kind], devices[kind], current, NAMES[kind]);
    }
    this.#speakerRow.hidden = speakers.length === 0;
    if (speakers.every(({ deviceId }) => deviceId !== speaker.id)) speaker.choose("");
    fill(this.#selects.speaker, speakers, speaker.id, NAMES.speaker);
  }
}

function fill(select, devices, current, noun) {
  const text = JSON.stringify([current, ...devices.map(({ deviceId, label }) => [deviceId, label])]);
  if (select.dataset.shown === text) return;
  select.dataset.shown = text;
  const options = devices.map(({ deviceId, label }, index) =>
    h("option", { value: deviceId, selected: deviceId === current }, label || `${noun} ${index + 1}`));
  const none = h("option", { value: "" }, "None found, or no access yet");
  select.replaceChildren(...(options.length ? options : [none]));
  select.disabled = options.length === 0;
}

/** The same choice during a call. @param {import("../session/local-media.js").LocalMedia} media */
export function openDevices(media) {
  const choice = new DeviceChoice(media);
  const level = h("div", { class: "level level-line", "aria-hidden": "true" }, h("i"));
  const meter = new LevelMeter(level);
  choice.add("microphone", level);
  const listen = () => meter.listen(media.isMicrophoneOn ? media.microphone : null);
  media.addEventListener("change", listen);
  listen();
  const keys = Object.values(SHORTCUTS).map(({ text, does }) =>
    h("div", {}, h("dt", {}, h("kbd", {}, text)), h("dd", {}, does)));
  openDialog("Devices", [
    choice.element,
    h("h3", {}, "Keyboard"),
    h("dl", { class: "keys" }, ...keys),
  ], { onclose: () => {
    media.removeEventListener("change", listen);
    meter.close();
    choice.close();
  } });
}
