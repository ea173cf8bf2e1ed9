package import SFrame
package import WireBytes

/// What a member demands of keys, and its timing.
package struct KeyPolicy: Sendable {
  /// Suites that this member uses, strongest first.
  package var offered: [KeyAgreementSuite]
  /// The weakest suite that may carry an epoch's key to anybody; an epoch below it is refused.
  package var minimumSuite: KeyAgreementSuite
  /// From then on the 768 suites are refused, whatever `minimumSuite` is: no new epoch is made or taken by them.
  package var refuse768After: MonotonicInstant
  /// The suite of this member's own frames; others read it in its bundle.
  package var sframeSuite: SFrameCipherSuite
  /// Frame suites accepted from others besides the member's own.
  package var acceptedFrameSuites: Set<SFrameCipherSuite>
  /// How often a sealed heartbeat goes to every member.
  package var heartbeat: TimeInterval
  /// A member not heard for this long is taken out of the next epoch.
  package var silence: TimeInterval
  /// How long each member waits for the committer before it in rank.
  package var failover: TimeInterval
  /// How long the old epoch's keys open frames after the switch.
  package var overlap: TimeInterval
  /// The latest switch after a leave was learned, or after a preparation began.
  package var deadline: TimeInterval
  /// How long a leave waits for the relay's advice before the clients rekey on their own.
  package var adviceWait: TimeInterval
  /// An epoch older than this is replaced even if the relay never asks; longer than the relay's own ten minutes.
  package var maximumEpochAge: TimeInterval

  /// The weakest suite that is acceptable now.
  func floor(at now: MonotonicInstant) -> KeyAgreementSuite {
    now < refuse768After ? minimumSuite : max(minimumSuite, .mlkem1024)
  }

  /// Without `offered`, all suites from the strongest down to `minimumSuite`.
  package init(
    offered: [KeyAgreementSuite]? = nil, minimumSuite: KeyAgreementSuite = .mlkem1024,
    refuse768After: MonotonicInstant = .never, sframeSuite: SFrameCipherSuite = .aes256GCMSHA512_128,
    acceptedFrameSuites: Set<SFrameCipherSuite> = [.aes256GCMSHA512_128],
    heartbeat: TimeInterval = .seconds(5), silence: TimeInterval = .seconds(15),
    failover: TimeInterval = .milliseconds(500), overlap: TimeInterval = .seconds(5),
    deadline: TimeInterval = .seconds(2), adviceWait: TimeInterval = .seconds(1),
    maximumEpochAge: TimeInterval = .seconds(720)
  ) {
    self.offered = KeyAgreementSuite.allCases.filter { offered?.contains($0) ?? ($0 >= minimumSuite) }
    self.minimumSuite = minimumSuite
    self.refuse768After = refuse768After
    self.sframeSuite = sframeSuite
    self.acceptedFrameSuites = acceptedFrameSuites.union([sframeSuite])
    self.heartbeat = heartbeat
    self.silence = silence
    self.failover = failover
    self.overlap = overlap
    self.deadline = deadline
    self.adviceWait = adviceWait
    self.maximumEpochAge = maximumEpochAge
  }
}
