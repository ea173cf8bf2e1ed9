import HopCrypto
import NIOSSL

/// The certificate chain and private key of the signalling listener.
package struct TLSMaterial: Sendable {
  let chain: [NIOSSLCertificate]
  let key: NIOSSLPrivateKey
  /// SHA-256 of the leaf certificate's DER form, to be logged and pinned.
  package let fingerprint: [UInt8]

  /// From PEM text, the leaf certificate first.
  package init(certificateChainPEM: [UInt8], privateKeyPEM: [UInt8]) throws(ControlError) {
    try self.init(
      chain: { try NIOSSLCertificate.fromPEMBytes(certificateChainPEM) },
      key: { try NIOSSLPrivateKey(bytes: privateKeyPEM, format: .pem) },
      chainName: "the certificate", keyName: "the private key")
  }

  /// From PEM files.
  package init(certificateFile: String, privateKeyFile: String) throws(ControlError) {
    try self.init(
      chain: { try NIOSSLCertificate.fromPEMFile(certificateFile) },
      key: { try NIOSSLPrivateKey(file: privateKeyFile, format: .pem) },
      chainName: "the certificate file \"\(certificateFile)\"", keyName: "the private key file \"\(privateKeyFile)\"")
  }

  private init(
    chain readChain: () throws -> [NIOSSLCertificate], key readKey: () throws -> NIOSSLPrivateKey,
    chainName: String, keyName: String
  ) throws(ControlError) {
    do {
      chain = try readChain()
      fingerprint = HopDigest.sha256(try chain.first?.toDERBytes() ?? [])
    } catch {
      throw ControlError(.certificate, "\(chainName) cannot be read: \(error)")
    }
    guard !chain.isEmpty else { throw ControlError(.certificate, "\(chainName) holds no certificate") }
    do {
      key = try readKey()
    } catch {
      throw ControlError(.certificate, "\(keyName) cannot be read: \(error)")
    }
  }

  /// TLS 1.3 only, with the hybrid post-quantum group first: what is signalled today stays sealed to whoever records
  /// it and owns a quantum computer later.
  func makeContext() throws(ControlError) -> NIOSSLContext {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv13
    configuration.curves = [.x25519_MLKEM768, .x25519, .secp256r1, .secp384r1]
    configuration.applicationProtocols = ["http/1.1"]
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw ControlError(.certificate, "the certificate and its private key do not work together: \(error)")
    }
  }
}
