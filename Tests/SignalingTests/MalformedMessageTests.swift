import Signaling
import TestKit
import Testing
import WireBytes

@Suite struct MalformedMessageTests {
  @Test(arguments: [
    "", " ", "null", "true", "1", #""join""#, "[]", "{}", #"{"type":null}"#, #"{"type":1}"#, #"{"kind":"leave"}"#,
    #"{"type":"leave""#, #"{"type":"leave"}}"#, #"{"type":"leave"} {"#, #"{"type":"join"}"#, #"{"type":"ping"}"#,
    // Members and rooms are 16 bytes of base64url.
    #"{"type":"join","room":"AAECAwQFBgcICQoLDA0OD","bundle":""}"#,
    #"{"type":"join","room":"AAECAwQFBgcICQoLDA0ODw==","bundle":""}"#,
    #"{"type":"join","room":"AAECAwQFBgcICQoLDA0ODx","bundle":""}"#,
    #"{"type":"join","room":"AAECAwQFBgcICQoLDA0ODw","bundle":"+/+/"}"#,
    #"{"type":"join","room":"AAECAwQFBgcICQoLDA0ODw","bundle":"A"}"#,
    #"{"type":"join","room":"AAECAwQFBgcICQoLDA0ODw","bundle":[1]}"#,
    #"{"type":"sealed","to":"sLCwsLCwsLCwsLCwsLCw","body":""}"#,
    #"{"type":"sealed","to":"sLCwsLCwsLCwsLCwsLCwsA","body":7}"#,
    // Numbers have their ranges.
    #"{"type":"ready","epoch":-1}"#, #"{"type":"ready","epoch":4294967296}"#, #"{"type":"ready","epoch":1.5}"#,
    #"{"type":"ready","epoch":"1"}"#, #"{"type":"ping","id":1e40}"#,
    // Words of closed sets.
    #"{"type":"publish","tracks":[{"id":"a","source":"drone","mid":"0"}]}"#,
    #"{"type":"publish","tracks":{"id":"a"}}"#, #"{"type":"publish","tracks":[null]}"#,
    #"{"type":"mute","track":"mic","muted":"yes"}"#,
  ])
  func `a malformed client message is none`(_ text: String) {
    #expect(SignalingText.decode(ClientMessage.self, from: text.bytes) == nil)
  }

  @Test func `bytes that are not UTF-8 are no message`() {
    #expect(SignalingText.decode(ClientMessage.self, from: [0xFF, 0xFE, 0x7B, 0x7D]) == nil)
    #expect(SignalingText.decode(ClientMessage.self, from: #"{"type":""#.bytes + [0xC0, 0xAF] + #""}"#.bytes) == nil)
  }

  @Test func `deep nesting is refused, not followed to the end of the stack`() {
    let depth = 100_000
    let text =
      #"{"type":"ping","id":1,"x":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    #expect(SignalingText.decode(ClientMessage.self, from: text.bytes) == nil)
  }

  @Test(arguments: Samples.client)
  func `every truncation of a client message is none`(_ message: ClientMessage) {
    for bytes in MalformedSweep.truncations(of: SignalingText.encode(message)) {
      #expect(SignalingText.decode(ClientMessage.self, from: bytes) == nil, "\(bytes.text)")
    }
  }

  @Test(arguments: Samples.relay)
  func `every truncation of a relay message is none`(_ message: RelayMessage) {
    for bytes in MalformedSweep.truncations(of: SignalingText.encode(message)) {
      #expect(SignalingText.decode(RelayMessage.self, from: bytes) == nil, "\(bytes.text)")
    }
  }

  /// What is still a message must survive being written again.
  @Test(arguments: Samples.client)
  func `random changes of a client message`(_ message: ClientMessage) {
    for bytes in MalformedSweep.mutations(of: SignalingText.encode(message), count: 400, seed: 11) {
      guard let read = SignalingText.decode(ClientMessage.self, from: bytes) else { continue }
      #expect(SignalingText.decode(ClientMessage.self, from: SignalingText.encode(read)) == read, "\(bytes.text)")
    }
  }

  @Test(arguments: Samples.relay)
  func `random changes of a relay message`(_ message: RelayMessage) {
    for bytes in MalformedSweep.mutations(of: SignalingText.encode(message), count: 400, seed: 12) {
      guard let read = SignalingText.decode(RelayMessage.self, from: bytes) else { continue }
      #expect(SignalingText.decode(RelayMessage.self, from: SignalingText.encode(read)) == read, "\(bytes.text)")
    }
  }
}
