import SystemPackage

/// Reads small files whole.
package enum FileContents {
  /// Nothing that the relay reads at start is larger; a device file or a mistyped log file is.
  private static let limit = 1 << 20

  package static func read(_ path: String) throws(FileError) -> [UInt8] {
    do {
      let descriptor = try FileDescriptor.open(FilePath(path), .readOnly)
      return try descriptor.closeAfter {
        var contents: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
          let count = try unsafe buffer.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) }
          guard count > 0 else { return contents }
          contents += buffer.prefix(count)
          guard contents.count <= limit else { throw FileError(reason: "larger than 1 MiB") }
        }
      }
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(reason: "\(error)")
    }
  }
}

/// Why a file cannot be read, such as "No such file or directory".
package struct FileError: Error, Equatable, Sendable {
  package let reason: String
}
