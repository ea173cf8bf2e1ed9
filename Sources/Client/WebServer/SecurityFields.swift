/// Header fields that every response carries: what the page may do, said once and for all.
enum SecurityFields {
  /// Nothing but the page's own files runs, no code is made from text, and nothing is embedded anywhere. The relay is
  /// of another origin, hence `ws:` and `wss:`.
  private static let contentPolicy = [
    "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "img-src 'self' blob: data:",
    "media-src 'self' blob: mediastream:", "worker-src 'self'", "connect-src 'self' ws: wss:", "base-uri 'none'",
    "form-action 'none'", "frame-ancestors 'none'",
  ].joined(separator: "; ")

  static let all: [(name: String, value: String)] = [
    ("content-security-policy", contentPolicy),
    ("x-content-type-options", "nosniff"),
    // The address bar holds an invite in its fragment; nothing of it may go elsewhere.
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=(self), microphone=(self), display-capture=(self)"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
  ]
}
