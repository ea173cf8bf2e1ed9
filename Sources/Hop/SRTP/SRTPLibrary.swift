internal import CLibSRTP

/// libsrtp2's global state, set up once per process.
enum SRTPLibrary {
  /// Whether `srtp_init` succeeded. Lazy statics run once, whatever the number of threads; there is no shutdown, as
  /// sessions may live until the process ends.
  static let isReady: Bool = srtp_init() == srtp_err_status_ok
}
