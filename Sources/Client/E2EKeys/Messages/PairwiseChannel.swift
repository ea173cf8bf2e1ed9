import Crypto
import FoundationEssentials
import SFrame
import WireBytes

/// The authenticated channel between two members, under which every sealed message travels.
///
/// ```
/// version (1) = 1 | sequence number (8) | AES-256-GCM of (type (1) | body) (n + 16)
/// ```
/// One key per direction: HKDF-SHA512 over the X25519 result of the two bundles' channel keys, salted by the invite's
/// pairwise secret, with both bundle hashes as context. So it needs no handshake, and neither the relay nor another
/// member can forge or read. What is secret for long, an epoch's key, is wrapped by ML-KEM inside. Names and texts rest on
/// the invite's secret, which no outsider has, and on X25519 against those who have it: a former member who recorded them
/// could read them with a quantum computer.
/// The nonce is four zero bytes and the sequence number; replays fall out of a window of 1024.
struct PairwiseChannel {
  static let version: UInt8 = 1
  static let headerLength = 9

  private let sendKey: SymmetricKey
  private let receiveKey: SymmetricKey
  private var nextSequence: UInt64 = 0
  private var received = ReplayWindow()

  /// Nil for a peer key of low order.
  init?(
    own: Curve25519.KeyAgreement.PrivateKey, ownBundleHash: [UInt8], peerKey: [UInt8], peerBundleHash: [UInt8],
    salt: SymmetricKey
  ) {
    guard let shared = try? x25519(own, with: peerKey) else { return nil }
    let label = Array("SEALEDSFU-PAIR-V1".utf8)
    sendKey = salt.extractAndExpand(shared, info: label + ownBundleHash + peerBundleHash)
    receiveKey = salt.extractAndExpand(shared, info: label + peerBundleHash + ownBundleHash)
  }

  mutating func seal(_ message: [UInt8]) throws(E2EError) -> [UInt8] {
    let sequence = nextSequence
    nextSequence += 1
    var output = [Self.version]
    output.reserveCapacity(Self.headerLength + message.count + 16)
    output.append(u64: sequence)
    do {
      let box = try AES.GCM.seal(
        message, using: sendKey, nonce: AES.GCM.Nonce(data: Self.nonce(sequence)), authenticating: Array(output))
      output.append(contentsOf: box.ciphertext)
      output.append(contentsOf: box.tag)
    } catch {
      throw .internalFailure
    }
    return output
  }

  /// Throws `malformed`, `replayed` or `authenticationFailed`.
  mutating func open(_ sealed: [UInt8]) throws(E2EError) -> [UInt8] {
    guard sealed.count > Self.headerLength + 16, sealed[0] == Self.version else { throw .malformed }
    let sequence = sealed.span.u64(at: 1)
    guard received.isFresh(sequence) else { throw .replayed }
    let plaintext: [UInt8]
    do {
      let box = try AES.GCM.SealedBox(
        nonce: AES.GCM.Nonce(data: Self.nonce(sequence)), ciphertext: sealed[Self.headerLength..<(sealed.count - 16)],
        tag: sealed.suffix(16))
      plaintext = [UInt8](try AES.GCM.open(box, using: receiveKey, authenticating: sealed[..<Self.headerLength]))
    } catch {
      throw .authenticationFailed
    }
    received.record(sequence)
    return plaintext
  }

  private static func nonce(_ sequence: UInt64) -> [UInt8] {
    var nonce: [UInt8] = [0, 0, 0, 0]
    nonce.append(u64: sequence)
    return nonce
  }
}
