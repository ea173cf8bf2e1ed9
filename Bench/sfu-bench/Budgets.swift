/// The figures that `--check` holds the packet path to; instructions with a quarter of room for another compiler.
enum Budgets {
  static let parse = 800.0
  static let rewrite = 1_100.0
  static let protect = 1_050.0
  static let copy = 1_600.0
  /// Bytes of heap for one more subscriber that receives 150 packets/s; the goal is 100 KB (DESIGN section 8). Caches are
  /// of the tracks, not of subscribers, and come on top for who publishes.
  static let memory = 70_000
}
