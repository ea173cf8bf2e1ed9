import Glibc
import WireBytes

/// Looks for a byte string in all of this process's writable memory.
///
/// The needle is kept masked, so that the search does not find the searcher.
enum MemoryScan {
  static let mask: UInt8 = 0xA5

  /// Addresses at which the unmasked needle stands.
  static func addresses(ofMasked needle: [UInt8]) -> [UInt] {
    let chunk = 1 << 20
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 4096)
    let plain = UnsafeMutableRawBufferPointer.allocate(byteCount: needle.count, alignment: 16)
    for index in needle.indices { unsafe plain[index] = needle[index] ^ mask }
    defer {
      unsafe memset(buffer.baseAddress!, 0, chunk)
      unsafe memset(plain.baseAddress!, 0, needle.count)
      unsafe buffer.deallocate()
      unsafe plain.deallocate()
    }
    let own = [UInt(bitPattern: buffer.baseAddress!), UInt(bitPattern: plain.baseAddress!)]
    let memory = unsafe open("/proc/self/mem", O_RDONLY)
    defer { close(memory) }
    var found: [UInt] = []
    for region in writableRegions() {
      var address = region.lowerBound
      while address < region.upperBound {
        let wanted = min(UInt(chunk), region.upperBound - address)
        let count = unsafe pread(memory, buffer.baseAddress!, Int(wanted), off_t(address))
        guard count > needle.count else { break }
        for offset in unsafe offsets(of: plain, in: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])) {
          let hit = address + UInt(offset)
          let isOwn = (own[0]..<(own[0] + UInt(chunk))).contains(hit) || hit == own[1]
          if !isOwn { found.append(hit) }
        }
        address += wanted < UInt(chunk) ? wanted : wanted - UInt(needle.count)
      }
    }
    return found
  }

  private static func offsets(
    of needle: UnsafeMutableRawBufferPointer, in haystack: UnsafeMutableRawBufferPointer
  ) -> [Int] {
    var result: [Int] = []
    var position = 0
    let end = haystack.count - needle.count
    while position <= end {
      let start = unsafe haystack.baseAddress! + position
      guard let hit = unsafe memchr(start, Int32(needle[0]), end - position + 1) else { break }
      position = unsafe UnsafeRawPointer(hit) - UnsafeRawPointer(haystack.baseAddress!)
      if unsafe memcmp(hit, needle.baseAddress!, needle.count) == 0 { result.append(position) }
      position += 1
    }
    return result
  }

  private static func writableRegions() -> [Range<UInt>] {
    guard let maps = unsafe fopen("/proc/self/maps", "r") else { return [] }
    defer { unsafe fclose(maps) }
    var regions: [Range<UInt>] = []
    var line = [CChar](repeating: 0, count: 1024)
    while unsafe fgets(&line, 1024, maps) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let fields = text.split(separator: " ")
      guard fields.count >= 2, fields[1].hasPrefix("rw") else { continue }
      let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      guard bounds.count == 2, bounds[0] < bounds[1] else { continue }
      regions.append(bounds[0]..<bounds[1])
    }
    return regions
  }
}
