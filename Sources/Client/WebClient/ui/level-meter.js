// A bar that shows how loud a microphone is.

export class LevelMeter {
  #element;
  /** @type {AudioContext | null} */
  #context = null;
  #source = null;
  #analyser = null;
  #track = null;
  #timer = 0;

  /** @param {HTMLElement} element whose first child is the bar */
  constructor(element) {
    this.#element = element;
  }

  /** @param {MediaStreamTrack | null} track */
  listen(track) {
    if (track === this.#track) return;
    this.#stop();
    this.#track = track;
    if (!track || typeof AudioContext !== "function") return;
    this.#context ??= new AudioContext();
    this.#analyser ??= new AnalyserNode(this.#context, { fftSize: 512 });
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#timer = setInterval(() => this.#show(samples), 80);
  }

  close() {
    this.#stop();
    this.#context?.close();
    this.#context = null;
  }

  #show(samples) {
    this.#analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    // From -60 dB to 0.
    const level = Math.max(0, Math.min(1, 1 + Math.log10(power + 1e-9) / 6));
    this.#element.firstElementChild.style.transform = `scaleX(${level.toFixed(2)})`;
  }

  #stop() {
    clearInterval(this.#timer);
    this.#source?.disconnect();
    this.#source = null;
    this.#track = null;
    this.#element.firstElementChild.style.transform = "scaleX(0)";
  }
}
