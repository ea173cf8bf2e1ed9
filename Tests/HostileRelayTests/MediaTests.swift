import CallKit
import ClientEngine
import Crypto
@testable import E2EKeys
import SFrame
import Signaling
import TestKit
import Testing
import WireBytes

/// Media that the operator plays again, elsewhere, or makes itself.
@Suite struct MediaTests {
  /// Frames of `sender` that are on their way to `receiver`, unless they are repairs or parts.
  private func isOnWay(_ frame: SniffedFrame, to receiver: VirtualMember, from sender: VirtualMember) -> Bool {
    frame.member == receiver.number && sender.sent[frame.stream]?.contains { $0.sealed.bytes == frame.bytes } == true
  }

  @Test func `media that is played again is dropped and counted`() throws {
    let adversary = try Adversary(seed: 400)
    let call = adversary.call
    let members = try adversary.join(3)
    let (alice, victim, other) = (members[0], members[1], members[2])
    try call.run(for: .seconds(1))
    var seen: [[UInt8]] = []
    var played: [[UInt8]] = []
    adversary.replace = { [self] frame in
      guard isOnWay(frame, to: victim, from: alice) else {
        // The third never gets what is played again to the second.
        return isOnWay(frame, to: other, from: alice) && frame.stream == .microphone && seen.contains(frame.bytes)
          ? [UInt8](repeating: 0, count: 20) : nil
      }
      seen.append(frame.bytes)
      guard seen.count > 10, seen.count % 5 == 0 else { return nil }
      let old = seen[seen.count - 4]
      played.append(old)
      return old
    }
    let before = victim.heardCount(of: alice)
    try call.run(for: .seconds(2))
    #expect(played.count > 10)
    #expect(victim.participant.statistics.framesReplayed == UInt64(played.count))
    let ordinals = victim.arrivals(from: alice, .microphone).dropFirst(before).map(\.ordinal)
    #expect(Set(ordinals).count == ordinals.count, "nothing is heard twice")
    #expect(victim.mismatches == 0)
    // The frames themselves are good: with a fresh replay window they open, once.
    let fresh = played.filter { other.participant.canOpen($0, at: call.now) }
    #expect(!fresh.isEmpty)
    #expect(!fresh.contains { other.participant.canOpen($0, at: call.now) })
  }

  /// Keeps one second of a member's voice from another, and plays it to it long after the keys have changed: how many
  /// of those frames were heard.
  private func playOldEpoch(_ policy: KeyPolicy) throws -> (heard: Int, played: Int, victim: VirtualMember) {
    let adversary = try Adversary(seed: 401)
    let call = adversary.call
    let members = try adversary.join(2, policy: policy)
    let (alice, victim) = (members[0], members[1])
    let epoch = try #require(alice.participant.sendingEpoch)
    var kept: [[UInt8]] = []
    adversary.replace = { [self] frame in
      guard isOnWay(frame, to: victim, from: alice) else { return nil }
      kept.append(frame.bytes)
      return [UInt8](repeating: 0, count: 20)
    }
    try call.run(for: .seconds(1))
    adversary.replace = nil
    _ = try adversary.join(1, policy: policy)
    try call.run(for: .seconds(8))
    #expect(try #require(alice.participant.sendingEpoch) > epoch)
    var played = 0
    adversary.replace = { [self] frame in
      guard isOnWay(frame, to: victim, from: alice), played < kept.count else { return nil }
      played += 1
      return kept[played - 1]
    }
    try call.run(for: .seconds(2))
    let heard = victim.arrivals(from: alice, .microphone).count { $0.epoch == epoch && $0.at > call.now - .seconds(2) }
    return (heard, played, victim)
  }

