import FoundationEssentials
import LoadGen

/// A folder of its own for one test, gone with it.
final class TestFolder {
  let path = "/tmp/loadgen-tests-\(UUID().uuidString)"

  init() throws { try FileBytes.makeDirectory(path) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func path(of name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) throws -> String {
    try FileBytes.write(Array(text.utf8), to: path(of: name))
    return path(of: name)
  }
}
