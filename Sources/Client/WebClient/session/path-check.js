// Whether a path that was found again carries what is sent. In Firefox it does not once the path before has failed: it
// receives, counts packets as sent, and none of them leaves (w3c/webrtc-pc issue 3139).

const INTERVAL = 400;
/** Reports to the relay leave at least once a second, even if nothing is captured. */
const PATIENCE = 5000;

/**
 * @param {RTCPeerConnection} connection
 * @returns {Promise<boolean>} true as soon as something was sent over the path that is used now
 */
export async function carries(connection) {
  const end = performance.now() + PATIENCE;
  while (connection.connectionState === "connected") {
    if (sentOver(await connection.getStats()) > 0) return true;
    if (performance.now() > end) return false;
    await new Promise((done) => setTimeout(done, INTERVAL));
  }
  // It is interrupted again, and will be found again.
  return true;
}

/** Bytes, connectivity checks apart; more than none if the browser does not say. @param {RTCStatsReport} statistics */
function sentOver(statistics) {
  const all = [...statistics.values()];
  const id = all.find(({ type }) => type === "transport")?.selectedCandidatePairId;
  const pair = statistics.get(id) ?? all.find(({ type, selected }) => type === "candidate-pair" && selected);
  return pair?.bytesSent ?? Infinity;
}
