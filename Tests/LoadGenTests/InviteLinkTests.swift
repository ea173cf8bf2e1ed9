import E2EKeys
import LoadGen
import Testing

@Suite struct InviteLinkTests {
  private static let secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

  @Test func `a bare secret is an invite without a relay`() throws {
    let link = try InviteLink(Self.secret)
    #expect(link.relay == nil && link.invite.text == Self.secret)
  }

  @Test(arguments: [
    "http://localhost:8080/#relay=ws%3A%2F%2F127.0.0.1%3A7443&invite=SECRET",
    "https://call.example/#invite=SECRET&relay=ws://127.0.0.1:7443",
    "HTTPS://call.example/a/b?x=y#later=1&relay=ws%3a%2f%2f127.0.0.1:7443&odd&invite=SECRET",
  ])
  func `a link gives the secret and the relay`(_ text: String) throws {
    let link = try InviteLink(text.replacing("SECRET", with: Self.secret))
    #expect(link.relay == "ws://127.0.0.1:7443" && link.invite.text == Self.secret)
  }

  @Test func `a link may leave the relay out`() throws {
    #expect(try InviteLink("http://h/#invite=\(Self.secret)").relay == nil)
  }

  @Test(arguments: [
    "", "short", "SECRETA", "SECRET=", "http://h/", "http://h/#", "http://h/#invite=", "http://h/#invite=short",
    "http://h/#relay=ws://h", "http://h/?invite=SECRET", "#invite=SECRET", "ftp://h/#invite=SECRET",
    "http://h/#invite=SECRET&invite=SECRET", "http://h/#invite=SECRET&relay=%", "http://h/#invite=SECRET&relay=%zz",
    "http://h/#invite=SECRET&relay=%ff", "http://h/#Invite=SECRET", "http://h/#invite=SECRET#",
  ])
  func `anything else is refused without repeating the secret`(_ text: String) {
    let error = #expect(throws: CommandError.self) { try InviteLink(text.replacing("SECRET", with: Self.secret)) }
    let description = error?.description ?? ""
    #expect(description.hasPrefix("--invite: ") && !description.contains(Self.secret.prefix(20)))
  }
}
