import Signaling
import Testing
import WireBytes

@Suite struct ForwardCompatibilityTests {
  @Test func `a type that is not known is read as unknown, whatever else it says`() {
    let text = #"{"type":"hologram","depth":3,"member":17,"tracks":{}}"#
    #expect(SignalingText.decode(ClientMessage.self, from: text.bytes) == .unknown(type: "hologram"))
    #expect(SignalingText.decode(RelayMessage.self, from: text.bytes) == .unknown(type: "hologram"))
  }

  @Test func `a message of the other direction is unknown too`() {
    #expect(
      SignalingText.decode(ClientMessage.self, from: SignalingText.encode(RelayMessage.pong(Ping(id: 1))))
        == .unknown(type: "pong"))
    #expect(
      SignalingText.decode(RelayMessage.self, from: SignalingText.encode(ClientMessage.leave))
        == .unknown(type: "leave"))
  }

  @Test(arguments: Samples.client)
  func `fields that are not known are ignored in client messages`(_ message: ClientMessage) {
    #expect(SignalingText.decode(ClientMessage.self, from: extended(SignalingText.encode(message))) == message)
  }

  @Test(arguments: Samples.relay)
  func `fields that are not known are ignored in relay messages`(_ message: RelayMessage) {
    #expect(SignalingText.decode(RelayMessage.self, from: extended(SignalingText.encode(message))) == message)
  }

  /// Adds fields to every object of the text, nested ones too.
  private func extended(_ text: [UInt8]) -> [UInt8] {
    text.text.replacing("{\"", with: #"{"x-later":{"deep":[1,null,"two"]},"x-flag":true,""#).bytes
  }

  @Test func `null stands for an optional field that is left out`() {
    let text = #"{"type":"join","room":"AAECAwQFBgcICQoLDA0ODw","token":null,"bundle":"AQID","resume":null}"#
    #expect(SignalingText.decode(ClientMessage.self, from: text.bytes) == Samples.client[0])
  }
}
