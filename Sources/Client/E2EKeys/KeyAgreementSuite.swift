/// How a key is encapsulated to one member, strongest first. The raw value is the byte on the wire.
///
/// Values 3 and 4 are reserved for the ML-KEM-768 suites.
package enum KeyAgreementSuite: UInt8, Sendable, CaseIterable, Hashable, Comparable {
  case x25519MLKEM1024 = 1
  case mlkem1024 = 2

  package var name: String {
    switch self {
    case .x25519MLKEM1024: "x25519-mlkem1024"
    case .mlkem1024: "mlkem1024"
    }
  }

  /// Whether the suite adds X25519 to ML-KEM.
  package var isHybrid: Bool { self == .x25519MLKEM1024 }

  /// Weaker suites are smaller.
  package static func < (a: Self, b: Self) -> Bool { a.rawValue > b.rawValue }

  /// The strongest suite that both offer; nil if there is none. The same answer on both sides.
  package static func strongest(_ a: [Self], _ b: [Self]) -> Self? {
    allCases.first { a.contains($0) && b.contains($0) }
  }
}
