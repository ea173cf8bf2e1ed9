import CHardening
import Crypto
@testable import E2EKeys
import Foundation
import Signaling
import TestKit
import Testing
import WireBytes

/// Every kind of secret that a member holds is in this process's memory during the call and not after it.
@Suite(.serialized) struct WipingTests {
  /// Secrets by what they are, each masked so that the search does not find this list.
  private typealias Known = [(name: String, masked: [UInt8])]

  private func masked(_ bytes: consuming [UInt8]) -> [UInt8] {
    let masked = bytes.map { $0 ^ MemoryScan.mask }
    unsafe bytes.withUnsafeMutableBytes { unsafe overwrite($0) }
    return masked
  }

  private func masked(_ key: SymmetricKey) -> [UInt8] {
    unsafe key.withUnsafeBytes { bytes in unsafe bytes.map { $0 ^ MemoryScan.mask } }
  }

  private func secrets(of client: Client) throws -> Known {
    let keys = client.keys
    var known: Known = []
    for epoch in keys.epochs { known.append(("epoch \(epoch.epoch)'s key", masked(epoch.key))) }
    known.append(("admission key", masked(try #require(keys.admissionKey))))
    known.append(("pairwise secret", masked(try #require(keys.pairwiseSecret))))
    // The library hands out the key's own memory here, not a copy.
    let x25519 = try #require(keys.agreement).x25519.rawRepresentation
    known.append(("X25519 key", x25519.map { $0 ^ MemoryScan.mask }))
    for (kem, key) in try #require(keys.agreement).kems {
      // The second half of a seed is kept in the expanded key as well.
      known.append(("\(kem)'s seed", Array(masked(key.seed).suffix(32))))
    }
    return known
  }

  private func expectFound(_ known: Known, _ expected: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    for (name, masked) in known {
      let count = MemoryScan.addresses(ofMasked: masked).count
      #expect((count > 0) == expected, "\(name): found \(count) times", sourceLocation: sourceLocation)
    }
  }

  @Test func `a call's end wipes the keys of epochs, the agreement keys and the invite's keys`() throws {
    let known = try runCall { call in
      for client in call.clients { client.keys.close() }
    }
    #expect(known.count >= 6)
    expectFound(known, false)
  }

  @Test func `a member that lets go of the call without closing it leaves no epoch key behind`() throws {
    // As an application that crashed out of its call object would.
    let known = try runCall { _ in }
    expectFound(known.filter { $0.name.hasPrefix("epoch") || $0.name == "X25519 key" }, false)
  }

  /// A call with a leave and a renewal of keys; returns what its members knew, after they let go of it.
  private func runCall(end: (Call) -> Void) throws -> Known {
    // As `sfu-loadgen` does first of all. `close` reaches what is small, this what is large.
    #expect(chardening_overwrite_freed_memory())
    let call = Call(random: .system)
    for _ in 0..<3 { try call.join(policy: KeyPolicy(minimumSuite: .mlkem768)) }
    call.run(for: .milliseconds(300))
    var known = try secrets(of: call.clients[1])
    call.leave(call.clients[2])
    call.prepare(.periodic)
    call.run(for: .seconds(4))
    expectAllHearEachOther(Array(call.clients[..<2]), call)
    known = try secrets(of: call.clients[0]) + known.filter { $0.name.hasPrefix("epoch") }
    expectFound(try secrets(of: call.clients[0]), true)
    end(call)
    return known
  }
}
