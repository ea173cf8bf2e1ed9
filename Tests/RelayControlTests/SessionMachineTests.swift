import RelayControl
import RelayEngine
import Signaling
import TestKit
import Testing
import WireBytes

/// A machine in virtual time, and what it says in words.
private struct Session: ~Copyable {
  var machine: SessionMachine
  var now = MonotonicInstant(nanoseconds: 1_000_000_000_000)

  init(_ adjust: (inout ControlLimits) -> Void = { _ in }) {
    var limits = ControlLimits()
    adjust(&limits)
    machine = SessionMachine(
      connection: ConnectionID(rawValue: 1), limits: limits,
      admission: JoinAdmission(tokenKeys: [:], allowsJoinWithoutToken: true),
      wall: WallClock(anchor: now, unixNanoseconds: 0), at: now)
  }

  static var joined: Session {
    var session = Session()
    #expect(session.send(.join(.sample())).last == "join")
    #expect(session.event(.send(ConnectionID(rawValue: 1), .joined(.sample()))) == ["send joined"])
    return session
  }

  mutating func frame(_ frame: InboundFrame) -> [String] { machine.receive(frame, at: now).map(\.words) }
  mutating func text(_ bytes: [UInt8]) -> [String] { frame(InboundFrame(opcode: .text, payload: bytes)) }
  mutating func send(_ message: ClientMessage) -> [String] { text(SignalingText.encode(message)) }
  mutating func event(_ event: EngineEvent) -> [String] { machine.receive(event, at: now).map(\.words) }

  /// Goes to the machine's next deadline and returns how far that was, in seconds.
  mutating func step() -> (after: Double, actions: [String]) {
    let wait = machine.nextDeadline.nanoseconds(since: now)
    now = machine.nextDeadline
    return (Double(wait) / 1e9, machine.expire(at: now).map(\.words))
  }
}

extension SessionAction {
  fileprivate var words: String {
    switch self {
    case .join: "join"
    case .submit(.disconnected): "disconnected"
    case .submit(.message(_, let message)): "submit \(message.type)"
    case .submit(.offer): "submit offer"
    case .submit: "submit"
    case .send(.error(let error)): "error \(error.code.rawValue)"
    case .send(.goodbye(let goodbye)): "goodbye \(goodbye.reason.rawValue)"
    case .send(let message): "send \(message.type)"
    case .ping: "ping"
    case .pong(let payload): "pong \(payload.count)"
    case .close(let code): "close \(code)"
    case .finish: "finish"
    case .abort: "abort"
    case .count(.received(let kind, _)): "received \(kind.label)"
    case .count(.tokenRefused(let error)): "refused \(error.rawValue)"
    case .count(.closed(let cause)): "closed \(cause.rawValue)"
    }
  }
}

@Suite struct SessionMachineTests {
  @Test func `a quiet client is pinged and then given up`() {
    var session = Session.joined
    #expect(session.step() == (20, ["ping"]))
    #expect(session.step() == (20, ["ping"]))
    #expect(session.step() == (5, ["disconnected", "closed idle", "abort"]))
    #expect(session.machine.nextDeadline == .never)
    #expect(session.machine.gone().isEmpty)
  }

  @Test func `any frame keeps a connection`() {
    var session = Session.joined
    for _ in 0..<100 {
      #expect(session.step().actions == ["ping"])
      #expect(session.frame(InboundFrame(opcode: .pong, payload: [])) == [])
    }
  }

  @Test func `join must come in time`() {
    var session = Session()
    let step = session.step()
    #expect(step == (10, ["error bad_state", "goodbye protocol_error", "close 1008", "closed join_timeout"]))
    #expect(session.step() == (2, ["abort"]))
  }

  @Test func `a client that sends nothing but frames that mean nothing must still join in time`() {
    var session = Session()
    for _ in 0..<9 {
      session.now = session.now + .seconds(1)
      #expect(session.text(Array(#"{"type":"hello"}"#.utf8)) == ["received unknown"])
    }
    #expect(session.step().after == 1)
  }

  @Test func `the first message must be a join`() {
    var session = Session()
    let expected = [
      "received ready", "error bad_state", "goodbye protocol_error", "close 1002", "closed protocol_error",
    ]
    #expect(session.send(.ready(Ready(epoch: 1))) == expected)
    // What is still in flight is read and dropped.
    #expect(session.send(.join(.sample())) == [])
    #expect(session.frame(InboundFrame(opcode: .close, payload: [])) == ["finish"])
  }

  @Test func `a refused join can be made good on the same connection`() {
    var session = Session()
    let refused = EngineEvent.send(
      ConnectionID(rawValue: 1), .error(SignalingError(code: .resumeRefused, message: "no", about: "join")))
    #expect(session.send(.join(.sample())) == ["received join", "join"])
    #expect(session.send(.ready(Ready(epoch: 1))) == ["received ready", "submit ready"])
    #expect(session.event(refused) == ["error resume_refused"])
    #expect(session.send(.ready(Ready(epoch: 1))) == ["received ready", "error bad_state"])
    #expect(session.machine.state == .awaitingJoin(until: session.now + .seconds(10)))
    #expect(session.send(.join(.sample())) == ["received join", "join"])
    #expect(session.event(.send(ConnectionID(rawValue: 1), .joined(.sample()))) == ["send joined"])
    #expect(session.send(.join(.sample())) == ["received join", "error bad_state"])
  }

