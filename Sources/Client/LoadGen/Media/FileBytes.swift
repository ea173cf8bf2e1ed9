import Glibc

/// Whole files as bytes, read and written in one go; inputs of a load test are short clips.
package enum FileBytes {
  /// Input files above this size are refused rather than held in memory.
  private static let limit = 512 * 1024 * 1024

  package static func read(_ path: String) throws(MediaFileError) -> [UInt8] {
    guard let file = unsafe fopen(path, "rb") else {
      throw MediaFileError(path: path, problem: "cannot be read: \(reason())")
    }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
      guard bytes.count <= limit else { throw MediaFileError(path: path, problem: "is larger than 512 MiB") }
    }
    guard unsafe ferror(file) == 0 else {
      throw MediaFileError(path: path, problem: "cannot be read: \(reason())")
    }
    return bytes
  }

  package static func write(_ bytes: [UInt8], to path: String) throws(MediaFileError) {
    guard let file = unsafe fopen(path, "wb") else {
      throw MediaFileError(path: path, problem: "cannot be written: \(reason())")
    }
    let written = unsafe fwrite(bytes, 1, bytes.count, file)
    guard unsafe fclose(file) == 0, written == bytes.count else {
      throw MediaFileError(path: path, problem: "cannot be written: \(reason())")
    }
  }

  /// Throws unless `path` can be written; leaves no new file behind.
  package static func checkWritable(_ path: String) throws(MediaFileError) {
    let isNew = unsafe access(path, F_OK) != 0
    guard let file = unsafe fopen(path, "ab") else {
      throw MediaFileError(path: path, problem: "cannot be written: \(reason())")
    }
    unsafe fclose(file)
    if isNew { unsafe unlink(path) }
  }

  /// The part of `path` before its last slash; nil if there is none.
  package static func folder(of path: String) -> String? {
    path.lastIndex(of: "/").map { String(path[..<$0]) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Makes the folder with those above it; one that is there already is fine.
  package static func makeDirectory(_ path: String, writable: Bool = false) throws(MediaFileError) {
    var made = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      made += made.isEmpty && !path.hasPrefix("/") ? String(part) : "/" + part
      guard made != "/" else {
        made = ""
        continue
      }
      if unsafe mkdir(made, 0o777) != 0, errno != EEXIST {
        throw MediaFileError(path: path, problem: "cannot be made a folder: \(reason())")
      }
    }
    // The slash makes the system follow the name to a folder, so that a file of that name is refused.
    if unsafe access(path + "/", writable ? W_OK : F_OK) != 0 {
      throw MediaFileError(path: path, problem: "cannot be used as a folder: \(reason())")
    }
  }

  private static func reason() -> String { unsafe String(cString: strerror(errno)) }
}
