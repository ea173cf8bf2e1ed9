import FoundationEssentials

/// Reads a page from its folder.
///
/// Part of it are regular files of known types with plain names, in folders with plain names. What is not, is passed
/// over: documentation, scripts, names that begin with a dot, and symbolic links, which could lead out of the folder.
package struct SiteFolder: Sendable {
  /// A page is a few hundred kilobytes. A root that holds more than this is not what was meant.
  private static let largestFile = 8 << 20
  private static let largestSite = 64 << 20
  private static let mostEntries = 2_000
  private static let deepest = 8
  /// Pictures of the page, not in it.
  private static let leftOut: Set<String> = ["screenshots"]

  package let path: String

  package init(path: String) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
  }

  package func load() throws(SiteError) -> Site {
    guard Self.kind(of: path + "/") == .typeDirectory else { throw SiteError("\(path): is not a folder") }
    // Looked at first, so that a wrong root is not walked through.
    guard Self.kind(of: "\(path)/\(Site.indexPath)") == .typeRegular else {
      throw SiteError("\(path): is not the page's folder: there is no \(Site.indexPath) in it; --root names another")
    }
    var walk = Walk()
    try read("", depth: 0, into: &walk)
    return Site(walk.files)
  }

  private struct Walk {
    var files: [SiteFile] = []
    var entries = 0
    var bytes = 0
  }

  /// `folder`: from the root, empty or ending with a slash.
  private func read(_ folder: String, depth: Int, into walk: inout Walk) throws(SiteError) {
    guard depth <= Self.deepest else { throw SiteError("\(path)/\(folder): more than \(Self.deepest) folders deep") }
    for name in try names(in: folder) {
      walk.entries += 1
      guard walk.entries <= Self.mostEntries else {
        throw SiteError("\(path): holds more than \(Self.mostEntries) files; --root names another folder")
      }
      guard Self.isPlain(name) else { continue }
      switch Self.kind(of: "\(path)/\(folder)\(name)") {
      case .typeDirectory where !Self.leftOut.contains(name):
        try read("\(folder)\(name)/", depth: depth + 1, into: &walk)
      case .typeRegular:
        guard let type = ContentType(fileName: name) else { continue }
        try add(folder + name, type, to: &walk)
      default: continue
      }
    }
  }

  private func add(_ file: String, _ type: ContentType, to walk: inout Walk) throws(SiteError) {
    guard file != Site.digestPath else {
      throw SiteError("\(path)/\(file): the server makes the list of digests itself; remove this one")
    }
    guard let data = try? Data(contentsOf: URL(filePath: "\(path)/\(file)")) else {
      throw SiteError("\(path)/\(file): cannot be read")
    }
    walk.bytes += data.count
    guard data.count <= Self.largestFile, walk.bytes <= Self.largestSite else {
      throw SiteError("\(path)/\(file): more than 8 MiB, or more than 64 MiB with the others")
    }
    walk.files.append(SiteFile(path: file, type: type, bytes: Array(data)))
  }

  private func names(in folder: String) throws(SiteError) -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)") } catch {
      throw SiteError("\(path)/\(folder): cannot be read")
    }
  }

  /// Letters, digits and `-_.`, no dot in front: names that a URL holds as they are.
  private static func isPlain(_ name: String) -> Bool {
    !name.hasPrefix(".")
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }

  /// Of the name itself: a symbolic link is one, wherever it leads, unless a slash follows.
  private static func kind(of path: String) -> FileAttributeType? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.type] as? FileAttributeType
  }
}