  @Test func `the shard hears once of a lost connection, and not at all of one it closed or never knew`() {
    var lost = Session.joined
    #expect(lost.machine.gone().map(\.words) == ["disconnected", "closed disconnected"])
    #expect(lost.machine.gone().isEmpty)
    var closed = Session.joined
    let close = EngineEvent.close(ConnectionID(rawValue: 1), .left)
    #expect(closed.event(close) == ["goodbye left", "close 1000", "closed left"])
    #expect(closed.event(close) == [])
    #expect(closed.machine.gone().isEmpty)
    var stranger = Session()
    #expect(stranger.machine.gone().map(\.words) == ["closed disconnected"])
  }

  @Test func `a client's close frame is answered`() {
    var session = Session.joined
    #expect(
      session.frame(InboundFrame(opcode: .close, payload: [3, 232])) == [
        "disconnected", "close 1000", "closed closed_by_client", "finish",
      ])
    // If it does not read the answer, the connection does not stay.
    #expect(session.step() == (2, ["abort"]))
  }

  @Test func `a message must be finished in time`() {
    var session = Session.joined
    #expect(session.frame(InboundFrame(opcode: .text, isFinal: false, payload: [123])) == [])
    var waited = 0.0
    while true {
      let step = session.step()
      waited += step.after
      if step.actions == ["ping"] { continue }
      #expect(step.actions == ["disconnected", "goodbye protocol_error", "close 1002", "closed protocol_error"])
      break
    }
    #expect(waited == 20)
  }

  @Test(arguments: [
    InboundFrame(opcode: .text, isMasked: false, payload: []),
    InboundFrame(opcode: .text, hasReservedBits: true, payload: []),
    InboundFrame(opcode: .reserved, payload: []),
    InboundFrame(opcode: .continuation, payload: []),
  ])
  func `frames that break the WebSocket protocol end the connection`(frame: InboundFrame) {
    var session = Session.joined
    #expect(
      session.frame(frame) == ["disconnected", "goodbye protocol_error", "close 1002", "closed protocol_error"])
  }

  @Test func `a flood of frames ends the connection before anything is parsed`() {
    var session = Session.joined
    var count = 0
    while session.frame(InboundFrame(opcode: .pong, payload: [])) == [], count < 10_000 { count += 1 }
    #expect(count == Int(ControlLimits().frameRate.burst) - 1)
    #expect(session.machine.state == .closing(until: session.now + .seconds(2)))
  }

  @Test func `too many messages over the rate end the connection`() {
    var session = Session()
    #expect(session.send(.join(.sample())) == ["received join", "join"])
    for _ in 0..<200 {
      #expect(session.send(.ready(Ready(epoch: 1))) == ["received ready", "submit ready"])
    }
    for _ in 0..<99 { #expect(session.send(.ready(Ready(epoch: 1))) == ["received ready", "error rate_limited"]) }
    // Each type has a bucket of its own.
    #expect(session.send(.mute(Mute(track: "a", muted: true))) == ["received mute", "submit mute"])
    #expect(
      session.send(.ready(Ready(epoch: 1))) == [
        "received ready", "disconnected", "goodbye rate_limited", "close 1008", "closed rate_limited",
      ])
  }

  @Test func `each type has its own size, and before join there is room for a join only`() {
    var early = Session()
    let large = [UInt8](repeating: 32, count: 64 * 1024 + 1)
    #expect(early.text(large) == ["error too_large", "goodbye protocol_error", "close 1009", "closed protocol_error"])
    var session = Session.joined
    let padding = [UInt8](repeating: 32, count: 16 * 1024)
    #expect(session.text(SignalingText.encode(ClientMessage.leave) + padding) == ["received leave", "error too_large"])
    let sealed = SealedToMember(to: .sample, body: Blob([UInt8](repeating: 1, count: 48 * 1024)))
    #expect(session.send(.sealed(sealed)) == ["received sealed", "submit sealed"])
  }

  @Test func `a slow consumer is cut without a word`() {
    var session = Session.joined
    #expect(
      session.machine.overflow(at: session.now).map(\.words) == ["disconnected", "closed slow_consumer", "abort"])
    #expect(session.event(.send(ConnectionID(rawValue: 1), .joined(.sample()))) == [])
  }

  @Test(arguments: [#"{"type":"join","x":"#, #"{"a":"#, "["])
  func `deeply nested text does no harm`(prefix: String) {
    var session = Session()
    let text = String(repeating: prefix, count: 60 * 1024 / prefix.utf8.count)
    #expect(session.text(Array(text.utf8)) == ["error malformed"])
  }

  @Test func `no malformed join does harm or gets in`() {
    let valid = SignalingText.encode(ClientMessage.join(.sample()))
    for variant in MalformedSweep.truncations(of: valid) {
      var session = Session()
      #expect(session.text(variant) == ["error malformed"])
    }
    for variant in MalformedSweep.mutations(of: valid, count: 3000, seed: 3) {
      var session = Session()
      let actions = session.text(variant)
      #expect(["error malformed", "join", "received unknown", "closed protocol_error"].contains(actions.last))
    }
  }
}
