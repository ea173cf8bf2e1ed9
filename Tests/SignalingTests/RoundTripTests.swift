import Signaling
import Testing
import WireBytes

@Suite struct RoundTripTests {
  @Test(arguments: Samples.client)
  func `every client message reads back as written`(_ message: ClientMessage) {
    #expect(SignalingText.decode(ClientMessage.self, from: SignalingText.encode(message)) == message)
  }

  @Test(arguments: Samples.relay)
  func `every relay message reads back as written`(_ message: RelayMessage) {
    #expect(SignalingText.decode(RelayMessage.self, from: SignalingText.encode(message)) == message)
  }

  @Test func `the samples hold every type`() {
    #expect(
      Set(Samples.client.map(\.type)) == [
        "join", "offer", "publish", "unpublish", "subscribe", "unsubscribe", "constraints", "mute", "sealed", "ready",
        "leave", "ping",
      ])
    #expect(
      Set(Samples.relay.map(\.type)) == [
        "joined", "answer", "published", "unpublished", "muted", "slots", "sealed", "membership", "rekey", "speakers",
        "quality", "layers", "notice", "goodbye", "pong", "error",
      ])
  }

  @Test func `every word of every closed set has one spelling`() {
    func spellings<T: RawRepresentable>(_ values: [T]) -> [T.RawValue] { values.map(\.rawValue) }
    #expect(spellings(TrackSource.allCases) == ["microphone", "camera", "screen", "screen_audio"])
    #expect(
      spellings(MembershipCause.allCases) == ["joined", "left", "disconnected", "consent_lost", "closed"])
    #expect(spellings(RekeyCause.allCases) == ["join", "leave", "mixed", "periodic"])
    #expect(TrackSource.allCases.map(\.kind) == [.audio, .video, .video, .audio])
  }

  // The wire form is a promise to clients in other languages: these are its exact bytes.
  @Test func `the text of a message is fixed`() {
    #expect(
      SignalingText.encode(Samples.client[0]).text
        == #"{"bundle":"AQID","room":"AAECAwQFBgcICQoLDA0ODw","type":"join"}"#)
    #expect(SignalingText.encode(ClientMessage.leave).text == #"{"type":"leave"}"#)
    #expect(
      SignalingText.encode(ClientMessage.sealed(SealedToMember(to: Samples.bob, body: Blob([0xFB, 0xFF])))).text
        == #"{"body":"-_8","to":"sLCwsLCwsLCwsLCwsLCwsA","type":"sealed"}"#)
    #expect(
      SignalingText.encode(
        RelayMessage.slots(SlotAssignments(slots: [.init(mid: "v1", member: nil, track: nil, why: .ended)]))
      ).text == #"{"slots":[{"mid":"v1","why":"ended"}],"type":"slots"}"#)
    #expect(
      SignalingText.encode(RelayMessage.membership(MembershipChange(entry: Samples.entry, bundle: nil))).text
        == #"{"entry":{"bundleHash":"__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA","cause":"joined","kind":"join","#
        + #""member":"sLCwsLCwsLCwsLCwsLCwsA","n":2,"previous":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},"#
        + #""type":"membership"}"#)
    #expect(
      SignalingText.encode(RelayMessage.error(SignalingError(code: .tooLarge, message: "m"))).text
        == #"{"code":"too_large","message":"m","type":"error"}"#)
  }
}
