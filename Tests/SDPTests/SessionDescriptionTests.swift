import SDP
import Testing
import WireBytes

@Suite struct SessionDescriptionTests {
  @Test func `Chromium's offer is read completely`() throws {
    let offer = try SessionDescription(parsing: Offers.chromium.text())
    #expect(offer.bundle == ["0", "1", "2"])
    #expect(!offer.iceLite)
    #expect(offer.media.map(\.kind) == ["audio", "video", "application"])
    #expect(offer.media.map(\.mid) == ["0", "1", "2"])

    let audio = offer.media[0]
    #expect(audio.port == 57792)
    #expect(audio.proto == "UDP/TLS/RTP/SAVPF")
    #expect(audio.payloadTypes.map(\.rawValue) == [111, 63, 9, 0, 8, 13, 110, 126])
    #expect(audio.direction == .sendrecv)
    #expect(audio.iceUfrag == "c42X" && audio.icePwd == "V4NQvZJTVFVgFZLCgkxNkflY")
    #expect(audio.setup == .actpass)
    #expect(audio.rtcpMux && audio.rtcpRsize && audio.extmapAllowMixed)
    #expect(audio.sha256?.prefix(4) == [0xF2, 0x75, 0x48, 0x5F])
    #expect(audio.codecs.first?.name == "opus")
    #expect(audio.codecs.first?.channels == 2 && audio.codecs.first?.clockRate == 48000)
    #expect(audio.codecs.first?.parameter("useinbandfec") == "1")
    #expect(audio.codecs.first?.feedback == ["transport-cc"])
    #expect(audio.ssrcs.map(\.ssrc) == [SSRC(3280999176)])
    #expect(audio.ssrcs.first?.cname == "ZUGkGNMggymj6Eql")
    #expect(audio.msid?.track == "0741b6f3-31c4-4918-b3ff-82244aac3f31")
    // Of each section's four candidates all have literal addresses.
    #expect(audio.candidates.count == 4)
    #expect(audio.candidates[1].endpoint == Endpoint(address: "10.77.0.2", port: 57101))
    #expect(audio.candidates[1].priority == 2_122_194_687)
    #expect(audio.candidates[2].transport == "tcp")

    let video = offer.media[1]
    #expect(video.codecs.count == 23)
    #expect(video.codecs[0].feedback == ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"])
    #expect(video.extensions.contains { $0.id == 11 && $0.direction == nil && $0.uri == ExtensionURI.repairedRid })
    #expect(video.ssrcGroups.map(\.semantics) == ["FID"])
    #expect(video.ssrcGroups.first?.ssrcs == [SSRC(1573282624), SSRC(864864409)])

    #expect(offer.media[2].formats == ["webrtc-datachannel"])
    #expect(offer.media[2].payloadTypes.isEmpty)
  }

  @Test func `Firefox's offer is read completely, session-level values folded in`() throws {
    let offer = try SessionDescription(parsing: Offers.firefox.text())
    let (audio, video) = (offer.media[0], offer.media[1])
    // The fingerprint stands at session level only.
    #expect(offer.media.allSatisfy { $0.sha256?.prefix(4) == [0xC0, 0xCF, 0x95, 0xB5] })
    #expect(audio.iceUfrag == "a149f23f")
    #expect(audio.endOfCandidates)
    #expect(audio.rtcpMux && !audio.rtcpRsize)
    #expect(audio.extensions.first { $0.id == 2 }?.direction == .recvonly)
    #expect(audio.candidates.map(\.component) == [1, 1, 2, 2])
    #expect(audio.candidates.first?.transport == "udp")
    // fmtp comes before rtpmap here.
    #expect(video.codecs.first { $0.name == "rtx" }?.fmtp == "apt=120")
    #expect(video.codecs.map(\.payloadType.rawValue) == [120, 124, 121, 125, 99, 100, 123, 122, 119])
    #expect(video.ssrcs.count == 2)
  }

  @Test func `what a section says itself stands before what the session says`() throws {
    let digest = Array(repeating: "AB", count: 32).joined(separator: ":")
    let text = try Offers.firefox.text(
      replacing: "a=mid:1\n", with: "a=mid:1\na=fingerprint:sha-256 \(digest)\na=recvonly\n")
    let offer = try SessionDescription(parsing: text)
    #expect(offer.media[1].sha256 == [UInt8](repeating: 0xAB, count: 32))
    #expect(offer.media[1].fingerprints.count == 1)
    #expect(offer.media[0].sha256?.first == 0xC0)
  }

  @Test func `simulcast and rids are read, alternatives and paused marks taken off`() throws {
    let text = minimal("a=rid:f send\r\na=rid:h send pt=96\r\na=rid:q send\r\na=simulcast:send f;~h,x;q recv z\r\n")
    let media = try SessionDescription(parsing: text).media[0]
    #expect(media.rids.map(\.id) == ["f", "h", "q"])
    #expect(media.simulcastSend == ["f", "h", "q"])
    #expect(media.simulcastReceive == ["z"])
  }

