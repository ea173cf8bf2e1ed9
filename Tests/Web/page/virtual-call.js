// A call of `CallKeys` over an in-memory relay, in virtual time: the counterpart of Tests/E2EKeysTests/Call.swift.
import { equal, fromBase64URL, toBase64URL } from "/client/crypto/bytes.js";
import { PostQuantum } from "/client/crypto/pq.js";
import { CallKeys } from "/client/keys/call-keys.js";
import { newInvite, openInvite } from "/client/keys/invite.js";
import { KeyPolicy } from "/client/keys/policy.js";
import { headAfter, memberID, parseEntry, rosterHash } from "/client/keys/room-log.js";
import { EpochStore } from "/client/media/epoch-store.js";
import { parseHeader } from "/client/sframe/header.js";
import { unpackKID } from "/client/sframe/kid.js";
import { Failure } from "./harness.js";

export const pq = await PostQuantum.open();
const GENESIS = toBase64URL(new Uint8Array(32));

/** A member in a test: its keys, its media worker's store, and what it was told to do. */
export class Client {
  keys = null;
  store = new EpochStore();
  /** Base keys that were handed over, and what else the worker was told. */
  handedOver = [];
  /** The relay reaches it and it reaches the relay. */
  isConnected = true;
  /** Its process stopped: it does nothing at all. */
  isFrozen = false;
  events = [];
  ready = [];
  sent = [];
  #call;

  constructor(call, name) {
    this.#call = call;
    this.name = name;
  }

  get member() {
    return this.keys.member;
  }

  // What `CallKeys` tells the media worker.

  addEpoch(keys) {
    this.handedOver.push(keys);
    this.store.add(keys);
  }

  activate(id) {
    if (!this.store.activate(id)) throw new Failure(`${this.name}: no epoch ${id}`);
  }

  block() {
    this.store.block();
  }

  retire(id, afterMilliseconds = 0) {
    if (afterMilliseconds > 0) this.#call.schedule(afterMilliseconds, () => this.store.retire(id));
    else this.store.retire(id);
  }

  depart(joinIndex) {
    this.store.depart(joinIndex);
  }

  /** A sealed frame; null while nothing may be sent. */
  async seal(bytes = Uint8Array.of(1, 2, 3), stream = 0) {
    return this.store.sending ? this.store.sending.seal(bytes, stream) : null;
  }

  /** Opens a frame; one that needs a key asks for it, as the page does. */
  async open(sealed) {
    const header = parseHeader(sealed);
    const result = await this.store.open(sealed, header);
    if (["unknownKey", "authenticationFailed"].includes(result.failure)) {
      this.#call.perform(this, await this.keys.requestKey(unpackKID(header.kid), this.#call.now));
    }
    return result;
  }

  async opens(sealed) {
    return "plaintext" in (await this.open(sealed));
  }

  told(type, fields = {}) {
    const wanted = Object.entries(fields);
    return this.events.some((event) => event.type === type && wanted.every(([name, value]) => event[name] === value));
  }

  get activations() {
    return this.events.filter(({ type }) => type === "epochActive");
  }

  get epoch() {
    return this.keys.sendingEpoch;
  }
}

export class Call {
  now = 5000;
  /** @type {Client[]} */
  clients = [];
  latency = 5;
  /** The fate of sealed messages: copies and their extra delays; none when it is lost. Set by tests. */
  onSealed = null;
  relayPrepares = true;
  relayExecutes = true;
  /** Members whom the relay tells nothing of the log any more. */
  keptInTheDark = new Set();
  n = 0;
  head = GENESIS;
  roster = [];
  entries = [];
  executed = 0;
  #queue = [];
  #epoch = 0;
  /** @type {Set<string> | null} */
  #awaiting = null;
  #changes = [];
  #isCoalescing = false;

  /** @returns {Promise<Call>} */
  static async open() {
    const call = new Call();
    call.invite = newInvite();
    call.secrets = await openInvite(call.invite);
    return call;
  }

  /** A call with members that have agreed. */
  static async of(count, options) {
    const call = await Call.open();
    for (let index = 0; index < count; index += 1) await call.join(options);
    await call.run(300);
    return call;
  }

  // The clients' side.

