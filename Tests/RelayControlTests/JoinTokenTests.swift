import HopCrypto
import RelayControl
import TestKit
import Testing
import WireBytes

@Suite struct JoinTokenTests {
  private let room = RoomID.numbered(0)
  private let keys = [TestServer.keyID: TestServer.secret]

  private func refusal(
    of token: String, room: RoomID? = nil, keys: [String: [UInt8]]? = nil, at now: UInt64 = 1500
  ) -> TokenError? {
    do throws(TokenError) {
      _ = try JoinToken.verify(token, keys: keys ?? self.keys, room: room ?? self.room, nowUnixSeconds: now)
      return nil
    } catch {
      return error
    }
  }

  /// A token with any header and claims, rightly signed.
  private func signed(header: String, claims: String, secret: [UInt8] = TestServer.secret) -> String {
    let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
    return text + "." + Base64URL.encode(HopHMAC.sha256(key: secret, message: Array(text.utf8)))
  }

  private func claims(_ extra: String = "", exp: String = "2000", nbf: String = "1000", iss: String = "key-1") -> String
  {
    #"{"iss":"\#(iss)","nbf":\#(nbf),"exp":\#(exp),"video":{"room":"\#(room.text)","roomJoin":true\#(extra)}}"#
  }

  private let header = #"{"alg":"HS256"}"#

  @Test func `a token made by another implementation is accepted with its grants`() throws {
    // Made with Python's hmac and json modules.
    let token =
      "eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9"
      + ".eyJpc3MiOiAia2V5LTEiLCAic3ViIjogInNvbWVvbmUiLCAibmJmIjogMTAwMCwgImV4cCI6IDIwMDAsICJ2aWRlbyI6IHsicm9vbSI6ICJB"
      + "QUVDQXdRRkJnY0lDUW9MREEwT0R3IiwgInJvb21Kb2luIjogdHJ1ZSwgImNhblB1Ymxpc2giOiBmYWxzZX19"
      + ".qGbudMSzSKYYmubJFotMbcqGCL1J07FHD2FVKczREac"
    let grants = try JoinToken.verify(token, keys: keys, room: room, nowUnixSeconds: 1500)
    #expect(grants == JoinToken.Grants(canPublish: false, canSubscribe: true))
  }

  @Test func `a minted token is accepted until its lifetime and the leeway are over`() throws {
    let grants = JoinToken.Grants(canPublish: true, canSubscribe: false)
    let token = JoinToken.mint(
      room: room, keyID: "key-1", secret: TestServer.secret, grants: grants, nowUnixSeconds: 1000, lifetimeSeconds: 60)
    #expect(try JoinToken.verify(token, keys: keys, room: room, nowUnixSeconds: 1000) == grants)
    #expect(refusal(of: token, at: 970) == nil)
    #expect(refusal(of: token, at: 969) == .notYetValid)
    #expect(refusal(of: token, at: 1089) == nil)
    #expect(refusal(of: token, at: 1090) == .expired)
  }

  @Test(arguments: [#"{"alg":"none"}"#, #"{"alg":"HS512"}"#, #"{"alg":"hs256"}"#, #"{"alg":"RS256","kid":"key-1"}"#])
  func `only HS256 is an algorithm`(header: String) {
    #expect(refusal(of: signed(header: header, claims: claims())) == .wrongAlgorithm)
    let unsigned = signed(header: header, claims: claims()).split(separator: ".").prefix(2).joined(separator: ".") + "."
    #expect(refusal(of: unsigned) == .wrongAlgorithm)
  }

  @Test func `an empty signature is wrong`() {
    let token = signed(header: header, claims: claims()).split(separator: ".").prefix(2).joined(separator: ".") + "."
    #expect(refusal(of: token) == .badSignature)
  }

  @Test func `the key is named by kid or by iss, and both must agree`() {
    #expect(refusal(of: signed(header: header, claims: claims())) == nil)
    #expect(refusal(of: signed(header: #"{"alg":"HS256","kid":"key-1"}"#, claims: claims())) == nil)
    #expect(refusal(of: signed(header: #"{"alg":"HS256","kid":"key-2"}"#, claims: claims())) == .unknownKey)
    #expect(refusal(of: signed(header: header, claims: claims(iss: "key-2"))) == .unknownKey)
    let other = [UInt8](repeating: 5, count: 32)
    #expect(refusal(of: signed(header: header, claims: claims(), secret: other)) == .badSignature)
  }

  @Test func `claims must grant this join and nothing hidden`() {
    #expect(refusal(of: signed(header: header, claims: claims()), room: .numbered(1)) == .wrongRoom)
    #expect(refusal(of: signed(header: header, claims: claims(#","hidden":true"#))) == .hidden)
    #expect(refusal(of: signed(header: header, claims: claims(#","hidden":false"#))) == nil)
    #expect(refusal(of: signed(header: header, claims: #"{"iss":"key-1","exp":2000,"video":{}}"#)) == .notGranted)
    #expect(refusal(of: signed(header: header, claims: #"{"iss":"key-1","exp":2000}"#)) == .malformed)
  }

  @Test func `a token without an expiry, or with an extension it must understand, is malformed`() {
    let endless = #"{"iss":"key-1","video":{"room":"\#(room.text)","roomJoin":true}}"#
    #expect(refusal(of: signed(header: header, claims: endless)) == .malformed)
    #expect(refusal(of: signed(header: #"{"alg":"HS256","crit":["b64"],"b64":false}"#, claims: claims())) == .malformed)
    #expect(refusal(of: signed(header: header, claims: claims(exp: "1e999"))) == .malformed)
    #expect(refusal(of: signed(header: header, claims: claims(exp: "1e300"))) == nil)
    #expect(refusal(of: signed(header: header, claims: claims(exp: "1999.5"))) == nil)
  }

  @Test func `no truncation and no mutation of a token is accepted`() {
    let token = Array(signed(header: header, claims: claims()).utf8)
    for variant in MalformedSweep.truncations(of: token) + MalformedSweep.mutations(of: token, count: 2000, seed: 11)
    where variant != token {
      #expect(refusal(of: String(decoding: variant, as: UTF8.self)) != nil)
    }
    #expect(refusal(of: String(repeating: "a", count: 5000)) == .tooLong)
    #expect(refusal(of: "") == .malformed)
    #expect(refusal(of: "..") == .malformed)
  }
}
