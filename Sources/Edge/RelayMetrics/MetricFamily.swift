package import WireBytes

/// The samples of one metric family, in the making.
package struct MetricFamily: Sendable {
  let name: String
  let kind: MetricKind
  private(set) var text = ""

  init(name: String, kind: MetricKind) {
    self.name = name
    self.kind = kind
  }

  package mutating func count(_ value: UInt64, _ labels: MetricLabel...) {
    line(suffix: "", labels: labels, value: String(value))
  }

  package mutating func sample(_ value: Double, _ labels: MetricLabel...) {
    line(suffix: "", labels: labels, value: Self.number(value))
  }

  /// Cumulative buckets with their upper bounds, then sum and count.
  package mutating func histogram(_ histogram: Histogram, _ labels: MetricLabel...) {
    precondition(kind == .histogram, "a histogram needs a histogram family")
    var cumulative: UInt64 = 0
    for (index, bound) in histogram.bounds.enumerated() {
      cumulative += histogram.counts[index]
      line(suffix: "_bucket", labels: labels + [MetricLabel("le", Self.number(bound))], value: String(cumulative))
    }
    line(suffix: "_bucket", labels: labels + [MetricLabel("le", "+Inf")], value: String(histogram.count))
    line(suffix: "_sum", labels: labels, value: Self.number(histogram.sum))
    line(suffix: "_count", labels: labels, value: String(histogram.count))
  }

  private mutating func line(suffix: String, labels: [MetricLabel], value: String) {
    text += name + suffix
    if !labels.isEmpty {
      text += "{"
      for (index, label) in labels.enumerated() {
        if index > 0 { text += "," }
        text += "\(label.name)=\"\(Self.escape(label.value))\""
      }
      text += "}"
    }
    text += " \(value)\n"
  }

  /// Whole numbers without a fraction; infinities and NaN as the format spells them.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int64(exactly: value), abs(value) < 1e15 { return String(whole) }
    return "\(value)"
  }

  private static func escape(_ value: String) -> String {
    value.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
  }
}