  async makeClient({ policy, invite = this.invite, name = null, identity, pins } = {}) {
    const client = new Client(this, this.clients.length);
    client.keys = await CallKeys.open({
      pq, invite, identity: identity ?? (await pq.generateKeys("ML-DSA-65")), media: client,
      policy: new KeyPolicy(policy), displayName: name, pins, now: this.now,
    });
    return client;
  }

  async join(options) {
    const client = await this.makeClient(options);
    await this.enter(client);
    return client;
  }

  /** Joins as this call's room whatever the client believes. */
  async enter(client, bundle = client.keys.bundle) {
    this.clients.push(client);
    const bundleHash = await pq.sha3_256(fromBase64URL(bundle));
    const entry = await this.#append("join", memberID(bundleHash), bundleHash, "joined");
    this.roster.push({ joinIndex: entry.n, member: entry.member, bundle });
    const message = this.joined(client, false);
    this.deliver(client, (keys, now) => keys.joined(message, now));
    this.#tell({ type: "membership", entry, bundle }, client);
    this.#noteChange(entry);
  }

  joined(client, resumed) {
    return {
      type: "joined", member: client.member, room: this.secrets.room, epoch: this.executed, roster: [...this.roster],
      head: { n: this.n, hash: this.head }, published: [], resumeToken: "", resumed,
      limits: { maxMembers: 500, maxSealedBytes: 49_152, maxVideoBitrate: 0, resumeWindowMs: 30_000 },
    };
  }

  /** The member leaves; `hidden`: and the relay tells nobody. */
  async leave(client, { hidden = false } = {}) {
    client.isConnected = false;
    if (!hidden) await this.removeFromLog(client);
  }

  async removeFromLog(client) {
    this.roster = this.roster.filter(({ member }) => member !== client.member);
    const bundleHash = await pq.sha3_256(fromBase64URL(client.keys.bundle));
    const entry = await this.#append("leave", client.member, bundleHash, "left");
    this.#tell({ type: "membership", entry }, client);
    this.#awaiting?.delete(client.member);
    this.#noteChange(entry);
    if (this.#awaiting?.size === 0) await this.#execute(this.#epoch);
  }

  resume(client) {
    client.isConnected = true;
    const message = this.joined(client, true);
    this.deliver(client, (keys, now) => keys.joined(message, now));
  }

  // Time.

  async run(milliseconds) {
    const end = this.now + milliseconds;
    for (let turns = 0; ; ) {
      const awake = this.clients.filter(({ isFrozen }) => !isFrozen);
      const timer = Math.min(...awake.map(({ keys }) => keys.nextDeadline));
      const next = Math.min(timer, this.#queue[0]?.at ?? Infinity);
      if (next > end) break;
      turns = next > this.now ? 0 : turns + 1;
      if (turns > 20_000) throw new Failure("time stands still: a deadline is not acted upon");
      this.now = Math.max(this.now, next);
      if (this.#queue.length > 0 && this.#queue[0].at <= timer) {
        await this.#queue.shift().work();
      } else {
        for (const client of awake.filter(({ keys }) => keys.nextDeadline <= this.now)) {
          this.perform(client, await client.keys.expire(this.now));
        }
      }
    }
    this.now = end;
  }

  schedule(delay, work) {
    const at = this.now + delay;
    const place = this.#queue.findIndex((item) => item.at > at);
    this.#queue.splice(place < 0 ? this.#queue.length : place, 0, { at, work });
  }

  deliver(client, input, delay = 0) {
    this.schedule(this.latency + delay, async () => {
      if (client.isConnected && !client.isFrozen) this.perform(client, await input(client.keys, this.now));
    });
  }

  perform(client, actions) {
    for (const action of actions) {
      switch (action.type) {
        case "event":
          client.events.push(action.event);
          break;
        case "ready":
          client.ready.push(action.epoch);
          if (client.isConnected) this.schedule(this.latency, () => this.#ready(client, action.epoch));
          break;
        case "send":
          if (client.isConnected) this.#carry(client, action.message);
          break;
      }
    }
  }

  #carry(from, message) {
    from.sent.push(message);
    const receivers = this.clients.filter((to) => to !== from && (!message.to || to.member === message.to));
    for (const to of receivers) {
      const deliveries = this.onSealed?.(from, to, message.body) ?? [{ body: message.body, delay: 0 }];
      for (const { body, delay = 0 } of deliveries) {
        const sealed = { type: "sealed", from: from.member, body };
        this.deliver(to, (keys, now) => keys.receive(sealed, now), this.latency + delay);
      }
    }
  }

  // The relay's rekey advice.

  async #append(kind, member, bundleHash, cause) {
    this.n += 1;
    const entry = { n: this.n, kind, member, bundleHash: toBase64URL(bundleHash), cause, previous: this.head };
    this.head = await this.headAfter(entry);
    this.entries.push(entry);
    return entry;
  }

  async headAfter(entry) {
    return toBase64URL(await headAfter(parseEntry(entry), this.secrets.roomBytes, pq));
  }

  #tell(message, except) {
    for (const client of this.clients) {
      if (client === except || this.keptInTheDark.has(client)) continue;
      this.deliver(client, (keys, now) => keys.membershipChanged(message, now));
    }
  }

