// Key agreement suites (PROTOCOL.md section 1), strongest first.
import { KEM } from "../crypto/algorithms.js";

/**
 * @typedef {object} Suite
 * @property {number} id the byte on the wire
 * @property {string} name
 * @property {number} kem the byte of its KEM
 * @property {boolean} isHybrid whether the combiner adds an X25519 secret
 * @property {boolean} is1024 whether it is of the full strength that the default policy asks for
 */

/** By the byte on the wire. @type {Readonly<Record<number, import("../crypto/algorithms.js").KEMName>>} */
export const KEM_NAMES = Object.freeze({ 1: "ML-KEM-1024", 2: "ML-KEM-768", 3: "X-Wing" });

/** @type {readonly Suite[]} */
export const SUITES = Object.freeze(
  [
    { id: 1, name: "x25519-mlkem1024", kem: 1, isHybrid: true, is1024: true },
    { id: 2, name: "mlkem1024", kem: 1, isHybrid: false, is1024: true },
    { id: 3, name: "x25519-mlkem768", kem: 2, isHybrid: true, is1024: false },
    { id: 5, name: "x-wing", kem: 3, isHybrid: false, is1024: false },
    { id: 4, name: "mlkem768", kem: 2, isHybrid: false, is1024: false },
  ].map(Object.freeze));

/** Lengths of a KEM by its byte. @param {number} kem */
export function kemParameters(kem) {
  return KEM[KEM_NAMES[kem]];
}

/** @param {number} id @returns {Suite | null} */
export function suiteByID(id) {
  return SUITES.find((suite) => suite.id === id) ?? null;
}

/** @param {string} name @returns {Suite | null} */
export function suiteByName(name) {
  return SUITES.find((suite) => suite.name === name) ?? null;
}

/** Whether a suite is at least as strong as another. @param {Suite} suite @param {Suite} floor */
export function isAtLeast(suite, floor) {
  return SUITES.indexOf(suite) <= SUITES.indexOf(floor);
}

/** The strongest suite in both lists; null if there is none. @param {Suite[]} a @param {Suite[]} b */
export function strongest(a, b) {
  return SUITES.find((suite) => a.includes(suite) && b.includes(suite)) ?? null;
}

/** The weakest of a list; null if it is empty. @param {Suite[]} suites */
export function weakest(suites) {
  return SUITES.findLast((suite) => suites.includes(suite)) ?? null;
}

/** The distinct KEMs of a list, by their bytes in ascending order. @param {Suite[]} suites @returns {number[]} */
export function kemsOf(suites) {
  return [...new Set(suites.map(({ kem }) => kem))].sort((a, b) => a - b);
}
