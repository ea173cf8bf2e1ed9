// Call links: `https://page/#relay=wss%3A%2F%2Frelay.example%3A7443&invite=SECRET`, and `&codec=vp9` or `&codec=av1`
// for a call whose pictures are sent in that where everybody can show it. All of it is in the fragment, which browsers
// send to no server.
import { newInvite, openInvite } from "../keys/invite.js";
import { isVideoCodec } from "./codecs.js";
import { Problem } from "./problems.js";

/**
 * @typedef {object} Invitation
 * @property {string} relay WebSocket address without a path, such as `wss://relay.example:7443`
 * @property {string} invite the secret
 * @property {string | null} token a join token, for relays that ask for one
 * @property {import("./codecs.js").VideoCodec} codec what pictures are sent in where everybody can show it
 */

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/**
 * The relay's address in its one form. Throws `Problem` for anything but wss, or ws to this machine.
 * @param {string} text
 * @returns {string}
 */
export function relayAddress(text) {
  const trimmed = text.trim();
  let url;
  try {
    url = new URL(/^[a-z]+:\/\//i.test(trimmed) ? trimmed : `wss://${trimmed}`);
  } catch {
    throw new Problem("badRelay");
  }
  if (url.username || url.password || !url.hostname) throw new Problem("badRelay");
  const isPlain = url.protocol === "ws:" && LOOPBACK.includes(url.hostname);
  if (url.protocol !== "wss:" && !isPlain) throw new Problem("plainRelay");
  return `${url.protocol}//${url.host}`;
}

/** The relay that is offered for a new call on this page. */
export function usualRelay() {
  const { hostname } = location;
  return LOOPBACK.includes(hostname) ? `ws://${hostname}:7443` : `wss://${hostname}:7443`;
}

/** @param {string} relay @param {string | null} [token] @returns {Invitation} */
export function newInvitation(relay, token = null) {
  return { relay: relayAddress(relay), invite: newInvite(), token: token || null, codec: "vp8" };
}

/**
 * What a fragment invites to; null for one without an invite. Throws `Problem` for a malformed one.
 * @param {string} fragment with or without its `#`
 * @returns {Promise<Invitation | null>}
 */
export async function parseFragment(fragment) {
  const text = fragment.replace(/^#/, "");
  if (text === "") return null;
  const fields = new URLSearchParams(text);
  const invite = fields.get("invite");
  if (!invite || !(await openInvite(invite))) throw new Problem("badInvite");
  const relay = relayAddress(fields.get("relay") ?? usualRelay());
  // An unknown codec is one of a later page: the call goes on without.
  const codec = isVideoCodec(fields.get("codec")) ? fields.get("codec") : "vp8";
  return { relay, invite, token: fields.get("token"), codec };
}

/**
 * Reads a link that a person pasted: a whole address, or its fragment alone.
 * @param {string} text
 * @returns {Promise<Invitation>}
 */
export async function parseLink(text) {
  const at = text.indexOf("#");
  const invitation = await parseFragment(at < 0 ? text.trim() : text.slice(at).trim());
  if (!invitation) throw new Problem("badInvite");
  return invitation;
}

/** The link to hand to others. The token is its owner's and is not in it. @param {Invitation} invitation */
export function linkTo({ relay, invite, codec }) {
  const page = new URL(location.href);
  page.search = "";
  page.hash = new URLSearchParams({ relay, invite, ...(codec !== "vp8" && { codec }) }).toString();
  return page.href;
}
