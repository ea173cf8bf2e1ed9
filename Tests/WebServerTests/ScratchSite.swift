import FoundationEssentials

/// A folder with a page of its own for one test, gone with it.
final class ScratchSite: Sendable {
  let path = "/tmp/webserver-tests-\(UUID().uuidString)"
  /// Beside the page, and not to be seen through it.
  let outside = "/tmp/webserver-outside-\(UUID().uuidString)"

  init(_ files: [String: String] = ["index.html": "<!doctype html>"]) throws {
    try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
    try Data("secret".utf8).write(to: URL(filePath: "\(outside)/secret.txt"))
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, text) in files { try write(text, to: name) }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
    try? FileManager.default.removeItem(atPath: outside)
  }

  func write(_ text: String, to name: String) throws {
    let url = URL(filePath: "\(path)/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
  }
}
