// This device's microphone, camera and screen.
import { Problem } from "./problems.js";

const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** @typedef {"microphone" | "camera"} DeviceKind */

/** `change` is fired when a track, or a choice of device, has changed; `problem` carries a `Problem` as its detail. */
export class LocalMedia extends EventTarget {
  /** @type {MediaStreamTrack | null} */
  microphone = null;
  /** @type {MediaStreamTrack | null} */
  camera = null;
  /** @type {MediaStreamTrack | null} */
  screen = null;
  /** @type {MediaStreamTrack | null} */
  screenAudio = null;
  /** Whether what the microphone hears is sent. */
  isMicrophoneOn = false;
  /** Chosen devices; null for the browser's choice. @type {Record<DeviceKind, string | null>} */
  chosen = { microphone: null, camera: null };
  /** @type {Record<DeviceKind, Promise<unknown> | null>} */
  #opening = { microphone: null, camera: null };

  get isCameraOn() {
    return this.camera !== null;
  }

  /** What a reload should turn on again. */
  get wants() {
    return { microphone: this.isMicrophoneOn, camera: this.isCameraOn, chosen: this.chosen };
  }

  /** Whether the browser gives access to devices at all. */
  get canCapture() {
    return typeof navigator.mediaDevices?.getUserMedia === "function";
  }

  get canShare() {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  }

  /** @param {boolean} isOn */
  async turnMicrophone(isOn) {
    this.isMicrophoneOn = isOn;
    if (this.microphone) this.microphone.enabled = isOn;
    else if (isOn) await this.#open("microphone");
    this.#changed();
  }

  /** @param {boolean} isOn */
  async turnCamera(isOn) {
    if (isOn && !this.camera) await this.#open("camera");
    // Stopped, not only disabled: the camera's light goes out.
    else if (!isOn) this.#close("camera");
    this.#changed();
  }

  /** @param {DeviceKind} kind @param {string} deviceId */
  async choose(kind, deviceId) {
    this.chosen = { ...this.chosen, [kind]: deviceId || null };
    if (!this[kind]) return;
    this.#close(kind);
    await this.#open(kind);
    this.#changed();
  }

  /** Shares a screen or window until `stopScreen`, or until the browser's own button ends it. */
  async startScreen() {
    if (!this.canShare) return this.#report(new Problem("noScreen"));
    let stream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: true });
    } catch (error) {
      return this.#report(new Problem("screenDenied", error));
    }
    this.stopScreen();
    [this.screen] = stream.getVideoTracks();
    this.screen.contentHint = "detail";
    this.screenAudio = stream.getAudioTracks()[0] ?? null;
    this.screen.onended = () => this.stopScreen();
    this.#changed();
  }

  stopScreen() {
    if (!this.screen) return;
    this.#close("screen");
    this.#close("screenAudio");
    this.#changed();
  }

  /** Cameras and microphones that may be chosen. Their names are known only once access was given. */
  async devices() {
    const all = await navigator.mediaDevices?.enumerateDevices().catch(() => []);
    const named = (kind) => (all ?? []).filter((device) => device.kind === kind && device.deviceId !== "");
    return { microphone: named("audioinput"), camera: named("videoinput") };
  }

  /** Lets go of every device. */
  stop() {
    for (const source of ["microphone", "camera", "screen", "screenAudio"]) this.#close(source);
    this.isMicrophoneOn = false;
    this.#changed();
  }

  async #open(kind) {
    this.#opening[kind] ??= this.#capture(kind).finally(() => (this.#opening[kind] = null));
    await this.#opening[kind];
  }

  async #capture(kind) {
    const isCamera = kind === "camera";
    if (!this.canCapture) return this.#report(new Problem(isCamera ? "noCamera" : "noMicrophone"), kind);
    const constraints = isCamera ? CAMERA : MICROPHONE;
    const device = this.chosen[kind] ? { deviceId: { exact: this.chosen[kind] } } : {};
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        [isCamera ? "video" : "audio"]: { ...constraints, ...device },
      });
      const [track] = stream.getTracks();
      this.#close(kind);
      this[kind] = track;
      if (!isCamera) track.enabled = this.isMicrophoneOn;
      track.onended = () => this.#lost(kind, track);
    } catch (error) {
      // The chosen one was pulled out: any other will do.
      if (error?.name === "OverconstrainedError" && this.chosen[kind]) {
        this.chosen = { ...this.chosen, [kind]: null };
        return this.#capture(kind);
      }
      this.#report(problemOf(kind, error), kind);
    }
  }

  /** A device was pulled out. Another microphone takes its place; no other camera looks on unasked. */
  async #lost(kind, track) {
    if (this[kind] !== track) return;
    this.#close(kind);
    this.chosen = { ...this.chosen, [kind]: null };
    if (kind === "camera") {
      this.#report(new Problem("cameraLost"), kind);
    } else if (this.isMicrophoneOn) {
      await this.#open(kind);
      if (this.microphone) this.#report(new Problem("microphoneReplaced"));
    }
    this.#changed();
  }

  #close(source) {
    const track = this[source];
    this[source] = null;
    if (!track) return;
    track.onended = null;
    track.stop();
  }

  #report(problem, kind = null) {
    if (kind === "microphone") this.isMicrophoneOn = false;
    this.dispatchEvent(new CustomEvent("problem", { detail: problem }));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

function problemOf(kind, error) {
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return new Problem(`${kind}Denied`, error);
    case "NotFoundError":
    case "OverconstrainedError":
    case "DevicesNotFoundError":
      return new Problem(kind === "camera" ? "noCamera" : "noMicrophone", error);
    default:
      return new Problem(`${kind}Busy`, error);
  }
}
