package import E2EKeys
import SFrame
package import WireBytes

/// A client's demands on keys, from a YAML file; `Config/client-policy.yaml` documents every key.
///
/// A wrong file is an error and never a weaker policy: unknown keys, wrong types and values out of range are refused, so
/// that a mistyped `minimumSuite` cannot pass for the default.
package struct PolicyFile: Sendable {
  package static let maximumBytes = 65_536

  /// For messages.
  package let path: String
  private let lines: [PolicyKey: Int]
  private var minimumSuite: KeyAgreementSuite?
  private var offered: [KeyAgreementSuite]?
  private var allow768Until: (text: String, moment: PolicyMoment)?
  private var frameSuite: SFrameCipherSuite?
  private var acceptedFrameSuites: [SFrameCipherSuite]?
  private var times: [PolicyKey: TimeInterval] = [:]

  /// Reads and checks the file.
  package init(path: String) throws(PolicyFileError) {
    let bytes: [UInt8]
    do { bytes = try FileBytes.read(path, limit: Self.maximumBytes) } catch {
      throw PolicyFileError(nil, "\(path): the policy file \(error.problem)")
    }
    try self.init(path: path, bytes: bytes)
  }

  /// Checks the bytes of a file; `path` is for messages.
  package init(path: String, bytes: [UInt8]) throws(PolicyFileError) {
    guard bytes.count <= Self.maximumBytes else {
      throw PolicyFileError(nil, "\(path): the policy file is larger than 64 KiB")
    }
    self.path = path
    let entries = try PolicyEntries(path: path, bytes: bytes)
    lines = entries.lines
    for (key, value) in entries.values { try take(value, key) }
  }

  private mutating func take(_ value: PolicyEntries.Value, _ key: PolicyKey) throws(PolicyFileError) {
    let fault = PolicyFileError(place: place(of: key), key: key, value: value.description)
    switch (key.kind, value) {
    case (.suite, .text(let name, _)):
      guard let suite = KeyAgreementSuite(name: name) else { throw fault }
      minimumSuite = suite
    case (.suites, .list(let names)):
      offered = try list(names, fault) { KeyAgreementSuite(name: $0) }
    case (.day, .text(let text, let isQuoted)):
      guard !text.isEmpty || isQuoted else { throw fault }
      guard !text.isEmpty else { return }
      guard let moment = PolicyMoment(text: text) else { throw fault }
      allow768Until = (text, moment)
    case (.frameSuite, .text(let name, _)):
      guard let suite = Self.frameSuite(named: name) else { throw fault }
      frameSuite = suite
    case (.frameSuites, .list(let names)):
      acceptedFrameSuites = try list(names, fault, Self.frameSuite)
    case (.time(let range), .text(let text, _)):
      guard let time = CallCommand.parseDuration(text), range.contains(time) else { throw fault }
      times[key] = time
    default: throw fault
    }
  }

  private func list<Suite: Hashable>(
    _ names: [String], _ fault: PolicyFileError, _ suite: (String) -> Suite?
  ) throws(PolicyFileError) -> [Suite] {
    let suites = names.compactMap(suite)
    guard !suites.isEmpty, suites.count == names.count, Set(suites).count == suites.count else { throw fault }
    return suites
  }

  private static func frameSuite(named name: String) -> SFrameCipherSuite? {
    SFrameCipherSuite.allCases.first { $0.name == name }
  }

  /// The policy from `now` on: the date of `allow768Until` becomes a moment of the monotonic clock, so that setting the
  /// system's time back does not bring the weak suites back. Throws when the keys contradict each other.
  package func policy(clock: WallClock, at now: MonotonicInstant) throws(PolicyFileError) -> KeyPolicy {
    let defaults = KeyPolicy()
    func time(_ key: PolicyKey, _ standard: TimeInterval) -> TimeInterval { times[key] ?? standard }
    let frame = frameSuite ?? defaults.sframeSuite
    let minimum = minimumSuite ?? defaults.minimumSuite
    let end = allow768Until?.moment.instant(clock: clock, at: now) ?? .never
    let policy = KeyPolicy(
      offered: try offer(minimum: minimum, allows768: now < end), minimumSuite: minimum, refuse768After: end,
      sframeSuite: frame,
      acceptedFrameSuites: acceptedFrameSuites.map { Set($0) } ?? defaults.acceptedFrameSuites,
      heartbeat: time(.heartbeat, defaults.heartbeat), silence: time(.silence, defaults.silence),
      failover: time(.failover, defaults.failover), overlap: time(.overlap, defaults.overlap),
      deadline: time(.deadline, defaults.deadline), adviceWait: defaults.adviceWait,
      maximumEpochAge: time(.maximumEpochAge, defaults.maximumEpochAge))
    try checkTimes(policy)
    return policy
  }

  private func offer(
    minimum: KeyAgreementSuite, allows768: Bool
  ) throws(PolicyFileError) -> [KeyAgreementSuite] {
    if let weak = offered?.first(where: { $0 < minimum }) {
      throw PolicyFileError(
        place: place(of: .offered), key: .offered, value: weak.name,
        allowed: "nothing weaker than `minimumSuite`, which is \(minimum.name)")
    }
    let wanted = offered ?? KeyAgreementSuite.allCases.filter { $0 >= minimum }
    let left = wanted.filter { allows768 || $0.is1024 }
    guard !left.isEmpty else {
      throw PolicyFileError(
        place: place(of: .allow768Until), key: .allow768Until, value: allow768Until?.text ?? "",
        allowed: "a later time, or a 1024 suite in `offered`: `minimumSuite`, `offered` and `allow768Until` leave no "
          + "suite to offer")
    }
    return left
  }

  private func checkTimes(_ policy: KeyPolicy) throws(PolicyFileError) {
    func check(
      _ condition: Bool, _ key: PolicyKey, _ value: TimeInterval, _ relation: String, _ other: PolicyKey,
      _ bound: TimeInterval
    ) throws(PolicyFileError) {
      guard !condition else { return }
      throw PolicyFileError(
        place: place(of: lines[key] == nil ? other : key), key: key, value: PolicyKey.text(value),
        allowed: "\(relation) `\(other.rawValue)`, which is \(PolicyKey.text(bound))")
    }
    // One lost heartbeat must not cost a member its place.
    try check(
      policy.heartbeat * 2 <= policy.silence, .silence, policy.silence, "at least twice", .heartbeat, policy.heartbeat)
    // Otherwise a committer that fails stops the call before another one takes over.
    try check(
      policy.failover < policy.deadline, .failover, policy.failover, "less than", .deadline, policy.deadline)
    try check(
      policy.deadline < policy.maximumEpochAge, .maximumEpochAge, policy.maximumEpochAge, "more than", .deadline,
      policy.deadline)
  }

  private func place(of key: PolicyKey) -> String { lines[key].map { "\(path):\($0)" } ?? path }
}
