package import WireBytes

/// Builds a page of the Prometheus text exposition format 0.0.4, the body of `/metrics`.
///
/// Families appear in the order in which they are appended, each with HELP and TYPE once and all of its samples
/// together, as the format demands. Naming rules (prefix, `_total`, base units) are checked by precondition: names are
/// constants.
package struct PrometheusText: Sendable {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// Every family of this page begins so.
  package let prefix: String
  package private(set) var text = ""
  private var families: Set<String> = []

  /// `prefix` without the underscore that follows it.
  package init(prefix: String) { self.prefix = prefix + "_" }

  /// Appends one family. `name` is without the prefix.
  package mutating func family(
    _ name: String, _ kind: MetricKind, help: String, _ body: (inout MetricFamily) -> Void
  ) {
    let fullName = prefix + name
    precondition(Self.isMetricName(fullName), "a metric name has letters that the format does not allow")
    precondition((kind == .counter) == name.hasSuffix("_total"), "counters, and only they, end in _total")
    precondition(families.insert(fullName).inserted, "a metric family is written twice")
    text += "# HELP \(fullName) \(Self.escapeHelp(help))\n# TYPE \(fullName) \(kind.rawValue)\n"
    var family = MetricFamily(name: fullName, kind: kind)
    body(&family)
    text += family.text
  }

  package mutating func counter(_ name: String, help: String, _ value: UInt64) {
    family(name, .counter, help: help) { $0.count(value) }
  }

  package mutating func gauge(_ name: String, help: String, _ value: Double) {
    family(name, .gauge, help: help) { $0.sample(value) }
  }

  package mutating func gauge(_ name: String, help: String, _ value: Int) { gauge(name, help: help, Double(value)) }

  package mutating func histogram(_ name: String, help: String, _ value: Histogram) {
    family(name, .histogram, help: help) { $0.histogram(value) }
  }

  static func isMetricName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
    return name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
  }

  private static func escapeHelp(_ help: String) -> String {
    help.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
  }
}
