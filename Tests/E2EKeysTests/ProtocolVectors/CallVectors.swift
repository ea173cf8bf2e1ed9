import Crypto
@testable import E2EKeys
import Signaling
import TestKit
import Testing
import WireBytes

/// A call as one member lived through it: its secrets, and everything that the relay told it. Whoever feeds the same to
/// another client must come to the same keys.
///
/// The member makes no key that others use, so nothing depends on what it answers. Times are milliseconds.
struct CallVectors: VectorFile {
  static let name = "call"

  struct Step: Codable {
    let at: UInt64
    var message: RelayMessage?
    var expected: Expectation?
  }

  /// What holds at a moment.
  struct Expectation: Codable {
    let what: String
    let epoch: UInt32
    let weakest: String
    let holders: [MemberID]
    /// Frames that others sealed just then, and what is in all of them.
    let frames: [Blob]
    let plaintext: Blob
    /// The same, sealed by this member as its first frame of `ownStream` in the epoch.
    let ownStream: UInt8
    let ownFrame: Blob
  }

  struct Credential: Codable {
    let from: MemberID
    let purpose: String
    let wrapped: Blob
    let credential: Blob
    let at: UInt64
  }

  let invite: String
  let identitySeed: Blob
  let channelPrivateKey: Blob
  let agreement: AgreementSeeds
  let bundle: Blob
  let start: UInt64
  let steps: [Step]
  /// Names, texts and leaves that are told, in order: `profile NAME`, `chat TEXT`, `left MEMBER`, `rejected REASON`.
  let told: [String]
  let credential: Credential
  let safetyNumbers: [String: String]

  static func make() throws -> Self {
    let recorder = try CallRecorder()
    let (steps, credential) = try recorder.run()
    let subject = recorder.subject
    return Self(
      invite: recorder.inviteText, identitySeed: Blob(subject.identity.rawRepresentation),
      channelPrivateKey: recorder.channelKey, agreement: recorder.agreement, bundle: subject.bundle,
      start: recorder.start, steps: steps, told: recorder.told, credential: credential,
      safetyNumbers: recorder.safetyNumbers)
  }

  /// Other code than that which recorded it replays it; here its parts are held against each other.
  func check() throws {
    let secret = try inviteSecret(invite)
    let own = try KeyBundle(verifying: bundle.bytes, room: secret.room, admissionKey: secret.admissionKey)
    let keys = try agreement.keys()
    #expect(own.agreement == keys.publicKeys)
    let identity = try MemberIdentity(rawRepresentation: identitySeed.bytes)
    #expect(own.identity == identity.publicKey)
    let member = MemberID(bundleHash: sha3(bundle.bytes))
    var bundles: [MemberID: KeyBundle] = [:]
    for step in steps {
      switch step.message {
      case .joined(let joined):
        #expect(joined.member == member && joined.room == secret.room)
        for item in joined.roster {
          bundles[item.member] = try? KeyBundle(
            verifying: item.bundle.bytes, room: secret.room, admissionKey: secret.admissionKey)
        }
      case .membership(let change):
        guard let bytes = change.bundle?.bytes else { continue }
        bundles[change.entry.member] = try? KeyBundle(
          verifying: bytes, room: secret.room, admissionKey: secret.admissionKey)
      default: continue
      }
    }
    for (text, digits) in safetyNumbers {
      let other = try #require(MemberID(text: text).flatMap { bundles[$0] })
      #expect(SafetyNumber.text(identity.publicKey, other.identity, room: secret.room) == digits)
    }
    let from = try #require(bundles[credential.from])
    let opened = try WrappedCredential.unwrap(
      credential.wrapped.bytes, with: keys, minimumSuite: .x25519MLKEM1024,
      offers: (sender: from.offeredBytes, recipient: own.offeredBytes),
      binding: WrappedCredential.Binding(
        room: secret.room, sender: sha3(try #require(bundleBytes(of: credential.from))), recipient: sha3(bundle.bytes),
        purpose: credential.purpose))
    #expect(opened == credential.credential.bytes)
    #expect(steps.filter { $0.expected != nil }.count >= 5)
  }

  private func bundleBytes(of member: MemberID) -> [UInt8]? {
    for case .joined(let joined)? in steps.map(\.message) {
      if let item = joined.roster.first(where: { $0.member == member }) { return item.bundle.bytes }
    }
    return nil
  }
}

/// Runs a small call over a relay that loses nothing, unless told to, and records what one member is told.
final class CallRecorder {
  private let call = Call(seed: 41)
  private(set) var steps: [CallVectors.Step] = []
  private(set) var told: [String] = []
  private(set) var safetyNumbers: [String: String] = [:]
  let inviteText: String
  let subject: CallKeys
  let channelKey: Blob
  let agreement: AgreementSeeds
  let start: UInt64
  private let client: Client
  private var losesCommits = false

