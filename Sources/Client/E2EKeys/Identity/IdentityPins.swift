import FoundationEssentials
import WireBytes

/// The identities that this device has met, by the name that each goes by: whoever comes back under a known name with
/// another key is noticed.
///
/// Persisted by the application as `json`: `{"version": 1, "pins": {"name": "base64url of SHA3-256 of the identity key"}}`.
/// It holds names, so it belongs where the device keeps its keys.
package struct IdentityPins: Sendable, Equatable {
  package enum Verdict: Sendable, Equatable {
    /// Nobody of that name is known; the identity is not pinned yet.
    case firstSeen
    case same
    /// The name is pinned to another identity, whose fingerprint this is.
    case changed(previous: [UInt8])
  }

  /// Names beyond this number, or longer ones, are not read.
  package static let maximumPins = 10_000
  private static let fingerprintLength = 32
  /// Small letters can take more bytes than the capitals of a name.
  private static let maximumName = Profile.maximumName * 3

  /// By the names' skeletons.
  package private(set) var fingerprints: [String: [UInt8]] = [:]

  package init() {}

  /// What makes two names the same for a reader: without characters that nobody sees, runs of spaces and capitals.
  static func skeleton(_ contact: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in contact.unicodeScalars where !scalar.properties.isDefaultIgnorableCodePoint {
      if scalar.properties.isWhitespace {
        if let last = scalars.last, last != " " { scalars.append(" ") }
      } else {
        scalars.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      }
    }
    if scalars.last == " " { scalars.removeLast() }
    return String(scalars)
  }

  /// Compares an identity with the pin of its name. Changes nothing.
  package func check(contact: String, identity: [UInt8]) -> Verdict {
    guard let known = fingerprints[Self.skeleton(contact)] else { return .firstSeen }
    return known == sha3(identity) ? .same : .changed(previous: known)
  }

  /// Pins the name to the identity, in place of any other. False if there is no room left.
  @discardableResult
  package mutating func trust(contact: String, identity: [UInt8]) -> Bool {
    let contact = Self.skeleton(contact)
    guard fingerprints[contact] != nil || fingerprints.count < Self.maximumPins else { return false }
    fingerprints[contact] = sha3(identity)
    return true
  }

  package mutating func forget(contact: String) { fingerprints[Self.skeleton(contact)] = nil }

  private struct File: Codable {
    let version: Int
    let pins: [String: String]
  }

  package var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let file = File(version: 1, pins: fingerprints.mapValues { Base64URL.encode($0) })
    guard let data = try? encoder.encode(file) else { preconditionFailure("a dictionary of texts") }
    return Array(data) + [10]
  }

  /// Throws for anything but what `json` makes.
  package init(json bytes: [UInt8]) throws(IdentityPinsError) {
    guard let file = try? JSONDecoder().decode(File.self, from: Data(bytes)) else { throw .notPins }
    guard file.version == 1 else { throw .unknownVersion(file.version) }
    guard file.pins.count <= Self.maximumPins else { throw .tooMany }
    for (contact, text) in file.pins {
      guard !contact.isEmpty, contact.utf8.count <= Self.maximumName, contact == Self.skeleton(contact) else {
        throw .badName
      }
      guard let fingerprint = Base64URL.decode(text), fingerprint.count == Self.fingerprintLength else {
        throw .badFingerprint
      }
      fingerprints[contact] = fingerprint
    }
  }
}

/// Why a file of pins was refused. Names nobody.
package enum IdentityPinsError: Error, Equatable, Sendable {
  /// Not JSON of this form.
  case notPins
  case unknownVersion(Int)
  case tooMany
  /// A name is empty, longer than a name can be, or not in the form that names are compared in.
  case badName
  /// A fingerprint is not 32 bytes as base64url.
  case badFingerprint
}
