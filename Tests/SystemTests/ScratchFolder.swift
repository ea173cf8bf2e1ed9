import FoundationEssentials
import LoadGen

/// A folder that is gone with the test.
final class ScratchFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/sealed-sfu-test-\(UUID().uuidString)"
    try FileBytes.makeDirectory(path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func path(of name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and returns its path.
  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    try FileBytes.write(Array(text.utf8), to: path(of: name))
    return path(of: name)
  }

  func read(_ name: String) throws -> String { String(decoding: try FileBytes.read(path(of: name)), as: UTF8.self) }
}
