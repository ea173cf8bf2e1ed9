/// A picture of a run for people, as SVG: how long each key change took and when, with the joins and leaves that brought
/// it about; and the latency of sound and pictures.
package enum CallPicture {
  private static let (width, height) = (960.0, 560.0)
  /// Inner edges of the upper plot.
  private static let (left, right, top, bottom) = (70.0, 930.0, 80.0, 360.0)
  private static let colours = [
    "join": "#2b7a3d", "leave": "#b3261e", "mixed": "#8a5a00", "periodic": "#6750a4",
  ]

  package static func draw(_ report: CallReport) -> [UInt8] {
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height))" \
      font-family="sans-serif" font-size="13" fill="#222">
      <rect width="100%" height="100%" fill="#fff"/>
      """
    ]
    let calls = report.rooms == 1 ? "one room" : "\(report.rooms) rooms"
    let title = "\(report.participants) participants in \(calls), \(number(report.duration_s)) s, \(report.verdict)"
    parts.append(text(title, x: left, y: 28, size: 17))
    parts += rekeys(report)
    parts += latencies(report)
    parts.append("</svg>\n")
    return Array(parts.joined(separator: "\n").utf8)
  }

  private static func rekeys(_ report: CallReport) -> [String] {
    let shown = report.rekeys.filter { $0.at_s >= 0 }
    let end = max(report.duration_s, 1)
    let highest = ceiling(max(shown.compactMap(\.converged_ms).max() ?? 0, 10) * 1.1)
    func x(_ seconds: Double) -> Double { left + (right - left) * min(max(seconds / end, 0), 1) }
    func y(_ milliseconds: Double) -> Double { bottom - (bottom - top) * min(milliseconds / highest, 1) }
    var parts = [text("Key changes: ms until the last member has switched", x: left, y: 60, size: 14)]
    for step in 0...4 {
      let value = highest * Double(step) / 4
      parts.append(line(left, y(value), right, y(value), "#ddd"))
      parts.append(text(number(value), x: left - 8, y: y(value) + 4, anchor: "end"))
    }
    for step in 0...6 {
      let value = end * Double(step) / 6
      parts.append(text("\(number(value)) s", x: x(value), y: bottom + 38, anchor: "middle"))
    }
    for change in report.changes {
      parts.append(mark(change.kind, x: x(change.at_s), y: bottom + 10))
    }
    for rekey in shown {
      let colour = colours[rekey.cause] ?? "#444"
      let place = x(rekey.at_s)
      guard let time = rekey.converged_ms else {
        parts.append(text("never", x: place, y: top - 4, anchor: "middle", colour: "#b3261e"))
        continue
      }
      parts.append(line(place, bottom, place, y(time), colour, width: 1.5))
      parts.append("<circle cx=\"\(number(place))\" cy=\"\(number(y(time)))\" r=\"4\" fill=\"\(colour)\"/>")
    }
    if report.rekey_converged_ms.count > 0 {
      let level = y(report.rekey_converged_ms.p95)
      parts.append(line(left, level, right, level, "#444", dashes: "5 4"))
      parts.append(
        text("p95 \(number(report.rekey_converged_ms.p95)) ms", x: right, y: level - 5, anchor: "end"))
    } else {
      parts.append(text("none in this call", x: (left + right) / 2, y: (top + bottom) / 2, anchor: "middle"))
    }
    return parts + legend()
  }

  private static func legend() -> [String] {
    let entries = [("join", "a member joins"), ("leave", "a member leaves")]
    return entries.enumerated().flatMap { index, entry in
      let place = 590 + 170 * Double(index)
      return [mark(entry.0, x: place, y: 51), text(entry.1, x: place + 12, y: 60)]
    }
  }

  private static func latencies(_ report: CallReport) -> [String] {
    let (audio, video) = (report.latency_us.audio, report.latency_us.video)
    let rows = [("audio", audio), ("video", video)].filter { $0.1.p99 > 0 }
    let widest = ceiling(max(rows.map(\.1.p99).max() ?? 0, 100) / 1_000)
    let span = right - left - 170
    func x(_ microseconds: Double) -> Double { left + 60 + span * min(microseconds / 1_000 / widest, 1) }
    var parts = [text("Latency from seal to socket, ms: p50, p95 and p99", x: left, y: 438, size: 14)]
    for (index, row) in rows.enumerated() {
      let middle = 468 + 40 * Double(index)
      parts.append(text(row.0, x: left, y: middle + 5))
      for (value, colour) in [(row.1.p99, "#d7e3f4"), (row.1.p95, "#8fb3e0"), (row.1.p50, "#2f6db5")] {
        parts.append(
          """
          <rect x="\(number(x(0)))" y="\(number(middle - 11))" width="\(number(max(x(value) - x(0), 1)))" height="22" \
          fill="\(colour)"/>
          """)
      }
      let values = [row.1.p50, row.1.p95, row.1.p99].map { CallReportText.fixed($0 / 1_000, 2) }
      parts.append(text(values.joined(separator: " / "), x: x(row.1.p99) + 8, y: middle + 5))
    }
    return parts
  }

  /// A triangle that points up for who comes and down for who goes.
  private static func mark(_ kind: String, x: Double, y: Double) -> String {
    let (base, point) = kind == "join" ? (y + 9, y) : (y, y + 9)
    let points = [(x - 5, base), (x + 5, base), (x, point)].map { "\(number($0.0)),\(number($0.1))" }
    return "<polygon points=\"\(points.joined(separator: " "))\" fill=\"\(colours[kind] ?? "#444")\"/>"
  }

  private static func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String, width: Double = 1, dashes: String = "none"
  ) -> String {
    """
    <line x1="\(number(x1))" y1="\(number(y1))" x2="\(number(x2))" y2="\(number(y2))" stroke="\(colour)" \
    stroke-width="\(number(width))" stroke-dasharray="\(dashes)"/>
    """
  }

  private static func text(
    _ content: String, x: Double, y: Double, size: Int = 13, anchor: String = "start", colour: String = "#222"
  ) -> String {
    """
    <text x="\(number(x))" y="\(number(y))" font-size="\(size)" text-anchor="\(anchor)" fill="\(colour)">\
    \(content)</text>
    """
  }

  /// The next higher 1, 2 or 5 with zeros: an axis ends on a round number.
  private static func ceiling(_ value: Double) -> Double {
    var unit = 0.1
    while unit < 1e9 {
      for factor in [1.0, 2, 5] where unit * factor >= value { return unit * factor }
      unit *= 10
    }
    return value
  }

  /// Without digits that say nothing: 20, 0.5.
  private static func number(_ value: Double) -> String {
    let text = CallReportText.fixed(value, 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
