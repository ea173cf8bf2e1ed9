extension RelayAddress.Trust {
  /// What `--fingerprint` and `--insecure` ask for; the system's authorities without either.
  init(fingerprint: String?, insecure: Bool) throws(CommandError) {
    guard let fingerprint else {
      self = insecure ? .anything : .system
      return
    }
    guard !insecure else { throw CommandError("--insecure: not together with --fingerprint") }
    guard let bytes = CertificatePin.parse(fingerprint) else {
      throw CommandError("--fingerprint \(fingerprint): 64 hex digits, with or without colons")
    }
    self = .fingerprint(bytes)
  }
}
