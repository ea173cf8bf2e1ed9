package import ArgumentParser
import E2EKeys

/// `sfu-loadgen artifact keygen`.
package struct ArtifactKeygenCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "keygen",
    abstract: "Makes an ML-DSA-65 key pair for signing.",
    discussion: """
      The private key is PKCS#8 PEM in the seed form, readable by its owner only; the public key is what verifiers need.
      """)

  @Option(help: ArgumentHelp("File for the private key.", valueName: "private.pem"))
  var key: String
  @Option(name: .customLong("public"), help: ArgumentHelp("File for the public key.", valueName: "public.pem"))
  var publicKey: String
  @Flag(help: "Replace files that are there. Without it nothing is ever overwritten.")
  var force = false

  package init() {}

  package func run() throws {
    guard key != publicKey else { throw CommandError("--public \(publicKey): another file than --key") }
    for path in [key, publicKey] where !force && FileBytes.exists(path) {
      throw CommandError("\(path): is there already; --force replaces it")
    }
    let identity = try MemberIdentity()
    try FileBytes.create(
      key, ArtifactKeyFile.privateText(of: identity), permissions: 0o600, replacing: force)
    try FileBytes.create(
      publicKey, ArtifactKeyFile.publicText(of: identity), permissions: 0o644, replacing: force)
    print("private key: \(key)")
    print("public key: \(publicKey)")
    print("fingerprint (SHA3-256 of the public key): \(ArtifactSignature.hex(identity.fingerprint))")
  }
}
