/// How a key is encapsulated to one member. The raw value is the byte on the wire; the order of declaration is the order
/// of strength, strongest first.
///
/// | suite | secrets that are combined | holds as long as |
/// |---|---|---|
/// | `x25519-mlkem1024` | X25519 and ML-KEM-1024 | either is unbroken |
/// | `mlkem1024` | ML-KEM-1024 | ML-KEM-1024 is |
/// | `x25519-mlkem768` | X25519 and ML-KEM-768 | either is unbroken |
/// | `x-wing` | X-Wing, which browsers call `MLKEM768-X25519` | either is unbroken |
/// | `mlkem768` | ML-KEM-768 | ML-KEM-768 is |
///
/// `x-wing` comes after `x25519-mlkem768` because its own combiner leaves the ML-KEM ciphertext out. Sizes and security
/// categories are those of `KEMAlgorithm`.
package enum KeyAgreementSuite: UInt8, Sendable, CaseIterable, Hashable, Comparable {
  case x25519MLKEM1024 = 1
  case mlkem1024 = 2
  case x25519MLKEM768 = 3
  case xWing = 5
  case mlkem768 = 4

  package var name: String {
    switch self {
    case .x25519MLKEM1024: "x25519-mlkem1024"
    case .mlkem1024: "mlkem1024"
    case .x25519MLKEM768: "x25519-mlkem768"
    case .xWing: "x-wing"
    case .mlkem768: "mlkem768"
    }
  }

  package init?(name: String) {
    guard let suite = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = suite
  }

  package var kem: KEMAlgorithm {
    switch self {
    case .x25519MLKEM1024, .mlkem1024: .mlkem1024
    case .x25519MLKEM768, .mlkem768: .mlkem768
    case .xWing: .xWing
    }
  }

  /// Whether `KeyCombiner` adds an X25519 secret of its own.
  package var isHybrid: Bool { self == .x25519MLKEM1024 || self == .x25519MLKEM768 }

  /// Whether the suite is of the full strength that the default policy asks for; the others are the fallback.
  package var is1024: Bool { kem == .mlkem1024 }

  /// Weaker suites are smaller.
  package static func < (a: Self, b: Self) -> Bool { a.place > b.place }

  private var place: Int { Self.allCases.firstIndex(of: self) ?? Self.allCases.count }

  /// The strongest suite that both offer; nil if there is none. The same answer on both sides.
  package static func strongest(_ a: [Self], _ b: [Self]) -> Self? {
    allCases.first { a.contains($0) && b.contains($0) }
  }
}

/// What the two sides of a refused key agreement offered, for people and logs.
package struct SuiteOffers: Sendable, Equatable, CustomStringConvertible {
  package let own: [KeyAgreementSuite]
  /// As in the other's bundle, suites of later versions included.
  package let theirs: [UInt8]

  package init(own: [KeyAgreementSuite], theirs: [UInt8]) {
    self.own = own
    self.theirs = theirs
  }

  package var description: String {
    let names = theirs.map { KeyAgreementSuite(rawValue: $0)?.name ?? "unknown suite \($0)" }
    return "this side offers \(own.map(\.name).joined(separator: ", ")); the other offers "
      + names.joined(separator: ", ")
  }
}
