// What a member demands of keys, and its timing (PROTOCOL.md sections 12 and 15).
import { isAtLeast, SUITES, suiteByName } from "./suites.js";

const FULL_STRENGTH = suiteByName("mlkem1024");

/**
 * Times are milliseconds.
 * @typedef {object} PolicyOptions
 * @property {string[]} [offered] names; without it all suites from the strongest down to the minimum
 * @property {string} [minimumSuite] the weakest that may carry an epoch's key to anybody
 * @property {number} [refuse768After] from then on the 768 suites are refused, whatever the minimum is
 * @property {number} [sframeSuite] of this member's own frames
 * @property {number[]} [acceptedFrameSuites] besides the own one
 * @property {number} [heartbeat]
 * @property {number} [silence]
 * @property {number} [failover]
 * @property {number} [overlap]
 * @property {number} [deadline]
 * @property {number} [adviceWait]
 * @property {number} [maximumEpochAge]
 */

export class KeyPolicy {
  /** @param {PolicyOptions} [options] */
  constructor({
    offered, minimumSuite = "mlkem1024", refuse768After = Infinity, sframeSuite = 5, acceptedFrameSuites = [5],
    heartbeat = 5000, silence = 15_000, failover = 500, overlap = 5000, deadline = 2000, adviceWait = 1000,
    maximumEpochAge = 720_000,
  } = {}) {
    const minimum = suiteByName(minimumSuite);
    if (!minimum) throw new RangeError(`no suite ${minimumSuite}`);
    this.minimumSuite = minimum;
    this.offered = SUITES.filter((suite) => offered?.includes(suite.name) ?? isAtLeast(suite, minimum));
    this.refuse768After = refuse768After;
    this.sframeSuite = sframeSuite;
    this.acceptedFrameSuites = new Set([...acceptedFrameSuites, sframeSuite]);
    this.heartbeat = heartbeat;
    this.silence = silence;
    this.failover = failover;
    this.overlap = overlap;
    this.deadline = deadline;
    this.adviceWait = adviceWait;
    this.maximumEpochAge = maximumEpochAge;
    Object.freeze(this);
  }

  /** The weakest suite that is acceptable at a time. @param {number} now */
  floor(now) {
    if (now < this.refuse768After || isAtLeast(this.minimumSuite, FULL_STRENGTH)) return this.minimumSuite;
    return FULL_STRENGTH;
  }
}
