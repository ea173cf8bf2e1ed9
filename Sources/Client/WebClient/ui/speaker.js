// The loudspeaker through which the others are heard, where the browser lets one choose it.

class Speaker extends EventTarget {
  /** Empty for the one that the system chooses. */
  id = "";

  get canChoose() {
    return typeof HTMLMediaElement.prototype.setSinkId === "function";
  }

  /** Loudspeakers that may be chosen; their names are known only once a microphone was allowed. */
  async devices() {
    if (!this.canChoose) return [];
    const all = await navigator.mediaDevices?.enumerateDevices().catch(() => []);
    return (all ?? []).filter(({ kind, deviceId }) => kind === "audiooutput" && deviceId !== "");
  }

  /** @param {string} id */
  choose(id) {
    if (id === this.id) return;
    this.id = id;
    this.dispatchEvent(new Event("change"));
  }

  /** Lets an element play there. @param {HTMLMediaElement} element */
  async apply(element) {
    if (!this.canChoose || element.sinkId === this.id) return;
    // Pulled out, or not allowed any more: the system's choice will do.
    await element.setSinkId(this.id).catch(() => this.choose(""));
  }

  /** Plays two short notes, to find out whether one hears anything. */
  async test() {
    const context = new AudioContext();
    await context.resume();
    const target = context.createMediaStreamDestination();
    const volume = new GainNode(context, { gain: 0 });
    volume.connect(target);
    const now = context.currentTime + 0.1;
    for (const [index, frequency] of [523, 784].entries()) {
      const note = new OscillatorNode(context, { frequency });
      note.connect(volume);
      note.start(now + index * 0.3);
      note.stop(now + index * 0.3 + 0.3);
    }
    volume.gain.setTargetAtTime(0.2, now, 0.02);
    volume.gain.setTargetAtTime(0, now + 0.5, 0.04);
    const player = new Audio();
    player.srcObject = target.stream;
    await this.apply(player);
    await player.play();
    setTimeout(() => {
      player.srcObject = null;
      context.close();
    }, 1500);
  }
}

/** One for the page: the call plays where the lobby tried it. */
export const speaker = new Speaker();
