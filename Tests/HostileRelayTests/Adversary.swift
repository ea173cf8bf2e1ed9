import CallKit
import ClientEngine
@testable import E2EKeys
import Signaling
import TestKit
import WireBytes

/// Whoever runs the relay, as an attacker of a call through the real one.
///
/// It sees and may change every message both ways, shows each member a room of its own, and sees and may replace every
/// frame on the hops. Nothing is attacked until a test says so.
final class Adversary {
  typealias Passage<Message> = VirtualCall.Passage<Message>

  struct SealedInTransit {
    let from: MemberID
    /// Nil: to all others.
    let to: MemberID?
    let body: Blob
    let at: MonotonicInstant
  }

  let call: VirtualCall
  /// The room as each member is shown it. A view follows from what the member was told when it joined.
  var views: [MemberID: RoomView] = [:]
  /// What becomes of the relay's message to a member, as its view has it.
  var toMember: ((MemberID, RelayMessage) -> Passage<RelayMessage>)?
  /// What becomes of a member's message before the relay sees it.
  var toRelay: ((MemberID, ClientMessage) -> Passage<ClientMessage>)?
  /// Another frame in place of one on its way to a member; nil to leave it.
  var replace: ((SniffedFrame) -> [UInt8]?)?
  /// Every sealed message that members sent, and every frame that went to the relay.
  private(set) var sealed: [SealedInTransit] = []
  private(set) var frames: [SniffedFrame] = []
  /// Each member's key bundle, as it came by.
  private(set) var bundles: [MemberID: Blob] = [:]
  /// A former member whose messages the operator carries, both ways.
  private var accomplice: Puppet?

  init(_ call: VirtualCall) {
    self.call = call
    call.onRelaySends = { [unowned self] in relaySends($1, to: $0) }
    call.onMemberSends = { [unowned self] in memberSends($1, from: $0) }
    call.onHopPacket = { [unowned self] in pass($0) }
  }

  convenience init(seed: UInt64) throws { self.init(try VirtualCall(seed: seed)) }

  /// A member whose frames fit into one packet each, not connected yet. It is shown the real room until a test changes
  /// its view.
  func addMember(
    identity: MemberIdentity? = nil, policy: KeyPolicy = KeyPolicy(), sendsVideo: Bool = false,
    _ adjust: (inout ParticipantConfiguration) -> Void = { _ in }
  ) throws -> VirtualMember {
    let member = try call.addMember(identity: identity) {
      $0.policy = policy
      $0.publishVideo = sendsVideo
      adjust(&$0)
    }
    (member.media.keySize, member.media.deltaSize) = (900, 400)
    views[member.id] = RoomView()
    return member
  }

  /// Such members in a call that runs, each sending.
  func join(_ count: Int, policy: KeyPolicy = KeyPolicy(), sendsVideo: Bool = false) throws -> [VirtualMember] {
    let members = try (0..<count).map { _ in try addMember(policy: policy, sendsVideo: sendsVideo) }
    for member in members { try call.connect(member) }
    try call.run(until: { members.allSatisfy { $0.participant.isMediaReady } }, within: .seconds(10))
    call.startMedia(members)
    return members
  }

  /// A member in the operator's hands, or anybody's: keys alone. It is in the epoch when this returns.
  func plant(_ keys: CallKeys) throws -> Puppet {
    if views[keys.member] == nil { views[keys.member] = RoomView() }
    let puppet = try call.join(keys)
    try call.run(until: { puppet.keys.sendingEpoch != nil }, within: .seconds(5))
    return puppet
  }

  func makeKeys(
    _ invite: InviteSecret? = nil, identity: MemberIdentity? = nil, policy: KeyPolicy = KeyPolicy(), seed: UInt64 = 666
  ) throws -> CallKeys {
    let identity = try identity ?? MemberIdentity()
    return try CallKeys(
      invite: invite ?? call.invite, identity: identity, policy: policy, random: SeededRandom(seed: seed).source,
      at: call.now)
  }

  /// The same view for several members.
  func show(_ members: [MemberID], _ change: (inout RoomView) -> Void) {
    for member in members { change(&views[member, default: RoomView()]) }
  }

  /// Whether members' frames from now on can be opened by `puppet`, for an interval: how many did, of how many.
  func eavesdrop(_ puppet: Puppet, for interval: TimeInterval) throws -> (opened: Int, of: Int) {
    try eavesdrop(for: interval) { puppet.opens($0, at: self.call.now) }
  }

  func eavesdrop(for interval: TimeInterval, opens: ([UInt8]) -> Bool) throws -> (opened: Int, of: Int) {
    let start = frames.count
    try call.run(for: interval)
    return (frames[start...].count { opens($0.bytes) }, frames.count - start)
  }

  /// From now on carries sealed messages from and to a puppet that the real relay no longer knows.
  func redirect(to puppet: Puppet) { accomplice = puppet }

  private func carry(_ sealed: SealedToMember, from member: MemberID) -> Passage<ClientMessage>? {
    guard let accomplice else { return nil }
    if member == accomplice.id {
      for other in call.members where sealed.to == nil || sealed.to == other.id {
        call.tell(other.id, .sealed(SealedFromMember(from: member, body: sealed.body)))
      }
      return []
    }
    guard sealed.to == nil || sealed.to == accomplice.id else { return nil }
    call.tell(accomplice.id, .sealed(SealedFromMember(from: member, body: sealed.body)))
    return sealed.to == nil ? nil : []
  }

  // The hooks

  private func relaySends(_ message: RelayMessage, to member: MemberID) -> Passage<RelayMessage> {
    guard let message = views[member] == nil ? message : views[member]?.rewrite(message) else { return [] }
    return toMember?(member, message) ?? [(message, .zero)]
  }

  private func memberSends(_ message: ClientMessage, from member: MemberID) -> Passage<ClientMessage> {
    var message = message
    switch message {
    case .sealed(let sealed):
      self.sealed.append(SealedInTransit(from: member, to: sealed.to, body: sealed.body, at: call.now))
      if let to = sealed.to, let view = views[member] {
        message = .sealed(SealedToMember(to: view.real(to), body: sealed.body))
      }
      if let passage = carry(sealed, from: member) { return passage }
    case .join(let join): bundles[member] = join.bundle
    default: break
    }
    return toRelay?(member, message) ?? [(message, .zero)]
  }

  private func pass(_ packet: HopPacket) -> [UInt8]? {
    guard let frame = SniffedFrame(packet) else { return nil }
    switch packet.direction {
    case .toRelay:
      frames.append(frame)
      return nil
    case .toMember: return replace?(frame).map { frame.front + $0 }
    }
  }
}

extension VirtualMember {
  func told(_ event: KeyEvent) -> Bool { keyEvents.contains(event) }
  /// What the application was told of keys.
  var told: [KeyEvent] { keyEvents }
  var isHolding: Set<MemberID> { Set(participant.keyHolders) }
  func heardCount(of sender: VirtualMember, _ stream: MediaStream = .microphone) -> Int {
    arrivals(from: sender, stream).count
  }
}

extension TimeInterval {
  /// A timer that does not run out in any test: the defence that it drives is off.
  static let practicallyNever = TimeInterval.seconds(86_400)
}
