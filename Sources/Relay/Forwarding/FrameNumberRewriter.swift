import WireBytes

/// Keeps the Dependency Descriptor's 16-bit frame number rising when a leg changes its source.
///
/// Frame differences in the descriptor are relative, so one offset for each source keeps every reference right.
package struct FrameNumberRewriter: Sendable {
  private var offset: UInt16 = 0
  /// The newest frame number given out.
  private var newest: UInt16?

  package init() {}

  package mutating func rewrite(_ number: UInt16) -> UInt16 {
    let out = number &+ offset
    if newest.map({ SerialNumber.isNewer(out, than: $0) }) ?? true { newest = out }
    return out
  }

  /// From now on numbers are those of another source, whose first frame follows the newest one sent.
  package mutating func switchSource(first: UInt16) { offset = newest.map { $0 &+ 1 &- first } ?? 0 }
}
