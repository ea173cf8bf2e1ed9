// What is known of one member of the call; for the owner itself, `isSelf`.

export class Member {
  /** The newest agreement keys; the bundle's at first. */
  agreement;
  /** How the member wants to be called, once it said so. @type {string | null} */
  name = null;
  /** When its silence was last forgiven, for a loss of the own connection. @type {number | null} */
  creditedAt = null;
  /** Set while nothing authentic was heard for the policy's `silence`. @type {number | null} */
  silentSince = null;
  /** Was silent and is heard again, and is not in an epoch yet. */
  awaitsReadmission = false;
  /** The log position that the last heartbeat named, if it was ahead. @type {{n: number, hash: Uint8Array} | null} */
  claimedHead = null;
  /** Since when it is ahead. @type {number | null} */
  aheadSince = null;
  /**
   * The key that its heartbeats name and that is not held here, and since when.
   * @type {{id: string, since: number} | null}
   */
  unheld = null;
  mismatchReported = false;
  lastCatchUp = -Infinity;
  lastEpochRequest = -Infinity;
  lastUpdateRequest = -Infinity;
  lastUpdateSent = -Infinity;
  lastIntroduction = -Infinity;
  /** Whether it was told this member's own name. */
  knowsOwnName = false;

  /**
   * @param {object} fields
   * @param {number} fields.joinIndex
   * @param {string} fields.id
   * @param {Uint8Array} fields.bundleHash
   * @param {boolean} fields.isSelf
   * @param {import("./bundle.js").KeyBundle | null} fields.bundle null when it was refused; then it gets no keys
   * @param {import("./suites.js").Suite | null} fields.suite the strongest in common; null when there is none that is
   *   strong enough
   * @param {import("./pairwise-channel.js").PairwiseChannel | null} fields.channel
   * @param {number} now
   */
  constructor({ joinIndex, id, bundleHash, isSelf, bundle, suite, channel }, now) {
    /** @readonly */
    this.joinIndex = joinIndex;
    /** @readonly */
    this.id = id;
    /** @readonly */
    this.bundleHash = bundleHash;
    /** @readonly */
    this.isSelf = isSelf;
    /** @readonly */
    this.bundle = bundle;
    this.suite = suite;
    this.channel = channel;
    this.agreement = bundle?.agreement ?? null;
    /** @readonly */
    this.admittedAt = now;
    this.lastHeard = now;
  }

  /** Whether the member showed that it holds the invite. */
  get isAuthentic() {
    return this.bundle !== null;
  }

  /** Whether this member would put it into an epoch. */
  get isEligible() {
    return this.isSelf || (this.isAuthentic && this.suite !== null && this.silentSince === null);
  }
}
