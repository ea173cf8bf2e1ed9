/// The page: every file of it, in memory from the start of the server on.
///
/// No request reaches the file system, so no path, however it is written, can name what is not in this list; and what
/// is served is what the digests were made of.
package struct Site: Sendable {
  static let indexPath = "index.html"
  static let digestPath = "digest.txt"

  /// In the order of their paths' bytes, without the list of digests.
  package let files: [SiteFile]
  /// The list of digests: for each file the digest, two spaces and the path, as `sha256sum -c` reads it; then, in a
  /// line that it passes over, the digest of the lines above.
  package let digestText: String
  /// SHA-256 of the lines about files: of the page as a whole.
  package let digest: String

  private let byPath: [String: SiteFile]

  package init(_ files: [SiteFile]) {
    self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    let lines = self.files.map { "\($0.digest)  \($0.path)\n" }.joined()
    digest = SiteFile.digest(lines.utf8)
    digestText = lines + "# all: \(digest)\n"
    let list = SiteFile(path: Self.digestPath, type: .txt, bytes: Array(digestText.utf8))
    byPath = Dictionary((self.files + [list]).map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The file at a request's path, which begins with `/`; that one alone is the index.
  package func file(at path: String) -> SiteFile? {
    guard path.hasPrefix("/") else { return nil }
    return byPath[path == "/" ? Self.indexPath : String(path.dropFirst())]
  }
}
