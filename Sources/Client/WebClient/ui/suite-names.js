// Key exchanges as people read them.

const NAMES = {
  "x25519-mlkem1024": "ML-KEM-1024 + X25519",
  "mlkem1024": "ML-KEM-1024",
  "x25519-mlkem768": "ML-KEM-768 + X25519",
  "x-wing": "X-Wing (ML-KEM-768 + X25519)",
  "mlkem768": "ML-KEM-768",
};

/** @param {string | null} suite as in the protocol */
export function suiteName(suite) {
  return (suite && NAMES[suite]) ?? suite;
}
