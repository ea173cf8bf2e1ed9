// Writes frames in the order in which they came although each is worked on asynchronously, some at a time.

// More would only wait inside WebCrypto; fewer would leave a large frame's neighbours idle.
const PARALLEL = 4;

/**
 * @template Frame
 */
export class OrderedPipeline {
  #writer;
  #tail = Promise.resolve();
  #pending = 0;
  #space = null;
  #onFailure;

  /**
   * @param {WritableStreamDefaultWriter<Frame>} writer
   * @param {(error: unknown) => void} onFailure called when work throws, which loses its frame
   */
  constructor(writer, onFailure) {
    this.#writer = writer;
    this.#onFailure = onFailure;
  }

  /**
   * Starts work at once; its frame is written when those of earlier work have been. Null writes nothing.
   * @param {() => Promise<Frame | null>} work
   */
  push(work) {
    this.#pending += 1;
    // A failure is handled in its turn, which may be long after it happened.
    const result = work().catch((error) => {
      this.#onFailure(error);
      return null;
    });
    this.#tail = this.#tail.then(async () => {
      const frame = await result;
      // After the connection's end there is nowhere to write to.
      if (frame !== null) await this.#writer.write(frame).catch(() => {});
      this.#pending -= 1;
      this.#space?.();
    });
  }

  /** Resolves when there is room for more work. */
  async ready() {
    while (this.#pending >= PARALLEL) {
      await new Promise((resolve) => {
        this.#space = resolve;
      });
    }
  }

  /** Resolves when all that was pushed is written. */
  drained() {
    return this.#tail;
  }
}