  @Test func `candidates with names are left out, the rest stays`() throws {
    let text = minimal(
      "a=candidate:1 1 udp 5 3f0c6f0e-1111-4222-8333-444455556666.local 5000 typ host\r\n"
        + "a=candidate:2 1 UDP 4 2001:db8::1 6000 typ host\r\n")
    let candidates = try SessionDescription(parsing: text).media[0].candidates
    #expect(candidates.map(\.endpoint) == [Endpoint(address: "2001:db8::1", port: 6000)])
  }

  @Test(arguments: [
    ("", SDPError.Reason.badVersion, 0),
    ("v=1\r\n", .badVersion, 1),
    ("o=- 1 1 IN IP4 0.0.0.0\r\n", .badVersion, 1),
    ("v=0\r\nno equals sign\r\n", .badLine, 2),
    ("v=0\r\n=x\r\n", .badLine, 2),
    ("v=0\r\ns=\u{1}\r\n", .badCharacter, 2),
    ("v=0\r\n\r\nm=audio 9 UDP/TLS/RTP/SAVPF\r\n", .badMediaLine, 3),
    ("v=0\r\nm=audio 99999 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n", .badMediaLine, 2),
    ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 128\r\na=mid:0\r\n", .badMediaLine, 2),
    ("v=0\r\nm=audio -9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n", .badMediaLine, 2),
    ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", .missingMid, 2),
  ])
  func `a broken frame is refused with its line`(_ text: String, _ reason: SDPError.Reason, _ line: Int) {
    #expect(throws: SDPError(reason, line: line)) { try SessionDescription(parsing: text) }
  }

  @Test(arguments: [
    "mid:", "mid:a b", "mid:seventeen-letters", "setup:holdconn", "ice-ufrag:abc", "ice-ufrag:ab cd",
    "ice-pwd:tooshort", "fingerprint:sha-256", "fingerprint:sha-256 AA:B", "fingerprint:sha-256 +A:AA",
    "rtpmap:111", "rtpmap:111 opus", "rtpmap:200 opus/48000", "rtpmap:111 opus/0", "rtpmap:111 opus/48000/0",
    "fmtp:111", "rtcp-fb:x nack", "extmap:0 urn:x", "extmap:1", "extmap:1/up urn:x", "extmap:1/recvonly/x urn:x",
    "ssrc:", "ssrc:-1 cname:x", "ssrc:4294967296 cname:x", "ssrc-group:FID", "ssrc-group:FID 1 x", "rid:f",
    "rid:f both", "rid:f~ send", "simulcast:send", "simulcast:send ;", "simulcast:both f", "msid:",
  ])
  func `a malformed attribute is refused with its line`(_ attribute: String) {
    #expect(throws: SDPError(.badAttribute, line: 4)) {
      try SessionDescription(parsing: minimal("a=\(attribute)\r\n"))
    }
  }

  @Test func `two sections with one mid are refused`() {
    let section = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
    #expect(throws: SDPError(.duplicateMid, line: 4)) {
      try SessionDescription(parsing: "v=0\r\n" + section + section)
    }
  }

  @Test func `every list has its bound`() {
    let section = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    let many = String(repeating: section, count: SDPLimits.sections + 1)
    #expect(throws: SDPError(.tooManySections)) { try SessionDescription(parsing: "v=0\r\n" + many) }
    #expect(throws: SDPError(.tooLarge)) {
      try SessionDescription(parsing: "v=0\r\n" + String(repeating: "a=x\r\n", count: SDPLimits.bytes / 5))
    }
    #expect(throws: SDPError(.lineTooLong, line: 2)) {
      try SessionDescription(parsing: "v=0\r\ns=" + String(repeating: "x", count: SDPLimits.lineBytes))
    }
    for line in ["a=extmap:1 urn:x\r\n", "a=rid:f send\r\n", "a=ssrc-group:FID 1 2\r\n", "a=rtcp-fb:1 nack\r\n"] {
      #expect { try SessionDescription(parsing: minimal(String(repeating: line, count: 600))) } throws: {
        ($0 as? SDPError)?.reason == .tooManyAttributes
      }
    }
    let sources = (0..<300).map { "a=ssrc:\($0) cname:x\r\n" }.joined()
    #expect { try SessionDescription(parsing: minimal(sources)) } throws: {
      ($0 as? SDPError)?.reason == .tooManyAttributes
    }
  }

  @Test func `an error says nothing of the description's content`() throws {
    let error = try #require(throws: SDPError.self) {
      try SessionDescription(parsing: minimal("a=ice-pwd:secret\r\n"))
    }
    #expect(error.message == "line 4: the attribute is malformed")
    for reason in SDPError.Reason.allCases { #expect(!SDPError(reason).message.isEmpty) }
  }
}

/// One audio section; `lines` start at line 4.
func minimal(_ lines: String) -> String {
  "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n" + lines
}
