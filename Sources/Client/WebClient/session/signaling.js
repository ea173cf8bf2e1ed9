// The WebSocket to the relay: one membership over any number of connections.
//
// A connection that breaks is opened again and the membership resumed, for as long as the relay keeps it. What is sent
// meanwhile waits. When there is nothing to resume the membership has ended; a new one needs fresh keys.

const CONNECT_TIMEOUT = 8000;
const PING_INTERVAL = 10_000;
const PONG_TIMEOUT = 6000;
/** Short enough at its end that a connection is back before others take this member for silent, after 15 s. */
const BACKOFF = [0, 300, 700, 1500, 2000, 2500];
const OUTBOX_LIMIT = 8192;
/** Until the relay has said how long it keeps a membership. */
const RESUME_WINDOW = 30_000;

/**
 * Why a membership has ended.
 * - `unreachable`: the relay never answered.
 * - `refused`: it did not admit this member; `code` says why.
 * - `lost`: the connection broke and there was nothing to resume.
 * - `goodbye`: the relay ended it; `code` says why.
 * @typedef {{reason: "unreachable" | "refused" | "lost" | "goodbye", code: string | null}} SignalingEnd
 */

export class Signaling {
  #url;
  #join;
  #handlers;
  /** @type {WebSocket | null} */
  #socket = null;
  #resumeToken = null;
  #resumeWindow = RESUME_WINDOW;
  #lostAt = 0;
  #attempt = 0;
  #isJoined = false;
  #isClosed = false;
  /** @type {object[]} */
  #outbox = [];
  #timers = { retry: 0, connect: 0, ping: 0, pong: 0 };
  #pingID = 0;

  /**
   * @param {object} options
   * @param {string} options.relay
   * @param {object} options.join the `join` message without `resume`
   * @param {object} options.handlers
   * @param {(message: any) => void} options.handlers.message all of the relay but `pong` and refusals of a join
   * @param {(isConnected: boolean) => void} options.handlers.connection lost after it had been there, and back
   * @param {(end: SignalingEnd) => void} options.handlers.end called once; nothing follows
   */
  constructor({ relay, join, handlers }) {
    this.#url = `${relay}/v1/call`;
    this.#join = join;
    this.#handlers = handlers;
  }

  open() {
    this.#connect();
  }

  /** Whether messages reach the relay now. */
  get isConnected() {
    return this.#isJoined;
  }

  /** Sends a message now, or when the connection is back. @param {object} message */
  send(message) {
    if (this.#isClosed) return;
    if (this.#isJoined) this.#write(message);
    else if (this.#outbox.length < OUTBOX_LIMIT) this.#outbox.push(message);
  }

  /** The network has changed: does not wait for the connection to be found dead. */
  reconnect() {
    if (this.#isClosed || this.#resumeToken === null) return;
    this.#attempt = 0;
    this.#lose(this.#socket);
  }

  /** Leaves the room and closes. */
  leave() {
    if (this.#isJoined) this.#write({ type: "leave" });
    this.#close();
  }

  #connect() {
    this.#clear("retry");
    let socket;
    try {
      socket = new WebSocket(this.#url);
    } catch {
      return this.#end("unreachable");
    }
    this.#socket = socket;
    this.#timers.connect = setTimeout(() => this.#lose(socket), CONNECT_TIMEOUT);
    socket.onopen = () => {
      this.#write(this.#resumeToken ? { ...this.#join, resume: this.#resumeToken } : this.#join);
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    };
    socket.onclose = () => this.#lose(socket);
  }

  #receive(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (typeof message !== "object" || message === null) return;
    switch (message.type) {
      case "joined":
        return this.#joined(message);
      case "pong":
        return this.#clear("pong");
      case "goodbye":
        return this.#end("goodbye", message.reason);
      case "error":
        if (message.about === "join" && !this.#isJoined) return this.#refused(message.code);
    }
    // Before the relay has let this member in there is nothing it could say about the room.
    if (this.#isJoined) this.#handlers.message(message);
  }

  #joined(message) {
    if (this.#isJoined || typeof message.resumeToken !== "string") return;
    this.#clear("connect");
    const isBack = this.#resumeToken !== null;
    this.#resumeToken = message.resumeToken;
    this.#resumeWindow = message.limits?.resumeWindowMs ?? RESUME_WINDOW;
    this.#attempt = 0;
    this.#isJoined = true;
    this.#timers.ping = setInterval(() => this.#ping(), PING_INTERVAL);
    const waiting = this.#outbox;
    this.#outbox = [];
    this.#handlers.message(message);
    for (const item of waiting) this.send(item);
    if (isBack) this.#handlers.connection(true);
  }

  #refused(code) {
    // The relay was started anew, or has given this member up.
    if (this.#resumeToken !== null) this.#end("lost", code);
    else this.#end("refused", code);
  }

  #ping() {
    if (!this.#isJoined) return;
    this.#pingID += 1;
    this.#write({ type: "ping", id: this.#pingID });
    const socket = this.#socket;
    this.#timers.pong ||= setTimeout(() => this.#lose(socket), PONG_TIMEOUT);
  }

  /** A connection is gone: the next one is tried. */
  #lose(socket) {
    if (this.#isClosed || socket !== this.#socket) return;
    this.#drop();
    if (this.#resumeToken === null) return this.#end("unreachable");
    const now = performance.now();
    if (this.#isJoined) {
      this.#isJoined = false;
      this.#lostAt = now;
      this.#handlers.connection(false);
    } else if (now - this.#lostAt > this.#resumeWindow) {
      return this.#end("lost");
    }
    const pause = BACKOFF[Math.min(this.#attempt, BACKOFF.length - 1)];
    this.#attempt += 1;
    // Spread, so that a relay that comes back is not met by everybody at once.
    this.#timers.retry = setTimeout(() => this.#connect(), pause * (0.7 + Math.random() * 0.6));
  }

  #write(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #drop() {
    for (const name of Object.keys(this.#timers)) this.#clear(name);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #close() {
    this.#isClosed = true;
    this.#isJoined = false;
    this.#drop();
  }

  #end(reason, code = null) {
    if (this.#isClosed) return;
    this.#close();
    this.#handlers.end({ reason, code });
  }

  #clear(timer) {
    clearTimeout(this.#timers[timer]);
    this.#timers[timer] = 0;
  }
}
