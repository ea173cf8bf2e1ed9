import ArgumentParser
import LoadGen
import Testing
import WireBytes

@Suite struct JoinCommandTests {
  private static let secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
  private static let link = "http://localhost:8080/#relay=ws%3A%2F%2F127.0.0.1%3A7443&invite=\(secret)"

  private func plan(_ arguments: [String]) throws -> JoinPlan { try JoinCommand.parse(arguments).plan() }

  @Test func `a link alone is enough`() throws {
    let plan = try plan(["--invite", Self.link])
    #expect(plan.relay.authority == "127.0.0.1:7443" && !plan.relay.isTLS)
    #expect(plan.participants == 3 && plan.duration == nil && plan.talkers == 1)
    #expect(plan.sendsAudio && plan.sendsVideo && plan.token == nil)
    #expect((1...3).map { plan.name(of: $0) } == ["Bot 1", "Bot 2", "Bot 3"])
  }

  @Test func `a token in the link is used unless another is given`() throws {
    let link = Self.link + "&token=a.b-c"
    #expect(try plan(["--invite", link]).token == "a.b-c")
    #expect(try plan(["--invite", link, "--token", "other"]).token == "other")
  }

  @Test func `flags are taken over, and --relay goes before the link's`() throws {
    let plan = try plan([
      "--invite", Self.link, "--relay", "wss://relay.example:7444", "--participants", "2", "--duration", "2m",
      "--name", "Robot Ä", "--talkers", "2", "--no-video", "--token", "t", "--insecure",
    ])
    #expect(plan.relay.authority == "relay.example:7444" && plan.relay.isTLS)
    #expect(plan.participants == 2 && plan.duration == .seconds(120) && plan.talkers == 2)
    #expect(plan.sendsAudio && !plan.sendsVideo && plan.token == "t" && plan.name(of: 2) == "Robot Ä 2")
  }

  @Test(arguments: [
    (["--invite", secret], "--relay: is needed"), (["--invite", secret, "--relay", "h:1"], "--relay h:1: ws://"),
    (["--invite", "http://h/#relay=gopher&invite=\(secret)"], "the relay in the link gopher: ws://"),
    (["--invite", link, "--participants", "0"], "--participants 0: 1 to 64"),
    (["--invite", link, "--participants", "65"], "--participants 65: 1 to 64"),
    (["--invite", link, "--talkers", "4"], "--talkers 4: "), (["--invite", link, "--talkers", "0"], "--talkers 0: "),
    (["--invite", link, "--no-audio", "--no-video"], "--no-audio --no-video"),
    (["--invite", link, "--duration", "x"], "--duration x: "),
    (["--invite", link, "--duration", "25h"], "--duration 25h"),
    (["--invite", link, "--duration", "10ms"], "--duration 10ms"), (["--invite", link, "--name", " "], "--name: "),
    (["--invite", link, "--name", "a\nb"], "--name: "), (["--invite", link, "--name", "\u{202E}x"], "--name: "),
    (["--invite", link, "--name", String(repeating: "x", count: 127)], "--name: "),
    (["--invite", link, "--fingerprint", "00"], "--fingerprint 00: 64 hex digits"),
  ])
  func `a wrong flag is named with what is allowed`(_ arguments: [String], _ start: String) throws {
    let error = #expect(throws: CommandError.self) { try plan(arguments) }
    #expect(error?.description.hasPrefix(start) == true, "\(error?.description ?? "")")
  }
}