  @Test func `media of an epoch that is over is refused`() throws {
    let old = try playOldEpoch(KeyPolicy())
    #expect(old.played > 40)
    #expect(old.heard == 0)
    let failures = old.victim.participant.keyMetrics.openFailures
    let refused = [EpochAge.previous, .older].map { failures[OpenFailure(cause: .unknownKey, age: $0), default: 0] }
    #expect(refused.reduce(0, +) >= UInt64(old.played - 1))
    // With keys that are kept, ten seconds of the past would be heard as the present.
    let control = try playOldEpoch(KeyPolicy(overlap: .practicallyNever))
    #expect(control.heard == control.played)
  }

  @Test func `media of another sender, in whatever slot, is heard as its sender's`() throws {
    let adversary = try Adversary(seed: 402)
    let call = adversary.call
    let members = try adversary.join(3)
    let (alice, bob, victim) = (members[0], members[1], members[2])
    try call.run(for: .seconds(1))
    // What Alice says goes to Carol in Bob's slot, and the other way round.
    var latest: [Int: [UInt8]] = [:]
    var swapped = 0
    adversary.replace = { [self] frame in
      for (index, sender) in [alice, bob].enumerated() where isOnWay(frame, to: victim, from: sender) {
        defer { latest[index] = frame.bytes }
        guard let other = latest.removeValue(forKey: 1 - index) else { return [UInt8](repeating: 0, count: 20) }
        swapped += 1
        return other
      }
      return nil
    }
    let before = [alice, bob].map { victim.heardCount(of: $0) }
    let start = call.now
    try call.run(for: .seconds(1))
    #expect(swapped > 40)
    for (sender, count) in zip([alice, bob], before) {
      let arrivals = victim.arrivals(from: sender, .microphone).dropFirst(count).filter { $0.at > start }
      #expect(arrivals.count > 15)
      // By what the relay says of the slot it would have been the other's.
      let elsewhere = arrivals.filter { arrival in
        victim.slots[arrival.mid]?.member.map { $0 != sender.id } ?? false
      }
      #expect(elsewhere.count > 15)
    }
    #expect(victim.mismatches == 0, "what was heard is what its sender said")
  }

  @Test func `media of another track or layer is taken for what it was sealed as`() throws {
    let adversary = try Adversary(seed: 403)
    let call = adversary.call
    let victim = try adversary.join(1)[0]
    let alice = try adversary.join(1, sendsVideo: true)[0]
    let insider = try adversary.plant(try adversary.makeKeys())
    try call.run(for: .seconds(2))
    // The camera in the microphone's slot, and frames of one simulcast layer in the slot of another.
    var cameraFrames: [[UInt8]] = []
    var asVoice = 0
    var layers = 0
    adversary.replace = { [self] frame in
      guard isOnWay(frame, to: victim, from: alice) else { return nil }
      if frame.stream == .camera0 {
        cameraFrames.append(frame.bytes)
        layers += 1
        return (try? insider.keys.seal([7, UInt8(truncatingIfNeeded: layers)], stream: .camera2)) ?? nil
      }
      guard !cameraFrames.isEmpty else { return nil }
      asVoice += 1
      return cameraFrames.removeFirst()
    }
    let voices = victim.heardCount(of: alice)
    let pictures = victim.heardCount(of: alice, .camera0)
    try call.run(for: .seconds(1))
    #expect(asVoice > 15)
    #expect(layers > 15)
    // Nothing of it was heard as a voice; the pictures came as pictures, the other layer as the other layer.
    #expect(victim.heardCount(of: alice) + asVoice <= voices + 60)
    let delivered = victim.strangeFrames.filter { $0.stream == .camera0 && $0.member == alice.id }
    #expect(victim.heardCount(of: alice, .camera0) - pictures + delivered.count >= asVoice - 3)
    let others = victim.strangeFrames.filter { $0.member == insider.id }
    #expect(others.count > 15)
    #expect(others.allSatisfy { $0.stream == .camera2 })
  }

