import SDP
import Testing
import WireBytes

/// An answer as an engine makes it: takes what is sent, serves every slot.
func answer(to offer: OfferedSession, candidates: [Endpoint] = [Endpoint(ipv4: 0x0A4D_0001, port: 7000)])
  -> SessionAnswer
{
  let sections = offer.sections.enumerated().map { index, section -> SessionAnswer.Section in
    guard let codec = section.codec else { return SessionAnswer.Section(rejecting: section) }
    return SessionAnswer.Section(
      mid: section.mid, accepted: true, kind: section.kind,
      direction: Direction(sends: section.receives, receives: section.sends), codecs: [codec],
      extensions: section.extensions, ssrc: SSRC(UInt32(1000 + index)), rtxSSRC: SSRC(UInt32(2000 + index)),
      msid: (stream: "slot-\(section.mid)", track: "track-\(section.mid)"), ridsReceive: section.rids,
      maxBitrate: section.kind == .video && section.sends ? 2_500_000 : nil)
  }
  return SessionAnswer(
    iceUfrag: "relayufr", icePwd: "relaypasswordrelaypassword", fingerprint: (0..<32).map { UInt8($0) },
    setup: .passive, candidates: candidates, sections: sections, cname: "sfu")
}

@Suite struct SessionAnswerTests {
  @Test(arguments: Offers.plain)
  func `every offered m-line is answered, in order, the refused one with port 0`(_ browser: Offers) throws {
    let text = try browser.text()
    let sections = try answer(to: OfferedSession(parsing: text)).render().sections
    #expect(sections.count == text.sections.count)
    for (answered, offered) in zip(sections.dropFirst(), text.sections.dropFirst()) {
      #expect(answered[0].prefix(6) == offered[0].prefix(6))
      #expect(answered.contains { $0.hasPrefix("a=mid:") && offered.contains($0) })
    }
    #expect(sections[0].contains("a=ice-lite"))
    #expect(sections[0].contains("a=group:BUNDLE 0 1"))
    #expect(sections[3].first == "m=application 0 UDP/DTLS/SCTP webrtc-datachannel")
    #expect(!sections[3].contains { $0.hasPrefix("a=ice-") || $0.hasPrefix("a=candidate") })
  }

