// A member with the invite that says what it likes: its keys are open to the test.
import { concat, randomBytes } from "/client/crypto/bytes.js";
import * as x25519 from "/client/crypto/x25519.js";
import { AgreementPrivateKeys } from "/client/keys/agreement.js";
import { makeBundle } from "/client/keys/bundle.js";
import { CallKeys } from "/client/keys/call-keys.js";
import { CallState } from "/client/keys/call/state.js";
import { COMMIT_CONTEXT, encodeHeader } from "/client/keys/commit.js";
import { confirmation } from "/client/keys/epoch-keys.js";
import { IdentityPins } from "/client/keys/identity-pins.js";
import { openInvite } from "/client/keys/invite.js";
import { KeyPolicy } from "/client/keys/policy.js";
import { memberID, rosterHash } from "/client/keys/room-log.js";
import { WrappedKey } from "/client/keys/wrapped-key.js";
import { Client, pq } from "./virtual-call.js";

export class Insider extends Client {
  /** @type {CallState} */
  state;

  /** Joins a call as its next member. */
  static async join(call, options) {
    const insider = new Insider(call, call.clients.length);
    const policy = new KeyPolicy(options);
    const { offered } = policy;
    const identity = await pq.generateKeys("ML-DSA-65");
    const invite = await openInvite(call.invite);
    const channel = await x25519.generateKeys();
    const agreement = await AgreementPrivateKeys.make(0, offered, pq);
    const fields = {
      room: invite.roomBytes, nonce: randomBytes(32), offered: Uint8Array.from(offered, ({ id }) => id),
      sframeSuite: 5, channelKey: channel.publicKey, agreement: agreement.publicKeys,
    };
    const bundle = await makeBundle(fields, identity, invite.admissionKey, pq);
    const bundleHash = await pq.sha3_256(bundle);
    insider.state = new CallState({
      pq, media: insider, invite, identity, policy, displayName: null, pins: new IdentityPins(), offered, bundle,
      bundleHash, member: memberID(bundleHash), channelKey: channel.privateKey, agreement,
    });
    insider.keys = new CallKeys(insider.state);
    await call.enter(insider);
    return insider;
  }

  /** The header of a commit for the present position that everybody but the excluded would take, and its key. */
  async header(key, { kind = "fresh", excluded = [], epoch = 50, weakest = this.state.offered[0] } = {}) {
    const { log, room, bundleHash, ownJoinIndex } = this.state;
    const holders = log.members.filter(({ joinIndex }) => !excluded.includes(joinIndex));
    const keyRosterHash = await rosterHash(holders, room, pq);
    return {
      kind, cause: "periodic", weakest, epoch, advised: 0, origin: ownJoinIndex, sender: ownJoinIndex, headN: log.n,
      headHash: log.headHash, rosterHash: await rosterHash(log.members, room, pq), keyRosterHash, baseEpoch: 0,
      baseID: new Uint8Array(16), confirmation: await confirmation(key, epoch, log.headHash, keyRosterHash), room,
      senderBundleHash: bundleHash, excluded, entries: [],
    };
  }

  /** A key wrapped to a member, under a header's binding. */
  async wrap(key, header, member, { suite = member.suite } = {}) {
    const offers = { sender: this.state.offeredBytes, recipient: member.bundle.offeredBytes };
    const binding = {
      room: header.room, epoch: header.epoch, rosterHash: header.keyRosterHash, headN: header.headN,
      headHash: header.headHash, sender: this.state.bundleHash, recipient: member.bundleHash,
    };
    return WrappedKey.make(key, suite, member.agreement, offers, binding, pq);
  }

  /** The entry that a header needs for a wrapped key. */
  async entry(wrapped, { joinIndex }) {
    return { joinIndex, suite: wrapped.suite, generation: wrapped.generation, hash: await pq.sha3_256(wrapped.bytes) };
  }

  /** Signs a header and sends the commit to one member, whole. Resolves to what that member said of it. */
  async send(header, victim, wrapped = null, call) {
    const headerBytes = encodeHeader(header);
    const signature = await this.state.sign(headerBytes, COMMIT_CONTEXT);
    const commit = concat(headerBytes, signature, wrapped?.bytes ?? new Uint8Array(0));
    await this.state.send({ type: "commit", commit }, this.state.log.member(victim.member));
    const { message } = this.state.actions.pop();
    victim.events = [];
    const sealed = { type: "sealed", from: this.member, body: message.body };
    call.perform(victim, await victim.keys.receive(sealed, call.now));
    return victim.events.find(({ type }) => type === "rekeyFailed")?.reason ?? null;
  }
}
