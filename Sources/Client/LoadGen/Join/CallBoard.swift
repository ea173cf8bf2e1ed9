package import E2EKeys
import Synchronization
package import WireBytes

/// Who is in the call as the bots together see it. Each thing that several of them hear of is said once.
package final class CallBoard: Sendable {
  private struct State {
    var bots: [MemberID: String] = [:]
    /// Bots that are in the call now.
    var inCall: Set<String> = []
    var names: [MemberID: String] = [:]
    var present: Set<MemberID> = []
    /// One bot may hear of an arrival after another has heard of the departure.
    var gone: Set<MemberID> = []
    var announced: Set<MemberID> = []
    var epoch: UInt32 = 0
    var said: Set<String> = []
  }

  private let state = Mutex(State())
  private let say: @Sendable (String) -> Void

  package init(say: @escaping @Sendable (String) -> Void) { self.say = say }

  package func line(_ text: String) { say(text) }

  package func botJoined(_ name: String, as member: MemberID) {
    state.withLock { state in
      state.inCall.insert(name)
      state.bots[member] = name
      state.present.insert(member)
    }
    say("\(name) joined")
  }

  package func botLeft(_ name: String) {
    out(name)
    say("\(name) left")
  }

  /// Not of its own will.
  package func botIsOut(_ name: String, because reason: String) {
    out(name)
    say("\(name) is out of the call: \(reason)")
  }

  private func out(_ name: String) {
    state.withLock { state in
      for (member, bot) in state.bots where bot == name && state.present.remove(member) != nil {
        state.gone.insert(member)
      }
      state.inCall.remove(name)
      guard state.inCall.isEmpty else { return }
      // Nobody looks any more: what comes next may be a call that begins anew.
      state.present = []
      state.announced = []
      state.gone = []
      state.epoch = 0
    }
  }

  /// What it was called last; what is known of it otherwise.
  package func name(of member: MemberID) -> String { state.withLock { Self.name(of: member, $0) } }

  package func note(_ event: KeyEvent) {
    let lines = state.withLock { Self.lines(for: event, &$0) }
    for line in lines { say(line) }
  }

  private static func lines(for event: KeyEvent, _ state: inout State) -> [String] {
    switch event {
    case .memberAdmitted(let member):
      if !state.gone.contains(member) { state.present.insert(member) }
      return []
    case .profile(let member, let name): return renamed(member, name, &state)
    case .memberLeft(let member): return left(member, &state)
    case .epochActive(let epoch, _, _, let weakest, _):
      guard epoch > state.epoch else { return [] }
      state.epoch = epoch
      // By now whoever has a name has said it.
      let nameless = state.present.subtracting(state.announced).sorted { $0.text < $1.text }
      return nameless.compactMap { announced($0, &state) } + ["keys of epoch \(epoch): \(weakest.name)"]
    case .chat(let member, let text):
      let line = text.split(whereSeparator: \.isNewline).joined(separator: " / ")
      return once("\(name(of: member, state)): \(line)", of: "\(member.text) \(text)", &state)
    case .memberRejected(let member, let reason):
      return once("a member gets no keys: \(reason.label)", of: "rejected \(member.text)", &state)
    case .fallback(let epoch, let suite):
      return once("the keys are no stronger than \(suite.name)", of: "fallback \(epoch)", &state)
    case .logMismatch(let member):
      return once("\(name(of: member, state)) was shown another history of the room", of: "log \(member.text)", &state)
    case .relayInconsistent(let what): return once("the relay contradicts itself: \(what)", &state)
    case .rekeyFailed(let epoch, let reason): return once("the change to epoch \(epoch) failed: \(reason)", &state)
    case .sendingBlocked:
      return once("no new keys after a departure: sending is blocked", of: "block \(state.epoch)", &state)
    case .memberSilent, .memberHeard, .committerFailover, .suiteChosen, .identityFirstSeen, .identityConfirmed,
      .identityChanged:
      return []
    }
  }

  private static func once(_ line: String, of key: String? = nil, _ state: inout State) -> [String] {
    state.said.insert(key ?? line).inserted ? [line] : []
  }

  private static func announced(_ member: MemberID, _ state: inout State) -> String? {
    guard state.bots[member] == nil, state.announced.insert(member).inserted else { return nil }
    return "\(name(of: member, state)) is in the call, \(state.present.count) in all"
  }

  private static func renamed(_ member: MemberID, _ name: String, _ state: inout State) -> [String] {
    let old = Self.name(of: member, state)
    guard state.bots[member] == nil, state.names.updateValue(name, forKey: member) != name,
      state.present.contains(member)
    else { return [] }
    if let line = announced(member, &state) { return [line] }
    return ["\(old) is now called \(name)"]
  }

  private static func left(_ member: MemberID, _ state: inout State) -> [String] {
    guard state.gone.insert(member).inserted, state.present.remove(member) != nil else { return [] }
    return ["\(name(of: member, state)) left, \(state.present.count) in all"]
  }

  private static func name(of member: MemberID, _ state: State) -> String {
    state.bots[member] ?? state.names[member] ?? "a member without a name (\(member.text.prefix(6)))"
  }
}