  @Test func `the relay's own media under a guessed key identifier is never heard`() throws {
    let adversary = try Adversary(seed: 404)
    let call = adversary.call
    let members = try adversary.join(2)
    let (alice, victim) = (members[0], members[1])
    let insider = try adversary.plant(try adversary.makeKeys())
    try call.run(for: .seconds(1))
    let epoch = try #require(alice.participant.sendingEpoch)
    var random = SeededRandom(seed: 6)
    var made = 0
    func forged(_ kid: UInt64) -> [UInt8]? {
      let key = SFrameKey(suite: .aes256GCMSHA512_128, kid: kid, baseKey: SymmetricKey(data: random.bytes(32)))
      return try? key.seal(plaintext: [UInt8](repeating: 9, count: 80), ctr: UInt64(1_000_000 + made))
    }
    let guesses = [
      KeyIdentifier(epoch: epoch, joinIndex: 1, stream: MediaStream.microphone.rawValue),
      KeyIdentifier(epoch: epoch, joinIndex: 1, stream: MediaStream.camera0.rawValue),
      KeyIdentifier(epoch: epoch, joinIndex: 2, stream: 0), KeyIdentifier(epoch: epoch, joinIndex: 77, stream: 0),
      KeyIdentifier(epoch: epoch, joinIndex: 1, stream: 0xFF), KeyIdentifier(epoch: epoch - 1, joinIndex: 1, stream: 0),
      KeyIdentifier(epoch: 0, joinIndex: 0, stream: 0),
    ]
    adversary.replace = { [self] frame in
      guard isOnWay(frame, to: victim, from: alice) else { return nil }
      made += 1
      guard made % 2 == 0 else { return nil }
      return forged(guesses[made / 2 % guesses.count].kid)
    }
    let counted = victim.participant.statistics
    let heard = victim.heardCount(of: alice)
    try call.run(for: .seconds(3))
    #expect(made > 100)
    #expect(victim.strangeFrames.isEmpty)
    #expect(victim.heardCount(of: alice) > heard + 60, "the frames between the forgeries are still heard")
    let failures = victim.participant.statistics.decryptFailuresByCause
    #expect(failures[.authenticationFailed, default: 0] > 15)
    #expect(failures[.unknownKey, default: 0] > 15)
    #expect(victim.participant.statistics.framesReplayed == counted.framesReplayed, "a forgery uses up no counter")
    // With the key it is heard: whoever has it is in everybody's roster.
    adversary.replace = { [self] frame in
      guard isOnWay(frame, to: victim, from: alice) else { return nil }
      return (try? insider.keys.seal([1, 2, 3], stream: .microphone)) ?? nil
    }
    try call.run(for: .seconds(1))
    #expect(victim.strangeFrames.count > 40)
    #expect(victim.strangeFrames.allSatisfy { $0.member == insider.id })
    #expect(victim.isHolding.contains(insider.id))
  }

  @Test func `frames that name an epoch to come hold up a slot for a second at most`() throws {
    let adversary = try Adversary(seed: 405)
    let call = adversary.call
    let members = try adversary.join(2)
    let (alice, victim) = (members[0], members[1])
    try call.run(for: .seconds(1))
    var random = SeededRandom(seed: 7)
    let kid = KeyIdentifier(epoch: 0x7000_0000, joinIndex: 1, stream: 0).kid
    let key = SFrameKey(suite: .aes256GCMSHA512_128, kid: kid, baseKey: SymmetricKey(data: random.bytes(32)))
    let forgery = try key.seal(plaintext: [1, 2, 3], ctr: 1)
    var isSent = false
    adversary.replace = { [self] frame in
      guard !isSent, isOnWay(frame, to: victim, from: alice) else { return nil }
      isSent = true
      return forgery
    }
    let before = victim.heardCount(of: alice)
    try call.run(for: .milliseconds(900))
    #expect(victim.heardCount(of: alice) - before < 5)
    try call.run(for: .milliseconds(1_100))
    #expect(victim.heardCount(of: alice) - before > 90, "those behind it were kept")
    #expect(victim.strangeFrames.isEmpty)
    #expect(victim.participant.statistics.decryptFailuresByCause[.unknownKey] == 1)
  }
}
