/// Reads a page of the Prometheus text format back: what a load generator or a test wants to know of `/metrics`.
///
/// Lines that are not samples are skipped. Values are looked up by name and, if given, by the labels they must carry.
package struct PrometheusSamples: Sendable {
  package struct Sample: Sendable, Equatable {
    package let name: String
    package let labels: [String: String]
    package let value: Double
  }

  package let samples: [Sample]

  package init(parsing text: String) {
    samples = text.split(separator: "\n").compactMap(Self.parse)
  }

  /// The sum of all samples of this name that carry these labels; nil when there is none.
  package func sum(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    let matching = samples.filter { sample in
      sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
    }
    return matching.isEmpty ? nil : matching.reduce(0) { $0 + $1.value }
  }

  private static func parse(_ line: Substring) -> Sample? {
    guard !line.hasPrefix("#") else { return nil }
    var rest = line
    let name = rest.prefix { $0 != "{" && $0 != " " }
    guard !name.isEmpty else { return nil }
    rest = rest.dropFirst(name.count)
    var labels: [String: String] = [:]
    if rest.first == "{" {
      rest = rest.dropFirst()
      while let first = rest.first, first != "}" {
        let key = rest.prefix { $0 != "=" }
        rest = rest.dropFirst(key.count + 1)
        guard rest.first == "\"" else { return nil }
        rest = rest.dropFirst()
        guard let (value, after) = quoted(rest) else { return nil }
        labels[String(key)] = value
        rest = after
        if rest.first == "," { rest = rest.dropFirst() }
      }
      guard rest.first == "}" else { return nil }
      rest = rest.dropFirst()
    }
    guard let field = rest.split(separator: " ").first, let value = Double(field == "+Inf" ? "inf" : field) else {
      return nil
    }
    return Sample(name: String(name), labels: labels, value: value)
  }

  /// The text up to the closing quote, unescaped, and what follows it.
  private static func quoted(_ text: Substring) -> (String, Substring)? {
    var value = ""
    var index = text.startIndex
    while index < text.endIndex {
      let character = text[index]
      index = text.index(after: index)
      if character == "\"" { return (value, text[index...]) }
      guard character == "\\" else {
        value.append(character)
        continue
      }
      guard index < text.endIndex else { return nil }
      value.append(text[index] == "n" ? "\n" : text[index])
      index = text.index(after: index)
    }
    return nil
  }
}
