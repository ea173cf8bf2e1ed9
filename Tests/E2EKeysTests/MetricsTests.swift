@testable import E2EKeys
import Signaling
import Synchronization
import TestKit
import Testing
import WireBytes

@Suite struct MetricsTests {
  @Test func `a histogram's quantiles are near the true ones`() {
    var random = SeededRandom(seed: 70)
    var histogram = DurationHistogram()
    var values: [UInt64] = []
    for _ in 0..<5_000 {
      let value = UInt64.random(in: 1...20, using: &random) * UInt64.random(in: 1_000...1_000_000, using: &random)
      values.append(value)
      histogram.record(nanoseconds: value)
    }
    values.sort()
    #expect(histogram.count == 5_000)
    #expect(histogram.total == values.reduce(0, +))
    #expect(histogram.longest == values.last)
    for quantile in [0.01, 0.5, 0.95, 0.99, 1] {
      let exact = Double(values[max(0, Int((Double(values.count) * quantile).rounded(.up)) - 1)])
      let estimate = Double(histogram.quantile(quantile).nanoseconds)
      #expect(estimate >= exact * 0.99 && estimate <= exact * 1.26, "\(quantile): \(estimate) for \(exact)")
    }
    #expect(histogram.buckets.reduce(0) { $0 + $1.count } == 5_000)
  }

  @Test func `histograms of any value add up`() {
    var histogram = DurationHistogram()
    #expect(histogram.quantile(0.5) == .zero)
    let wild: [UInt64] = [0, 1, 999, 1_000, 1_001, 1 << 40, 1 << 52, .max]
    for value in wild { histogram.record(nanoseconds: value) }
    #expect(histogram.count == UInt64(wild.count))
    #expect(histogram.quantile(1).nanoseconds > 1 << 41)
    var other = DurationHistogram()
    other.record(nanoseconds: 5_000_000)
    other.merge(histogram)
    #expect(other.count == UInt64(wild.count + 1))
    #expect(other.longest == .max)
    #expect(other.quantile(-1).nanoseconds > 0 && other.quantile(7) == other.quantile(1))
  }

  @Test func `operations are counted and timed by the clock that is given`() throws {
    let time = Mutex<UInt64>(0)
    let stopwatch = Stopwatch {
      time.withLock { now in
        now += 1_000_000
        return now
      }
    }
    let call = Call(seed: 71)
    for index in 0..<3 {
      let keys = try CallKeys(
        invite: call.invite, identity: MemberIdentity(), policy: KeyPolicy(), stopwatch: stopwatch,
        random: SeededRandom(seed: 72 + UInt64(index)).source, at: call.now)
      call.enter(Client(name: index, keys: keys))
    }
    call.run(for: .milliseconds(300))
    let metrics = call.clients.map(\.keys.metrics)
    // Each reading is a millisecond after the one before.
    for operation in [KeyOperation.generateKeys, .sign, .verify] {
      let histogram = try #require(metrics[0].durations[operation])
      #expect(histogram.total == histogram.count * 1_000_000)
    }
    #expect(metrics[0].durations[.generateKeys]?.count == 1)
    #expect(metrics[0].durations[.encapsulate]?.count == 2)
    #expect(metrics[0].handshakes[.x25519MLKEM1024]?.made == 2)
    for member in metrics.dropFirst() {
      #expect(member.handshakes[.x25519MLKEM1024] == HandshakeCounts(opened: 1))
      #expect(member.durations[.decapsulate]?.count == 1)
      // Its keys, its bundle's signature, two other bundles and its own, one commit, one key: no less and no more.
      #expect(member.joinCost == .milliseconds(7))
    }
    var all = KeyMetrics()
    for member in metrics { all.merge(member) }
    #expect(all.epochsActivated == 3)
    #expect(all.fallbacks == 0)
    #expect(all.rekeyConvergence.count == 3)
    #expect(all.handshakes[.x25519MLKEM1024] == HandshakeCounts(made: 2, opened: 2))
  }

  @Test func `frames that do not open are counted by cause and age`() throws {
    let call = Call(seed: 73)
    for _ in 0..<3 { try call.join() }
    call.run(for: .milliseconds(300))
    let (a, b, c) = (call.clients[0], call.clients[1], call.clients[2])
    let early = try a.keys.seal([1], stream: .microphone)
    let joiner = try call.join()
    call.run(for: .milliseconds(300))
    func count(_ client: Client, _ cause: E2EError, _ age: EpochAge) -> UInt64 {
      client.keys.metrics.openFailures[OpenFailure(cause: cause, age: age)] ?? 0
    }
    #expect(!joiner.opens(early, at: call.now))
    #expect(count(joiner, .unknownKey, .previous) == 1)
    var changed = try a.keys.seal([1], stream: .microphone)
    changed[changed.count - 1] ^= 1
    #expect(!b.opens(changed, at: call.now))
    #expect(count(b, .authenticationFailed, .current) == 1)
    let last = try c.keys.seal([1], stream: .microphone)
    call.leave(c)
    call.run(for: .milliseconds(300))
    #expect(!b.opens(last, at: call.now))
    #expect(count(b, .departedKey, .previous) == 1)
    #expect(!b.opens([], at: call.now))
    #expect(count(b, .malformed, .none) == 1)
    #expect(b.keys.metrics.openFailures.values.reduce(0, +) == 3)
  }

  @Test func `a commit that policy refuses is counted as a refused handshake`() throws {
    let call = Call(seed: 74)
    try call.join(policy: KeyPolicy(minimumSuite: .mlkem768))
    let strict = try call.join()
    try call.join(policy: KeyPolicy(offered: [.mlkem768], minimumSuite: .mlkem768))
    call.run(for: .milliseconds(2_300))
    #expect((strict.keys.metrics.handshakes[.x25519MLKEM1024]?.refused ?? 0) >= 1)
  }

  @Test func `a roster beyond all measure is not taken in`() throws {
    let call = Call(seed: 75)
    let client = try call.join()
    call.run(for: .milliseconds(100))
    var previous = call.joined(for: client, resumed: false).head.hash
    for n in 2...(RoomLog.maximumMembers + 3) {
      let bundle = Blob([UInt8](repeating: UInt8(truncatingIfNeeded: n), count: 4) + [UInt8(n & 255), UInt8(n >> 8)])
      let entry = MembershipEntry(
        n: UInt32(n), kind: .join, member: MemberID(bundleHash: sha3(bundle.bytes)),
        bundleHash: Blob(sha3(bundle.bytes)), cause: .joined, previous: previous)
      previous = Blob(sha3(entry.hashedBytes(room: call.invite.room)))
      client.keys.membershipChanged(MembershipChange(entry: entry, bundle: bundle), at: call.now)
      call.drain(client)
    }
    #expect(client.keys.log?.members.count == RoomLog.maximumMembers)
    #expect(client.events.contains(.relayInconsistent(.brokenChain)))
  }
}
