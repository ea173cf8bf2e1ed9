import FoundationEssentials
import HopCrypto
package import WireBytes

/// Join tokens: JWTs (RFC 7519) signed with HS256, in the shape that LiveKit's server SDKs make.
///
/// Header `{"alg":"HS256","kid":KEY}`; claims `iss` (the key id, if there is no `kid`), `nbf`, `exp` and
/// `video: {room, roomJoin, canPublish, canSubscribe, hidden}`, where `room` is the room's pseudonym.
package enum JoinToken {
  /// What its bearer may do in the room.
  package struct Grants: Sendable, Equatable {
    package var canPublish: Bool
    package var canSubscribe: Bool

    package init(canPublish: Bool, canSubscribe: Bool) {
      self.canPublish = canPublish
      self.canSubscribe = canSubscribe
    }
  }

  /// An HMAC key shorter than its hash weakens it (RFC 7518 section 3.2).
  package static let minimumSecretBytes = 32
  /// Clocks of issuer and relay may differ by so much.
  package static let leewaySeconds: Double = 30
  private static let maximumLength = 4096

  /// Checks signature, times and grants. Nothing that the token says is believed before its signature, but the name
  /// of the key to check it with.
  package static func verify(
    _ jwt: String, keys: [String: [UInt8]], room: RoomID, nowUnixSeconds: UInt64
  ) throws(TokenError) -> Grants {
    guard jwt.utf8.count <= maximumLength else { throw .tooLong }
    let parts = jwt.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw .malformed }
    let header = try decode(Header.self, from: parts[0])
    guard header.alg == "HS256" else { throw .wrongAlgorithm }
    // An extension that must be understood is not (RFC 7515 section 4.1.11).
    guard header.crit == nil else { throw .malformed }
    let claims = try decode(Claims.self, from: parts[1])
    guard let keyID = header.kid ?? claims.iss, claims.iss == nil || claims.iss == keyID, let secret = keys[keyID]
    else { throw .unknownKey }
    guard let signature = Base64URL.decode(String(parts[2])) else { throw .malformed }
    let expected = HopHMAC.sha256(key: secret, message: Array("\(parts[0]).\(parts[1])".utf8))
    guard constantTimeEqual(signature, expected) else { throw .badSignature }

    let now = Double(nowUnixSeconds)
    guard let expiry = claims.exp, let video = claims.video else { throw .malformed }
    guard now < expiry + leewaySeconds else { throw .expired }
    if let notBefore = claims.nbf, now + leewaySeconds < notBefore { throw .notYetValid }
    guard video.roomJoin == true else { throw .notGranted }
    guard video.room == room.text else { throw .wrongRoom }
    guard video.hidden != true else { throw .hidden }
    return Grants(canPublish: video.canPublish ?? true, canSubscribe: video.canSubscribe ?? true)
  }

  /// Makes a token that is valid from now on for `lifetimeSeconds`.
  package static func mint(
    room: RoomID, keyID: String, secret: [UInt8],
    grants: Grants = Grants(canPublish: true, canSubscribe: true), nowUnixSeconds: UInt64, lifetimeSeconds: UInt64
  ) -> String {
    let claims = Claims(
      iss: keyID, nbf: Double(nowUnixSeconds), exp: Double(nowUnixSeconds) + Double(lifetimeSeconds),
      video: Video(
        room: room.text, roomJoin: true, canPublish: grants.canPublish, canSubscribe: grants.canSubscribe,
        hidden: false))
    let text = encode(Header(alg: "HS256", kid: keyID, typ: "JWT")) + "." + encode(claims)
    return text + "." + Base64URL.encode(HopHMAC.sha256(key: secret, message: Array(text.utf8)))
  }

  private struct Header: Codable {
    var alg: String
    var kid: String?
    var typ: String?
    var crit: [String]?
  }

  private struct Claims: Codable {
    var iss: String?
    /// NumericDate: seconds, possibly with a fraction (RFC 7519 section 2).
    var nbf: Double?
    var exp: Double?
    var video: Video?
  }

  private struct Video: Codable {
    var room: String?
    var roomJoin: Bool?
    var canPublish: Bool?
    var canSubscribe: Bool?
    var hidden: Bool?
  }

  private static func decode<Part: Decodable>(
    _ type: Part.Type, from text: Substring
  ) throws(TokenError) -> Part {
    guard let bytes = Base64URL.decode(String(text)),
      let part = try? JSONDecoder().decode(type, from: Data(bytes))
    else { throw .malformed }
    return part
  }

  private static func encode(_ part: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings, finite numbers and booleans: JSON can always hold them.
    guard let data = try? encoder.encode(part) else { preconditionFailure("a token part is not JSON") }
    return Base64URL.encode(Array(data))
  }
}
