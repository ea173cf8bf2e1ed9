import Crypto
import E2EKeys
import Signaling
import Synchronization
import TestKit
import Testing
import WireBytes

/// Remembers, masked, every secret-sized output of a generator.
private final class Recorder: Sendable {
  let outputs = Mutex<[[UInt8]]>([])

  func source(seed: UInt64) -> RandomSource {
    let random = SeededRandom(seed: seed).source
    return RandomSource { [self] count in
      let bytes = random.bytes(count)
      if count == 32 {
        let masked = bytes.map { $0 ^ MemoryScan.mask }
        outputs.withLock { $0.append(masked) }
      }
      return bytes
    }
  }
}

@Suite struct SecretsTests {
  @Test func `after the call no copy of an epoch's key is left in memory`() throws {
    let recorder = Recorder()
    let key = try runCall(recorder)
    #expect(MemoryScan.addresses(ofMasked: key).isEmpty)
  }

  /// Returns the masked key of the call's last epoch, after the call.
  private func runCall(_ recorder: Recorder) throws -> [UInt8] {
    let call = Call(random: recorder.source(seed: 0xDEAD_BEEF_0BAD))
    for _ in 0..<3 { try call.join() }
    call.run(for: .milliseconds(300))
    expectAllHearEachOther(call.clients, call)
    call.leave(call.clients[2])
    call.run(for: .milliseconds(300))
    expectAllHearEachOther(Array(call.clients[..<2]), call)
    let key = try #require(recorder.outputs.withLock { $0.last })
    #expect(!MemoryScan.addresses(ofMasked: key).isEmpty, "the search finds a key that is in use")
    for client in call.clients { client.keys.close() }
    return key
  }

  @Test func `a past epoch's key is erased while the call goes on`() throws {
    let recorder = Recorder()
    let call = Call(random: recorder.source(seed: 0xFEED_FACE_0BAD))
    for _ in 0..<3 { try call.join() }
    call.run(for: .milliseconds(300))
    let key = try #require(recorder.outputs.withLock { $0.last })
    call.leave(call.clients[2])
    call.clients[2].keys.close()
    call.run(for: .milliseconds(300))
    #expect(!MemoryScan.addresses(ofMasked: key).isEmpty)
    call.run(for: .seconds(6))
    #expect(MemoryScan.addresses(ofMasked: key).isEmpty)
    expectAllHearEachOther(Array(call.clients[..<2]), call)
  }

  @Test func `a closed call does nothing`() throws {
    let call = Call(seed: 300)
    let (a, b) = (try call.join(), try call.join())
    call.run(for: .milliseconds(200))
    let said = try a.keys.seal([1], stream: .microphone)
    b.keys.close()
    #expect(b.keys.isClosed)
    #expect(throws: E2EError.closed) { try b.keys.seal([1], stream: .microphone) }
    #expect(throws: E2EError.closed) { try b.keys.open(said, at: call.now) }
    #expect(b.keys.sendingEpoch == nil)
    #expect(b.keys.nextDeadline == .never)
    b.keys.rekey(call.advice(epoch: 2, phase: .prepare, cause: .periodic), at: call.now)
    b.keys.expire(at: call.now + .seconds(60))
    #expect(b.keys.takeActions().isEmpty)
  }

  @Test func `secret bytes take the array over`() {
    var bytes: [UInt8] = [1, 2, 3, 4]
    let secret = SecretBytes(taking: &bytes)
    #expect(bytes == [0, 0, 0, 0])
    #expect(secret.revealed() == [1, 2, 3, 4])
    #expect(secret.count == 4)
  }

  @Test func `an invite's text makes the same room`() throws {
    let invite = InviteSecret(random: SeededRandom(seed: 1).source)
    let again = try #require(InviteSecret(text: invite.text))
    #expect(again.room == invite.room)
    #expect(again.text == invite.text)
    #expect(InviteSecret(random: SeededRandom(seed: 2).source).room != invite.room)
    #expect(InviteSecret(text: "short") == nil)
    #expect(InviteSecret(text: invite.text + "A") == nil)
  }
}
