// What this device keeps: its identity key in IndexedDB, the identities of others in localStorage, and, for a reload
// only, the call it is in.
import { IdentityPins } from "../keys/identity-pins.js";

const DATABASE = "sealedsfu";
const STORE = "keys";
const IDENTITY = "identity";
const PINS = "sealedsfu.pins";
const CALL = "sealedsfu.call";
const NAME = "sealedsfu.name";

/**
 * This device's identity: the stored one, or a new one, which is stored. Where nothing can be stored it is one for this
 * visit.
 * @param {import("../crypto/pq.js").PostQuantum} pq
 * @returns {Promise<import("../keys/call-keys.js").Identity>}
 */
export async function deviceIdentity(pq) {
  const stored = await read().catch(() => null);
  if (stored) {
    const identity = await pq.restore(stored).catch(() => null);
    if (identity) return identity;
  }
  const identity = await pq.generateKeys("ML-DSA-65");
  // Another tab may have stored one meanwhile: the first one stays.
  const first = await keep(pq.store(identity)).catch(() => null);
  return (first && (await pq.restore(first).catch(() => null))) ?? identity;
}

/** The identities met so far. What cannot be read is kept aside, not overwritten. @returns {IdentityPins} */
export function loadPins() {
  const text = get(localStorage, PINS);
  if (text === null) return new IdentityPins();
  try {
    return IdentityPins.fromJSON(text);
  } catch {
    set(localStorage, `${PINS}.unreadable`, text);
    return new IdentityPins();
  }
}

/** @param {IdentityPins} pins */
export function savePins(pins) {
  set(localStorage, PINS, pins.json);
}

export const loadName = () => get(localStorage, NAME) ?? "";

/** @param {string} name */
export const saveName = (name) => set(localStorage, NAME, name);

/**
 * The call that a reload of this tab goes back to; null for none.
 * @returns {{invitation: import("./link.js").Invitation, isInCall: boolean, wants: object} | null}
 */
export function loadCall() {
  try {
    return JSON.parse(get(sessionStorage, CALL) ?? "null");
  } catch {
    return null;
  }
}

/** @param {ReturnType<typeof loadCall>} call */
export function saveCall(call) {
  if (call) set(sessionStorage, CALL, JSON.stringify(call));
  else remove(sessionStorage, CALL);
}

// Storage may be forbidden altogether; then the page forgets, and works.

function get(storage, key) {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

function set(storage, key, value) {
  try {
    storage.setItem(key, value);
  } catch {
    return;
  }
}

function remove(storage, key) {
  try {
    storage.removeItem(key);
  } catch {
    return;
  }
}

async function read() {
  return transaction("readonly", (store) => store.get(IDENTITY));
}

/** Stores the identity unless there is one; resolves to the one that is stored. */
async function keep(stored) {
  await transaction("readwrite", (store) => {
    const present = store.get(IDENTITY);
    present.onsuccess = () => {
      if (!present.result || !isUsable(present.result, stored)) store.put(stored, IDENTITY);
    };
    return present;
  });
  return read();
}

/** A stored key is replaced only if this browser can do nothing with it. */
function isUsable(present, fresh) {
  return present.handle instanceof Uint8Array || present.handle?.constructor === fresh.handle.constructor;
}

async function transaction(mode, work) {
  const database = await opened(indexedDB.open(DATABASE, 1));
  try {
    const action = database.transaction(STORE, mode);
    const request = work(action.objectStore(STORE));
    await new Promise((resolve, reject) => {
      action.oncomplete = resolve;
      action.onabort = action.onerror = () => reject(action.error);
    });
    return request.result ?? null;
  } finally {
    database.close();
  }
}

function opened(request) {
  return new Promise((resolve, reject) => {
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
}
