import SDP
import Testing
import WireBytes

@Suite struct ClientNegotiationTests {
  static let offer = ClientOffer(
    iceUfrag: "clientuf", icePwd: "clientpasswordclientpassword", fingerprint: [UInt8](repeating: 0x5A, count: 32),
    sections: [
      .init(mid: "0", kind: .audio, sends: true, ssrc: SSRC(11)),
      .init(mid: "1", kind: .video, sends: true, ssrc: SSRC(21), rtxSSRC: SSRC(22)),
      .init(mid: "2", kind: .video, sends: true, rids: ["q", "h", "f"]),
      .init(mid: "a0", kind: .audio, sends: false),
      .init(mid: "v0", kind: .video, sends: false),
    ])

  @Test func `the relay reads what the client offers`() throws {
    let offer = try OfferedSession(parsing: Self.offer.render())
    #expect(offer.iceUfrag == "clientuf" && offer.icePwd == "clientpasswordclientpassword")
    #expect(offer.fingerprint == [UInt8](repeating: 0x5A, count: 32))
    #expect(offer.setup == .actpass)
    #expect(offer.sections.map(\.mid) == ["0", "1", "2", "a0", "v0"])
    #expect(offer.sections.map(\.sends) == [true, true, true, false, false])
    #expect(offer.sections.map(\.receives) == [false, false, false, true, true])
    #expect(offer.sections.map(\.rejected) == [false, false, false, false, false])
    #expect(offer.sections[0].codec == ClientOffer.opus)
    #expect(offer.sections[1].codec == ClientOffer.vp8)
    #expect(offer.sections[0].ssrcs == [SSRC(11)])
    #expect(offer.sections[1].ssrcs == [SSRC(21)])
    #expect(offer.sections[1].rtxSSRCs.first.map { $0 == (SSRC(21), SSRC(22)) } == true)
    #expect(offer.sections[2].rids == ["q", "h", "f"])
    #expect(offer.sections[2].ssrcs.isEmpty)
    #expect(offer.sections[0].extensions == NegotiatedExtensions(mid: 4, audioLevel: 1, allowsMixed: true))
    #expect(
      offer.sections[1].extensions
        == NegotiatedExtensions(mid: 4, rid: 10, repairedRid: 11, dependencyDescriptor: 12, allowsMixed: true))
  }

  @Test func `the client reads what the relay answers`() throws {
    let candidates = [Endpoint(ipv4: 0x7F00_0001, port: 7000), Endpoint(ipv4: 0x0A00_0001, port: 7000)]
    let text = answer(to: try OfferedSession(parsing: Self.offer.render()), candidates: candidates).render()
    let session = try AnsweredSession(parsing: text)
    #expect(session.iceLite)
    #expect(session.iceUfrag == "relayufr" && session.icePwd == "relaypasswordrelaypassword")
    #expect(session.fingerprint == (0..<32).map { UInt8($0) })
    #expect(session.setup == .passive)
    #expect(session.candidates == candidates)
    #expect(session.sections.map(\.mid) == ["0", "1", "2", "a0", "v0"])
    #expect(session.sections.map(\.accepted) == [true, true, true, true, true])
    #expect(session.sections.map(\.direction) == [.recvonly, .recvonly, .recvonly, .sendonly, .sendonly])
    #expect(session.sections[0].payloadType == PayloadType(111))
    #expect(session.sections[0].rtxPayloadType == nil)
    #expect(session.sections[1].payloadType == PayloadType(96) && session.sections[1].rtxPayloadType == PayloadType(97))
    #expect(session.sections[1].maxBitrate == 2_500_000)
    #expect(session.sections[1].ssrc == nil)
    #expect(session.sections[2].rids == ["q", "h", "f"])
    #expect(session.sections[3].ssrc == SSRC(1003) && session.sections[3].rtxSSRC == nil)
    #expect(session.sections[4].ssrc == SSRC(1004) && session.sections[4].rtxSSRC == SSRC(2004))
    #expect(session.sections[4].extensions.dependencyDescriptor == 12)
  }

  @Test func `a refused section is seen as such`() throws {
    var reply = answer(to: try OfferedSession(parsing: Self.offer.render()))
    reply.sections[1] = SessionAnswer.Section(rejecting: try OfferedSession(parsing: Self.offer.render()).sections[1])
    let session = try AnsweredSession(parsing: reply.render())
    #expect(session.sections.map(\.accepted) == [true, false, true, true, true])
    #expect(session.sections[1].direction == .inactive)
  }

  @Test func `an answer that does not choose a DTLS role is refused`() throws {
    var reply = answer(to: try OfferedSession(parsing: Self.offer.render()))
    reply.setup = .actpass
    let text = reply.render()
    #expect { try AnsweredSession(parsing: text) } throws: { ($0 as? SDPError)?.reason == .badSetup }
  }

  @Test func `an answer that accepts nothing is refused`() {
    let text = "v=0\r\nm=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
    #expect(throws: SDPError(.noUsableMedia)) { try AnsweredSession(parsing: text) }
  }
}
