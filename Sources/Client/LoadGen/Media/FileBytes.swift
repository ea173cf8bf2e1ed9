import Glibc

/// Files as bytes: whole ones, since inputs of a load test are short clips, and long ones in pieces.
package enum FileBytes {
  /// Input files above this size are refused rather than held in memory.
  private static let limit = 512 * 1024 * 1024

  /// The whole file; one above `limit` bytes is refused.
  package static func read(_ path: String, limit: Int = Self.limit) throws(MediaFileError) -> [UInt8] {
    var bytes: [UInt8] = []
    try stream(path) { chunk throws(MediaFileError) in
      bytes += chunk
      guard bytes.count <= limit else {
        let size = limit >= 1 << 20 ? "\(limit >> 20) MiB" : "\(limit >> 10) KiB"
        throw MediaFileError(path: path, problem: "is larger than \(size)")
      }
    }
    return bytes
  }

  /// Hands the file over in pieces, so that its size does not matter.
  package static func stream(
    _ path: String, _ body: (ArraySlice<UInt8>) throws(MediaFileError) -> Void
  ) throws(MediaFileError) {
    guard let file = unsafe fopen(path, "rb") else {
      throw MediaFileError(path: path, problem: "cannot be read: \(reason())")
    }
    defer { unsafe fclose(file) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { break }
      try body(chunk.prefix(count))
    }
    guard unsafe ferror(file) == 0 else {
      throw MediaFileError(path: path, problem: "cannot be read: \(reason())")
    }
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

  /// Makes a file with exactly these permissions. One that is there is left alone, which is an error, unless it is to be
  /// replaced: then the new one takes its place at once, so that the content never has the old one's permissions.
  package static func create(
    _ path: String, _ bytes: [UInt8], permissions: UInt32, replacing: Bool
  ) throws(MediaFileError) {
    let place = replacing ? "\(path).\(getpid()).new" : path
    let descriptor = unsafe open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions)
    guard descriptor >= 0 else {
      throw MediaFileError(path: path, problem: errno == EEXIST ? "is there already" : "cannot be made: \(reason())")
    }
    let count = unsafe Glibc.write(descriptor, bytes, bytes.count)
    // The mask of the process takes permissions away; these are to be exact.
    var isDone = count == bytes.count && fchmod(descriptor, permissions) == 0 && fsync(descriptor) == 0
    isDone = Glibc.close(descriptor) == 0 && isDone
    if isDone, replacing { isDone = unsafe rename(place, path) == 0 }
    guard isDone else {
      let problem = "cannot be written: \(reason())"
      unsafe unlink(place)
      throw MediaFileError(path: path, problem: problem)
    }
  }

  package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Throws unless `path` can be written; leaves no new file behind.
  package static func checkWritable(_ path: String) throws(MediaFileError) {
    let isNew = !exists(path)
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
