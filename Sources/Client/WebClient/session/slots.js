// What the relay says of the receive slots: whose publication is in which, and what others publish.

const FROM_WIRE = { microphone: "microphone", camera: "camera", screen: "screen", screen_audio: "screenAudio" };
const TO_WIRE = { microphone: "microphone", camera: "camera", screen: "screen", screenAudio: "screen_audio" };

/** @typedef {import("../sframe/kid.js").TrackSource} TrackSource */
/** @typedef {{member: string, track: string, source: TrackSource, rids: string[], muted: boolean}} Publication */

/** A source's name in signalling. @param {TrackSource} source */
export function wireSource(source) {
  return TO_WIRE[source];
}

export class SlotTable {
  /** @type {Map<string, Publication>} by member and track */
  #publications = new Map();
  /** @type {Map<string, {member: string, track: string}>} by mid */
  #assignments = new Map();

  /** Begins anew with what `joined` says is published. @param {any} tracks */
  reset(tracks) {
    this.#publications.clear();
    this.published(tracks);
  }

  /** @param {any} tracks of `published` */
  published(tracks) {
    if (!Array.isArray(tracks)) return;
    for (const item of tracks) {
      const source = FROM_WIRE[item?.source];
      if (!source || typeof item.member !== "string" || typeof item.track !== "string") continue;
      const { member, track } = item;
      const rids = Array.isArray(item.rids) ? item.rids.map(String) : [];
      this.#publications.set(key(member, track), { member, track, source, rids, muted: item.muted === true });
    }
  }

  /** @param {any} tracks of `unpublished` */
  unpublished(tracks) {
    if (!Array.isArray(tracks)) return;
    for (const item of tracks) this.#publications.delete(key(item?.member, item?.track));
  }

  /** @param {{member: string, track: string, muted: boolean}} message */
  muted({ member, track, muted }) {
    const publication = this.#publications.get(key(member, track));
    if (publication) publication.muted = muted === true;
  }

  /** @param {any} slots of `slots` */
  assigned(slots) {
    if (!Array.isArray(slots)) return;
    for (const { mid, member, track } of slots.filter((slot) => typeof slot?.mid === "string")) {
      if (typeof member === "string" && typeof track === "string") this.#assignments.set(mid, { member, track });
      else this.#assignments.delete(mid);
    }
  }

  /** @param {string} member */
  left(member) {
    for (const [name, publication] of this.#publications) {
      if (publication.member === member) this.#publications.delete(name);
    }
  }

  /**
   * Whose publication the relay says it delivers in a slot.
   * @param {string | null} mid
   * @returns {Publication | null}
   */
  publicationIn(mid) {
    const assignment = mid === null ? null : this.#assignments.get(mid);
    return (assignment && this.#publications.get(key(assignment.member, assignment.track))) ?? null;
  }

  /** @param {string} member @returns {Publication[]} */
  publicationsOf(member) {
    return [...this.#publications.values()].filter((publication) => publication.member === member);
  }

  /** How many slots all of it would take. */
  get need() {
    const isAudio = ({ source }) => source === "microphone" || source === "screenAudio";
    const audio = [...this.#publications.values()].filter(isAudio).length;
    return { audio, video: this.#publications.size - audio };
  }
}

function key(member, track) {
  return `${member} ${track}`;
}
