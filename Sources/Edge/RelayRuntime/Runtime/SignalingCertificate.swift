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
    if let configured = try loadConfigured(configuration) { return configured }
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

  /// The operator's certificate; nil when none is configured. Also what `check-config` does.
  static func loadConfigured(_ configuration: RelayConfiguration) throws(ConfigurationError) -> TLSMaterial? {
    guard let files = configuration.tlsFiles else { return nil }
    let settings = configuration.settings
    // Read here first, so that a missing file is told apart from a malformed one.
    let certificate: [UInt8]
    do { certificate = try FileContents.read(files.certificate) } catch {
      throw settings.fault(.tlsCertificate, allowed: "a readable PEM file", reason: error.reason)
    }
    let key: [UInt8]
    do { key = try FileContents.read(files.key) } catch {
      throw settings.fault(.tlsKey, allowed: "a readable PEM file", reason: error.reason)
    }
    do {
      return try TLSMaterial(certificateChainPEM: certificate, privateKeyPEM: key)
    } catch {
      throw settings.fault(
        .tlsCertificate, allowed: "a PEM certificate chain, with its private key in `tls.key` (\(files.key))",
        reason: error.message)
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