  @Test func `the answer to Chromium, word for word`() throws {
    let sections = try answer(to: OfferedSession(parsing: Offers.chromium.text())).render().sections
    let transport = [
      "a=ice-ufrag:relayufr", "a=ice-pwd:relaypasswordrelaypassword",
      "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:"
        + "1D:1E:1F",
      "a=setup:passive",
    ]
    #expect(
      sections[0] == [
        "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite", "a=group:BUNDLE 0 1", "a=msid-semantic:WMS *",
      ])
    #expect(
      sections[1] == ["m=audio 7000 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 10.77.0.1", "a=mid:0"] + transport + [
        "a=candidate:1 1 udp 2130706431 10.77.0.1 7000 typ host", "a=end-of-candidates", "a=sendrecv", "a=rtcp-mux",
        "a=rtcp-rsize", "a=extmap-allow-mixed", "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1", "a=msid:slot-0 track-0", "a=ssrc:1000 cname:sfu",
        "a=ssrc:1000 msid:slot-0 track-0",
      ])
    #expect(
      sections[2] == ["m=video 7000 UDP/TLS/RTP/SAVPF 96 97", "c=IN IP4 10.77.0.1", "b=TIAS:2500000", "a=mid:1"]
        + transport + [
          "a=sendrecv", "a=rtcp-mux", "a=rtcp-rsize", "a=extmap-allow-mixed",
          "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
          "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", "a=rtpmap:96 VP8/90000",
          "a=rtcp-fb:96 goog-remb", "a=rtcp-fb:96 ccm fir", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli",
          "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96", "a=msid:slot-1 track-1", "a=ssrc-group:FID 1001 2001",
          "a=ssrc:1001 cname:sfu", "a=ssrc:1001 msid:slot-1 track-1", "a=ssrc:2001 cname:sfu",
          "a=ssrc:2001 msid:slot-1 track-1",
        ])
    #expect(
      sections[3] == [
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:2", "a=inactive",
      ])
  }

  @Test(arguments: Offers.plain)
  func `only what was offered is answered`(_ browser: Offers) throws {
    let offered = try browser.text().sections
    let answered = try answer(to: OfferedSession(parsing: browser.text())).render().sections
    for (answer, offer) in zip(answered.dropFirst(), offered.dropFirst()) {
      let session = offered[0]
      for line in answer
      where ["a=extmap", "a=rtcp-fb", "a=rtcp-rsize", "a=rtcp-mux", "a=rtpmap"].contains(where: line.hasPrefix) {
        #expect(offer.contains(line) || session.contains(line), "\(line)")
      }
      #expect(!answer.contains { $0.contains("transport-cc") })
    }
  }

  @Test func `every line ends in CRLF`() throws {
    let text = try answer(to: OfferedSession(parsing: Offers.firefox.text())).render()
    #expect(text.utf8.split(separator: UInt8(ascii: "\n")).allSatisfy { $0.last == UInt8(ascii: "\r") })
    #expect(text.hasSuffix("\r\n"))
  }

  @Test func `a recvonly slot becomes sendonly with its source, a sendonly track recvonly without one`() throws {
    let slots = try Offers.chromium.text(replacing: "a=sendrecv\n", with: "a=recvonly\n")
    for section in try answer(to: OfferedSession(parsing: slots)).render().sections[1...2] {
      #expect(section.contains("a=sendonly"))
      #expect(section.contains { $0.hasPrefix("a=ssrc:") })
      #expect(section.contains { $0.hasPrefix("a=msid:") })
    }
    let tracks = try Offers.chromium.text(replacing: "a=sendrecv\n", with: "a=sendonly\n")
    for section in try answer(to: OfferedSession(parsing: tracks)).render().sections[1...2] {
      #expect(section.contains("a=recvonly"))
      #expect(!section.contains { $0.hasPrefix("a=ssrc") || $0.hasPrefix("a=msid:") })
    }
  }

  @Test func `simulcast is mirrored`() throws {
    let text = try Offers.firefox.text(
      replacing: "a=mid:1\n", with: "a=mid:1\na=rid:q send\na=rid:f send\na=simulcast:send q;f\n")
    let video = try answer(to: OfferedSession(parsing: text)).render().sections[2]
    #expect(video.contains("a=rid:q recv") && video.contains("a=rid:f recv"))
    #expect(video.contains("a=simulcast:recv q;f"))
  }

  @Test func `candidates fall in priority, and IPv6 is named so`() throws {
    let candidates = [
      try #require(Endpoint(address: "2001:db8::7", port: 7001)), Endpoint(ipv4: 0x7F00_0001, port: 7001),
    ]
    let sections = try answer(to: OfferedSession(parsing: Offers.firefox.text()), candidates: candidates).render()
      .sections
    #expect(sections[1][1] == "c=IN IP6 2001:db8::7")
    #expect(
      sections[1].filter { $0.hasPrefix("a=candidate") } == [
        "a=candidate:1 1 udp 2130706431 2001:db8::7 7001 typ host",
        "a=candidate:2 1 udp 2130706175 127.0.0.1 7001 typ host",
      ])
    #expect(!sections[2].contains { $0.hasPrefix("a=candidate") })
  }

  @Test func `when the first section is refused, the next one carries the candidates`() throws {
    let text = try Offers.chromium.text(replacing: "m=audio 57792", with: "m=audio 0")
    let sections = try answer(to: OfferedSession(parsing: text)).render().sections
    #expect(sections[0].contains("a=group:BUNDLE 1"))
    #expect(sections[1].first == "m=audio 0 UDP/TLS/RTP/SAVPF 111")
    #expect(sections[2].contains("a=end-of-candidates"))
  }
}
