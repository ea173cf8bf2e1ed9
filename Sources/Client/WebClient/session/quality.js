// How well media travels between this browser and the relay, from the connection's own statistics.

const INTERVAL = 2000;
/** Shares of packets lost, and seconds of round trip, from which a call begins to suffer, and from which it is bad. */
const LIMITS = { loss: [0.03, 0.1], roundTrip: [0.3, 0.8] };
const ENOUGH_PACKETS = 20;

/** @typedef {"good" | "fair" | "poor"} QualityLevel */
/** @typedef {{level: QualityLevel, loss: number, roundTrip: number | null}} QualityReport */

export class QualityMeter {
  #connection;
  #onReport;
  #timer;
  /** @type {Map<string, {received: number, lost: number}>} */
  #before = new Map();

  /** @param {RTCPeerConnection} connection @param {(report: QualityReport) => void} onReport */
  constructor(connection, onReport) {
    this.#connection = connection;
    this.#onReport = onReport;
    this.#timer = setInterval(() => this.#measure().catch(() => {}), INTERVAL);
  }

  stop() {
    clearInterval(this.#timer);
  }

  async #measure() {
    if (this.#connection.connectionState !== "connected") return;
    const statistics = await this.#connection.getStats();
    let [received, lost, worstSent, roundTrip] = [0, 0, 0, null];
    const now = new Map();
    for (const stat of statistics.values()) {
      if (stat.type === "inbound-rtp") {
        const counts = { received: stat.packetsReceived ?? 0, lost: stat.packetsLost ?? 0 };
        const before = this.#before.get(stat.id) ?? counts;
        now.set(stat.id, counts);
        received += Math.max(0, counts.received - before.received);
        lost += Math.max(0, counts.lost - before.lost);
      } else if (stat.type === "remote-inbound-rtp") {
        worstSent = Math.max(worstSent, stat.fractionLost ?? 0);
      } else if (stat.type === "candidate-pair" && (stat.nominated || stat.selected)) {
        roundTrip = stat.currentRoundTripTime ?? roundTrip;
      }
    }
    this.#before = now;
    const share = received + lost < ENOUGH_PACKETS ? 0 : lost / (received + lost);
    const loss = Math.max(share, worstSent);
    this.#onReport({ level: levelOf(loss, roundTrip ?? 0), loss, roundTrip });
  }
}

/** @param {number} loss @param {number} roundTrip @returns {QualityLevel} */
export function levelOf(loss, roundTrip) {
  const reaches = (place) => loss >= LIMITS.loss[place] || roundTrip >= LIMITS.roundTrip[place];
  return reaches(1) ? "poor" : reaches(0) ? "fair" : "good";
}
