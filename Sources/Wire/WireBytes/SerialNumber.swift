/// Serial number arithmetic for 16-bit sequence numbers (RFC 1982, RFC 3550 appendix A.1).
public enum SerialNumber {
  /// Whether `a` comes after `b` on the circle; half-way counts as before.
  @inlinable
  public static func isNewer(_ a: UInt16, than b: UInt16) -> Bool {
    let distance = a &- b
    return distance != 0 && distance < 0x8000
  }

  /// Whether `a` comes after `b` on the 32-bit circle of RTP timestamps.
  @inlinable
  public static func isNewer(_ a: UInt32, than b: UInt32) -> Bool {
    let distance = a &- b
    return distance != 0 && distance < 0x8000_0000
  }
}

/// Extends 16-bit sequence numbers to 64 bits, following wrap-around in both directions.
package struct SequenceUnwrapper: Sendable {
  /// The highest extended number so far; nil before the first packet.
  package private(set) var highest: Int64?

  package init() {}

  /// The extended number of `sequence`, nearest to the highest one seen. Starts at `sequence + 65536`, so that a
  /// packet from before the first one does not go below zero.
  package mutating func extend(_ sequence: UInt16) -> Int64 {
    guard let highest else {
      let first = Int64(sequence) + 0x1_0000
      self.highest = first
      return first
    }
    let delta = Int64(Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: highest)))
    let extended = highest + delta
    if extended > highest { self.highest = extended }
    return extended
  }
}
