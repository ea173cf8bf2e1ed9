// Keeps the screen on during a call, where the browser can.

export class WakeLock {
  #lock = null;
  #isClosed = false;
  // The browser takes it away from a page that is hidden.
  #again = () => document.visibilityState === "visible" && this.#take();

  constructor() {
    document.addEventListener("visibilitychange", this.#again);
    this.#take();
  }

  close() {
    this.#isClosed = true;
    document.removeEventListener("visibilitychange", this.#again);
    this.#lock?.release().catch(() => {});
  }

  async #take() {
    // Refused when the battery is low, for example; the call goes on without.
    const lock = await navigator.wakeLock?.request("screen").catch(() => null);
    if (this.#isClosed) await lock?.release().catch(() => {});
    else this.#lock = lock ?? null;
  }
}
