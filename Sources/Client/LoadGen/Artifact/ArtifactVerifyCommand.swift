package import ArgumentParser
import E2EKeys

/// `sfu-loadgen artifact verify`.
package struct ArtifactVerifyCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Says whether a file is what its signer signed, and if not, why.",
    discussion: """
      The signature's file names a public key, but anybody can write one with a key of their own: only --signer, from \
      somewhere you trust, says whose signature it has to be. Exit codes: 0 verified, 1 not verified, 2 bad input.
      """)

  @Argument(help: ArgumentHelp("What was signed.", valueName: "file"))
  var file: String
  @Option(help: ArgumentHelp("The signature's file. Default: FILE.sig.", valueName: "file.sig"))
  var signature: String?
  @Option(help: ArgumentHelp("The public key of the signer that is expected.", valueName: "public.pem"))
  var signer: String?
  @Option(help: "What the file must have been signed as. Default: anything; what it was is printed.")
  var kind: String?

  package init() {}

  package func run() throws {
    guard let signer else {
      throw CommandError(
        "--signer PUBLIC.pem is missing: a signature proves nothing unless it is known whose it has to be")
    }
    if let kind, !ArtifactSignature.isKind(kind) {
      throw CommandError("--kind \(kind.prefix(100)): 1 to 64 printable ASCII characters")
    }
    let pem = try FileBytes.read(signer, limit: ArtifactKeyFile.maximumText)
    let publicKey = try ArtifactCommand.named(signer) { () throws(ArtifactError) in
      try ArtifactKeyFile.publicKey(text: pem)
    }
    let text = try FileBytes.read(signature ?? "\(file).sig", limit: ArtifactSignature.maximumText)
    let digest = try ArtifactCommand.digest(of: file)
    do throws(ArtifactError) {
      let signature = try ArtifactSignature(text: text)
      try signature.verify(digest, signer: publicKey, kind: kind)
      print("\(file): verified: signed as `\(signature.kind)` by this signer, \(digest.length) bytes")
    } catch {
      StandardError.write("sfu-loadgen: \(file): not verified: \(error)\n")
      throw ExitCode(1)
    }
  }
}
