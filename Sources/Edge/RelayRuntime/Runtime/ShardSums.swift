import WireBytes

/// Adds up what the shards count.
struct ShardSums {
  private let shards: [ShardSnapshot]

  init(_ shards: [ShardSnapshot]) { self.shards = shards }

  func sum(_ value: (ShardSnapshot) -> UInt64) -> UInt64 { shards.reduce(0) { $0 &+ value($1) } }
  func total(_ value: KeyPath<ShardSnapshot, UInt64>) -> UInt64 { sum { $0[keyPath: value] } }
  func total(_ value: KeyPath<ShardSnapshot, Int>) -> Int { shards.reduce(0) { $0 + $1[keyPath: value] } }

  func dictionary<Key>(_ value: KeyPath<ShardSnapshot, [Key: UInt64]>) -> [Key: UInt64] {
    shards.reduce(into: [:]) { $0.merge($1[keyPath: value], uniquingKeysWith: &+) }
  }

  /// Empty without shards.
  func histogram(_ value: KeyPath<ShardSnapshot, Histogram>) -> Histogram {
    guard var merged = shards.first?[keyPath: value] else { return Histogram(bounds: []) }
    for shard in shards.dropFirst() { merged.merge(shard[keyPath: value]) }
    return merged
  }
}
