package import ArgumentParser
import E2EKeys

/// `sfu-loadgen artifact`.
package struct ArtifactCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "artifact",
    abstract: "Signs files of a call (recording manifests, transcripts, summaries) with ML-DSA-65, and verifies them.",
    discussion: """
      A signature covers the SHA3-256 and the length of the file, and its kind. Keys are PEM files in the form of \
      RFC 9881, which OpenSSL 3.5 and Python's cryptography read as well. Exit codes: 0 done or verified, 1 not \
      verified, 2 bad input.
      """,
    subcommands: [ArtifactKeygenCommand.self, ArtifactSignCommand.self, ArtifactVerifyCommand.self])

  package init() {}

  /// Hashes the file piece by piece.
  static func digest(of path: String) throws(MediaFileError) -> ArtifactDigest {
    var hasher = ArtifactHasher()
    try FileBytes.stream(path) { hasher.update(Array($0)) }
    return hasher.digest
  }

  /// A reason that names the file.
  static func named<Result>(
    _ path: String, _ body: () throws(ArtifactError) -> Result
  ) throws(CommandError) -> Result {
    do { return try body() } catch { throw CommandError("\(path): \(error)") }
  }
}
