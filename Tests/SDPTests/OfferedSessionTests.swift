import SDP
import Testing
import WireBytes

@Suite struct OfferedSessionTests {
  @Test func `Chromium's offer: Opus, VP8 with retransmission, the data channel refused`() throws {
    let offer = try OfferedSession(parsing: Offers.chromium.text())
    #expect(offer.iceUfrag == "c42X")
    #expect(offer.setup == .actpass)
    #expect(offer.fingerprint.count == 32)
    #expect(offer.bundleFirstMid == "0")
    #expect(offer.sections.map(\.rejected) == [false, false, true])
    #expect(offer.sections.map(\.kind) == [.audio, .video, nil])

    let audio = offer.sections[0]
    #expect(
      audio.codec
        == NegotiatedCodec(
          name: "opus", payloadType: PayloadType(111), clockRate: 48000, channels: 2,
          fmtp: "minptime=10;useinbandfec=1", feedback: [], reducedSizeRTCP: true))
    #expect(audio.extensions == NegotiatedExtensions(mid: 4, audioLevel: 1, allowsMixed: true))
    #expect(audio.sends && audio.receives)
    #expect(audio.ssrcs == [SSRC(3280999176)])

    let video = offer.sections[1]
    #expect(
      video.codec
        == NegotiatedCodec(
          name: "VP8", payloadType: PayloadType(96), rtxPayloadType: PayloadType(97), clockRate: 90000,
          feedback: ["goog-remb", "ccm fir", "nack", "nack pli"], reducedSizeRTCP: true))
    #expect(video.extensions == NegotiatedExtensions(mid: 4, rid: 10, repairedRid: 11, allowsMixed: true))
    #expect(video.ssrcs == [SSRC(1573282624)])
    #expect(video.rtxSSRCs.count == 1)
    #expect(video.rtxSSRCs.first.map { $0 == (SSRC(1573282624), SSRC(864864409)) } == true)
    #expect(video.rids.isEmpty)
  }

  @Test func `Firefox's offer: its own payload types and identifiers`() throws {
    let offer = try OfferedSession(parsing: Offers.firefox.text())
    #expect(offer.sections[0].codec?.payloadType == PayloadType(109))
    #expect(offer.sections[0].codec?.reducedSizeRTCP == false)
    #expect(offer.sections[0].extensions == NegotiatedExtensions(mid: 3, audioLevel: 1, allowsMixed: true))
    #expect(offer.sections[1].codec?.payloadType == PayloadType(120))
    #expect(offer.sections[1].codec?.rtxPayloadType == PayloadType(124))
    #expect(offer.sections[1].extensions == NegotiatedExtensions(mid: 3, allowsMixed: true))
    #expect(offer.sections[1].ssrcs == [SSRC(387266181)])
    #expect(offer.sections[2].rejected)
  }

  @Test func `without VP8 it is VP9 profile 0, without that AV1, without that nothing`() throws {
    var text = try Offers.chromium.text(replacing: "VP8/90000", with: "XX8/90000")
    var codec = try OfferedSession(parsing: text).sections[1].codec
    #expect(codec?.name == "VP9" && codec?.payloadType == PayloadType(98) && codec?.fmtp == "profile-id=0")
    #expect(codec?.rtxPayloadType == PayloadType(99))
    text = text.replacing("VP9/90000", with: "XX9/90000")
    codec = try OfferedSession(parsing: text).sections[1].codec
    #expect(codec?.name == "AV1" && codec?.payloadType == PayloadType(45))
    #expect(codec?.fmtp == "level-idx=5;profile=0;tier=0")
    text = text.replacing("AV1/90000", with: "XX1/90000")
    let offer = try OfferedSession(parsing: text)
    #expect(offer.sections.map(\.rejected) == [false, true, true])
    #expect(!offer.sections[1].sends && !offer.sections[1].receives)
  }

  @Test func `VP9 profile 2 alone is not taken`() throws {
    let text = try Offers.chromium.text(replacing: "VP8/90000", with: "XX8/90000")
      .replacing("a=fmtp:98 profile-id=0", with: "a=fmtp:98 profile-id=2")
    #expect(try OfferedSession(parsing: text).sections[1].codec?.name == "AV1")
  }

  @Test func `a stopped section is refused, a bundle-only one is not`() throws {
    var text = try Offers.chromium.text(replacing: "m=video 45422", with: "m=video 0")
    #expect(try OfferedSession(parsing: text).sections[1].rejected)
    text = text.replacing("a=mid:1\n", with: "a=mid:1\na=bundle-only\n")
    #expect(try !OfferedSession(parsing: text).sections[1].rejected)
  }

  @Test func `when the first section is stopped, the next one of the bundle is the tagged one`() throws {
    let text = try Offers.chromium.text(replacing: "m=audio 57792", with: "m=audio 0")
    let offer = try OfferedSession(parsing: text)
    #expect(offer.bundleFirstMid == "1")
    #expect(offer.sections.map(\.rejected) == [true, false, true])
  }

  @Test func `only the tagged section needs transport attributes`() throws {
    var sections = try Offers.chromium.text().sections
    sections[2].removeAll {
      ["a=ice-", "a=fingerprint", "a=setup", "a=rtcp-mux", "a=candidate"].contains(where: $0.hasPrefix)
    }
    let offer = try OfferedSession(parsing: sections.joined().map { $0 + "\r\n" }.joined())
    #expect(offer.sections.map(\.rejected) == [false, false, true])
  }

  @Test func `simulcast: the encodings in the order of a=simulcast, as far as they are rids`() throws {
    let text = try Offers.chromium.text(
      replacing: "a=mid:1\n",
      with: "a=mid:1\na=rid:q send\na=rid:h send\na=rid:f send\na=rid:r recv\na=simulcast:send f;h;q;r;ghost\n")
    #expect(try OfferedSession(parsing: text).sections[1].rids == ["f", "h", "q"])
    #expect(
      try OfferedSession(parsing: text.replacing("a=sendrecv\n", with: "a=recvonly\n")).sections[1].rids.isEmpty)
  }

  @Test(arguments: Offers.simulcast)
  func `a browser's simulcast with a slot, bundle-only sections included`(_ browser: Offers) throws {
    let offer = try OfferedSession(parsing: browser.text())
    #expect(offer.bundleFirstMid == "0")
    #expect(offer.sections.map(\.rejected) == [false, false, false])
    #expect(offer.sections.map(\.sends) == [true, true, false])
    #expect(offer.sections.map(\.receives) == [false, false, true])
    #expect(offer.sections[1].rids == ["q", "h", "f"])
    #expect(offer.sections[1].extensions.rid != 0 && offer.sections[1].extensions.repairedRid != 0)
    // Two or more encodings make both browsers offer it unasked.
    #expect(offer.sections[1].extensions.dependencyDescriptor != 0)
    #expect(offer.sections[1].rtxSSRCs.count == (browser == .firefoxSimulcast ? 3 : 0))
    #expect(offer.sections[1].ssrcs.count == (browser == .firefoxSimulcast ? 3 : 0))
    #expect(offer.sections[1].extensions.offererSendsOnly.isEmpty)
    #expect(offer.sections[2].rids.isEmpty)
    // Firefox says `8/sendonly` in all sections: it does not take the descriptor in its slots.
    #expect((offer.sections[2].extensions.dependencyDescriptor == 0) == (browser == .firefoxSimulcast))
    #expect(offer.sections[2].extensions.mid != 0)

    let answered = answer(to: offer).render().sections
    #expect(answered[0].contains("a=group:BUNDLE 0 1 2"))
    #expect(answered[2].contains("a=simulcast:recv q;h;f") && answered[2].contains("a=recvonly"))
    #expect(answered[3].contains("a=sendonly") && answered[3].contains { $0.hasPrefix("a=ssrc-group:FID ") })
    #expect(answered.dropFirst().allSatisfy { $0[0].split(separator: " ")[1] == "7000" })
  }

  @Test func `the Dependency Descriptor is taken for video`() throws {
    let line = "a=extmap:12 \(ExtensionURI.dependencyDescriptor)\n"
    let text = try Offers.chromium.text(replacing: "a=mid:0\n", with: "a=mid:0\n" + line)
      .replacing("a=mid:1\n", with: "a=mid:1\n" + line)
    let offer = try OfferedSession(parsing: text)
    #expect(offer.sections[0].extensions.dependencyDescriptor == 0)
    #expect(offer.sections[1].extensions.dependencyDescriptor == 12)
  }

  @Test func `an extension of one direction in a section of both is taken, but not sent`() throws {
    let text = try Offers.firefoxSimulcast.text(replacing: "a=sendonly\n", with: "a=sendrecv\n")
    let section = try OfferedSession(parsing: text).sections[1]
    #expect(section.extensions.dependencyDescriptor == 8)
    #expect(section.extensions.offererSendsOnly == [8, 9, 10])
    #expect(section.extensions.egress == NegotiatedExtensions(mid: 3, allowsMixed: true))
    let video = try answer(to: OfferedSession(parsing: text)).render().sections[2]
    #expect(video.contains("a=extmap:8/recvonly \(ExtensionURI.dependencyDescriptor)"))
    #expect(video.contains("a=extmap:3 \(ExtensionURI.mid)"))
  }

  @Test func `identifiers that a header cannot carry are not taken`() throws {
    func extensions(_ replacement: String, mixed: Bool = true) throws -> NegotiatedExtensions {
      var text = try Offers.chromium.text(
        replacing: "a=extmap:4 \(ExtensionURI.mid)\n", with: replacement.isEmpty ? "" : replacement + "\n")
      if !mixed { text = text.replacing("a=extmap-allow-mixed\n", with: "") }
      return try OfferedSession(parsing: text).sections[0].extensions
    }
    #expect(try extensions("a=extmap:15 \(ExtensionURI.mid)").mid == 0)
    #expect(try extensions("a=extmap:16 \(ExtensionURI.mid)").mid == 16)
    #expect(try extensions("a=extmap:16 \(ExtensionURI.mid)", mixed: false).mid == 0)
    #expect(try extensions("a=extmap:4096 \(ExtensionURI.mid)").mid == 0)
    #expect(try extensions("a=extmap:4/recvonly \(ExtensionURI.mid)").mid == 0)
    #expect(try extensions("a=extmap:4/inactive \(ExtensionURI.mid)").mid == 0)
    #expect(try extensions("").mid == 0)
  }

  @Test(arguments: [
    ("a=group:BUNDLE 0 1 2\n", "a=group:BUNDLE 0 2\n", SDPError.Reason.notBundled),
    ("a=group:BUNDLE 0 1 2\n", "", .notBundled),
    ("a=rtcp-mux\n", "", .noRTCPMux),
    ("a=ice-ufrag:c42X\n", "", .noICECredentials),
    ("a=ice-pwd:V4NQvZJTVFVgFZLCgkxNkflY\n", "", .noICECredentials),
    ("a=fingerprint:sha-256", "a=fingerprint:sha-384", .noFingerprint),
    ("a=setup:actpass\n", "", .badSetup),
    ("UDP/TLS/RTP/SAVPF", "RTP/AVP", .noUsableMedia),
  ])
  func `an offer without what the relay requires is refused`(_ old: String, _ new: String, _ reason: SDPError.Reason)
    throws
  {
    let text = try Offers.chromium.text(replacing: old, with: new)
    #expect { try OfferedSession(parsing: text) } throws: { ($0 as? SDPError)?.reason == reason }
  }

  @Test func `an offer of a data channel alone has nothing to use`() {
    let text = "v=0\r\na=group:BUNDLE 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n"
    #expect(throws: SDPError(.noUsableMedia)) { try OfferedSession(parsing: text) }
  }
}