  init() throws {
    inviteText = call.invite.text
    try Self.join(call, "Ada", seed: 43)
    call.run(for: .milliseconds(200))
    subject = try CallKeys(
      invite: call.invite, identity: MemberIdentity(), policy: KeyPolicy(), displayName: "Grace",
      random: SeededRandom(seed: 42).source, at: call.now)
    client = Client(name: 1, keys: subject)
    channelKey = Blob([UInt8](try #require(subject.channelKey).rawRepresentation))
    agreement = AgreementSeeds(try #require(subject.agreement))
    start = call.now.nanoseconds(since: MonotonicInstant(nanoseconds: 0)) / 1_000_000
  }

  private static func join(_ call: Call, _ name: String, seed: UInt64) throws {
    let keys = try CallKeys(
      invite: call.invite, identity: MemberIdentity(), policy: KeyPolicy(), displayName: name,
      random: SeededRandom(seed: seed).source, at: call.now)
    call.enter(Client(name: call.clients.count, keys: keys))
  }

  private var now: UInt64 { call.now.nanoseconds(since: MonotonicInstant(nanoseconds: 0)) / 1_000_000 }

  func run() throws -> ([CallVectors.Step], CallVectors.Credential) {
    call.onArrival = { [self] to, message in
      guard to === client else { return true }
      if losesCommits, case .sealed = message { return false }
      steps.append(CallVectors.Step(at: now, message: message))
      return true
    }
    call.enter(client)
    try settle("after its own join", .milliseconds(300))
    try Self.join(call, "Jürgen 🌍", seed: 44)
    try settle("after a later join, by a ratchet", .milliseconds(300))
    let ada = call.clients[0]
    try ada.keys.say("hello\nall", at: call.now)
    call.drain(ada)
    let wrapped = try ada.keys.wrap(Array("user:password".utf8), for: client.member, purpose: "turn")
    call.leave(call.clients[2])
    try settle("after a leave, by a fresh key", .milliseconds(300))
    let credential = CallVectors.Credential(
      from: ada.member, purpose: "turn", wrapped: Blob(wrapped), credential: Blob(Array("user:password".utf8)), at: now)
    call.enter(try call.makeClient(invite: InviteSecret(random: SeededRandom(seed: 7).source)))
    try settle("after a stranger was let in by the relay", .milliseconds(2_400))
    try call.join()
    call.leave(call.clients[3])
    try settle("after a join and a leave at once", .milliseconds(300))
    losesCommits = true
    call.leave(call.clients[4])
    call.run(for: .milliseconds(300))
    losesCommits = false
    try settle("after a commit that was lost", .seconds(8))
    safetyNumbers[ada.member.text] = subject.safetyNumber(with: ada.member)
    told = client.events.compactMap { event in
      switch event {
      case .profile(_, let name): "profile \(name)"
      case .chat(_, let text): "chat \(text)"
      case .memberLeft(let member): "left \(member.text)"
      case .memberRejected(_, let reason): "rejected \(reason.label)"
      default: nil
      }
    }
    return (steps, credential)
  }

  private func settle(_ what: String, _ interval: TimeInterval) throws {
    call.run(for: interval)
    let plaintext = Array(what.utf8)
    let holders = subject.keyHolders
    let others = call.clients.filter { $0 !== client && holders.contains($0.member) && $0.isConnected }
    let frames = try others.map { Blob(try $0.keys.seal(plaintext, stream: .camera1)) }
    #expect(others.allSatisfy { $0.keys.sendingEpoch == subject.sendingEpoch })
    #expect(!frames.isEmpty)
    let own = try subject.seal(plaintext, stream: .screen1)
    for frame in frames { #expect(client.opens(frame.bytes, at: call.now)) }
    steps.append(
      CallVectors.Step(
        at: now,
        expected: CallVectors.Expectation(
          what: what, epoch: try #require(subject.sendingEpoch), weakest: try #require(subject.weakestSuite).name,
          holders: holders, frames: frames, plaintext: Blob(plaintext), ownStream: MediaStream.screen1.rawValue,
          ownFrame: Blob(own))))
  }
}
