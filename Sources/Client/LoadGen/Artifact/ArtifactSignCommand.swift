package import ArgumentParser
import E2EKeys

/// `sfu-loadgen artifact sign`.
package struct ArtifactSignCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Signs a file and writes the signature beside it, as FILE.sig.")

  @Argument(help: ArgumentHelp("What is signed, of any length.", valueName: "file"))
  var file: String
  @Option(help: ArgumentHelp("The private key that `keygen` made.", valueName: "private.pem"))
  var key: String
  @Option(help: "What the file is, up to 64 printable characters: recording, transcript, summary.")
  var kind = ArtifactSignature.defaultKind
  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("File for the signature.", valueName: "file.sig"))
  var output: String?

  package init() {}

  package func run() throws {
    guard ArtifactSignature.isKind(kind) else {
      throw CommandError("--kind \(kind.prefix(100)): 1 to 64 printable ASCII characters")
    }
    let output = output ?? "\(file).sig"
    guard ![file, key].contains(output) else {
      throw CommandError("--output \(output): another file than the one that is signed, and than the key")
    }
    let text = try FileBytes.read(key, limit: ArtifactKeyFile.maximumText)
    let identity = try ArtifactCommand.named(key) { () throws(ArtifactError) in
      try ArtifactKeyFile.identity(text: text)
    }
    let digest = try ArtifactCommand.digest(of: file)
    let signature = try ArtifactSignature(of: digest, kind: kind, by: identity)
    try FileBytes.write(signature.text, to: output)
    print("\(output): signature of \(file) as `\(kind)`, \(digest.length) bytes")
  }
}