  #noteChange(entry) {
    this.#changes.push(entry);
    this.#coalesce();
  }

  #coalesce() {
    if (!this.relayPrepares || this.#awaiting || this.#isCoalescing || this.#changes.length === 0) return;
    this.#isCoalescing = true;
    this.schedule(50, () => {
      this.#isCoalescing = false;
      const kinds = new Set(this.#changes.map(({ kind }) => kind));
      return this.prepare(kinds.size === 2 ? "mixed" : [...kinds][0]);
    });
  }

  async prepare(cause) {
    this.#epoch += 1;
    const epoch = this.#epoch;
    const advice = await this.advice(epoch, "prepare", cause);
    this.#changes = [];
    this.#awaiting = new Set(this.roster.map(({ member }) => member));
    for (const client of this.clients) this.deliver(client, (keys, now) => keys.rekey(advice, now));
    this.schedule(2000, () => this.#execute(epoch));
  }

  async advice(epoch, phase, cause) {
    const members = [];
    for (const { joinIndex, member, bundle } of this.roster) {
      members.push({ joinIndex, id: member, bundleHash: await pq.sha3_256(fromBase64URL(bundle)) });
    }
    return {
      type: "rekey", epoch, phase, cause, changes: this.#changes.map(({ n }) => n),
      head: { n: this.n, hash: this.head },
      rosterHash: toBase64URL(await rosterHash(members, this.secrets.roomBytes, pq)),
      deadlineMs: phase === "prepare" ? 2000 : 0,
    };
  }

  async #ready(client, epoch) {
    if (epoch !== this.#epoch) return;
    this.#awaiting?.delete(client.member);
    if (this.#awaiting?.size === 0) await this.#execute(epoch);
  }

  async #execute(epoch) {
    if (epoch !== this.#epoch || !this.#awaiting) return;
    this.#awaiting = null;
    if (this.relayExecutes) {
      this.executed = epoch;
      const advice = await this.advice(epoch, "execute", "join");
      for (const client of this.clients) this.deliver(client, (keys, now) => keys.rekey(advice, now));
    }
    this.#coalesce();
  }
}

/** Every one of the clients seals a frame, and each other one opens it; all are on one epoch. */
export async function expectAllHearEachOther(clients) {
  for (const speaker of clients) {
    const frame = await speaker.seal();
    if (!frame) throw new Failure(`${speaker.name} cannot seal`);
    for (const listener of clients.filter((client) => client !== speaker)) {
      const { plaintext, failure } = await listener.open(frame);
      if (!plaintext) throw new Failure(`${listener.name} cannot open ${speaker.name}: ${failure}`);
      if (!equal(plaintext, Uint8Array.of(1, 2, 3))) throw new Failure("another frame");
    }
  }
  const epochs = clients.map(({ epoch }) => epoch);
  if (new Set(epochs).size !== 1) throw new Failure(`not on one epoch: ${epochs}`);
}

/** Whether anybody opens what a speaker says now. */
export async function isHeardBy(speaker, listener) {
  const frame = await speaker.seal();
  if (!frame) throw new Failure(`${speaker.name} cannot seal`);
  return listener.opens(frame);
}
