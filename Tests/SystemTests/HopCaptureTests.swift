import ClientEngine
import E2EKeys
import HopCrypto
import SRTP
import Testing
import WireBytes

extension SystemTests {
  @Suite("what can be seen on the hop") struct HopCaptureTests {
    @Test(
      "no eight bytes of a frame are in any datagram, with or without the hop's encryption",
      arguments: SRTPProfile.allCases)
    func nothingReadable(_ profile: SRTPProfile) async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder)
      let invite = InviteSecret(random: .openSSL)
      let path = try HopPath()
      let watched = try Caller(0, in: invite, path: path, profiles: [profile])
      let other = try Caller(1, in: invite)
      for caller in [watched, other] {
        caller.keepFrames()
        try await caller.join(relay)
      }
      try await eventually("each gets two seconds of the other") {
        let (one, two) = (await watched.record, await other.record)
        return one.frames(from: 1, audio: true) > 100 && two.frames(from: 0, audio: true) > 100
          && one.frames(from: 1, audio: false) > 20 && two.frames(from: 0, audio: false) > 20
      }
      for caller in [watched, other] { caller.silence() }
      let records = [await watched.record, await other.record]
      #expect(records[0].profile == profile)
      #expect(records.allSatisfy { $0.strangeFrames == 0 })
      let capture = HopCapture(
        datagrams: path.captured, profile: profile, keys: try #require(await watched.hopKeys))
      let decrypted = try capture.decrypted()
      let raw = capture.datagrams.map(\.bytes)
      #expect(decrypted.count > 250)

      let plaintexts = ByteRuns(of: records.flatMap(\.plaintexts))
      #expect(plaintexts.count(in: decrypted) == 0)
      #expect(plaintexts.count(in: raw) == 0)
      let secret = try #require(Base64URL.decode(invite.text))
      #expect(ByteRuns(of: [secret, Array(invite.text.utf8)]).count(in: decrypted + raw) == 0)

      // The search finds what is there: sealed frames behind the hop's encryption, and not in front of it.
      let sealed = ByteRuns(of: records.flatMap(\.sealed))
      #expect(sealed.count(in: decrypted) > 50_000)
      #expect(sealed.count(in: raw) == 0)
      // And it would find a frame that was not sealed.
      let frame = try #require(records[0].plaintexts.first { $0.count < 1_000 })
      let leaking = try capture.adding(unsealed: frame)
      #expect(plaintexts.count(in: try leaking.decrypted()) == frame.count - ByteRuns.length + 1)
      #expect(plaintexts.count(in: leaking.datagrams.map(\.bytes)) == 0)
    }
  }
}
