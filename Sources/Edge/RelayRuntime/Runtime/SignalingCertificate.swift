import HopCrypto
import Logging
import RelayControl

/// The certificate of the signalling listener: the operator's, or one made for this run.
enum SignalingCertificate {
  /// Nil in development mode, which speaks plain `ws://`.
  static func load(
    _ configuration: RelayConfiguration, logger: Logger
  ) throws(ConfigurationError) -> TLSMaterial? {
    guard !configuration.isDevelopment else { return nil }
    if let files = configuration.tlsFiles { return try load(files) }
    do {
      let made = try HopCertificate.selfSignedPEM(commonName: "sfu-relay")
      let material = try TLSMaterial(
        certificateChainPEM: Array(made.certificatePEM.utf8), privateKeyPEM: Array(made.privateKeyPEM.utf8))
      logger.notice(
        "a self-signed certificate was made", metadata: ["sha256": "\(hex(material.fingerprint))"])
      return material
    } catch {
      throw ConfigurationError("the self-signed certificate cannot be made: \(error)")
    }
  }

  /// Also what `check-config` does with the files.
  static func load(_ files: (certificate: String, key: String)) throws(ConfigurationError) -> TLSMaterial {
    // Read here first, so that a missing file is told apart from a malformed one.
    let certificate = try FileContents.read(files.certificate, purpose: "certificate of key `tls.certificate`")
    let key = try FileContents.read(files.key, purpose: "private key of key `tls.key`")
    do {
      return try TLSMaterial(certificateChainPEM: certificate, privateKeyPEM: key)
    } catch {
      throw ConfigurationError(
        "keys `tls.certificate` (\(files.certificate)) and `tls.key` (\(files.key)): \(error.message)")
    }
  }

  /// As browsers and OpenSSL show fingerprints.
  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
      let text = String(byte, radix: 16, uppercase: true)
      return text.count == 1 ? "0" + text : text
    }.joined(separator: ":")
  }
}
