import E2EKeys
import SFrame
import WireBytes

/// A key of a policy file. This is the only list of them there is; a test checks `Config/client-policy.yaml` against it.
package enum PolicyKey: String, CaseIterable, Sendable {
  case minimumSuite, offered, allow768Until
  case frameSuite, acceptedFrameSuites
  case heartbeat, silence, failover, overlap, deadline, maximumEpochAge

  enum Kind {
    case suite
    case suites
    case day
    case frameSuite
    case frameSuites
    /// Within bounds.
    case time(ClosedRange<TimeInterval>)
  }

  var kind: Kind {
    switch self {
    case .minimumSuite: .suite
    case .offered: .suites
    case .allow768Until: .day
    case .frameSuite: .frameSuite
    case .acceptedFrameSuites: .frameSuites
    case .heartbeat: .time(.milliseconds(100) ... .seconds(60))
    case .silence: .time(.milliseconds(500) ... .seconds(600))
    case .failover: .time(.milliseconds(50) ... .seconds(10))
    case .overlap: .time(.milliseconds(100) ... .seconds(60))
    case .deadline: .time(.milliseconds(200) ... .seconds(60))
    case .maximumEpochAge: .time(.seconds(10) ... .seconds(86_400))
    }
  }

  /// The end of the sentence "allowed is ...".
  package var allowed: String {
    let suites = KeyAgreementSuite.allCases.map(\.name).joined(separator: ", ")
    let frameSuites = SFrameCipherSuite.allCases.map(\.name).joined(separator: ", ")
    return switch kind {
    case .suite: "one of \(suites)"
    case .suites: "a list, without repetition, of \(suites)"
    case .day: "a day such as 2030-12-31, a time such as 2030-12-31T12:00:00Z, or \"\" for no end"
    case .frameSuite: "one of \(frameSuites)"
    case .frameSuites: "a list, without repetition, of \(frameSuites)"
    case .time(let range):
      "a time with its unit (500ms, 5s, 12m, 1h) from \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))"
    }
  }

  /// As a policy file writes it.
  static func text(_ time: TimeInterval) -> String {
    let milliseconds = time.milliseconds
    if milliseconds > 0, milliseconds.isMultiple(of: 3_600_000) { return "\(milliseconds / 3_600_000)h" }
    if milliseconds > 0, milliseconds.isMultiple(of: 60_000) { return "\(milliseconds / 60_000)m" }
    return milliseconds.isMultiple(of: 1_000) ? "\(milliseconds / 1_000)s" : "\(milliseconds)ms"
  }
}
