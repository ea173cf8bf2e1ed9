package import ArgumentParser
import E2EKeys
import FoundationEssentials
import WireBytes

/// `sfu-loadgen join`.
package struct JoinCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "join",
    abstract: "Joins a call that people are in, with bots that show moving pictures and speak.",
    discussion: """
      The invite is the call page's link or the secret in it. The bots stay until the duration is over or the program \
      is told to end (Ctrl-C), and leave as people do. Lines on standard output say who is in the call, and at the end \
      what each bot received of whom. The exit code is 0 if every bot was in the call until the end.
      """)

  @Option(help: "The call page's link, or the secret alone together with --relay.")
  var invite: String
  @Option(help: "The relay's signalling, ws://HOST:PORT or wss://HOST:PORT. Default: the one that the link names.")
  var relay: String?
  @Option(help: "SHA-256 of the relay's certificate (hex), for a self-signed one.")
  var fingerprint: String?
  @Flag(help: "Accept any certificate of the relay. The end-to-end layer holds all the same.")
  var insecure = false
  @Option(help: "Join token for the call's room, if the relay wants one. Default: the link's.")
  var token: String?
  @Option(help: "Number of bots.")
  var participants = 3
  @Option(help: "How long they stay: 30s, 2m, 1h. Default: until the program is told to end.")
  var duration: String?
  @Option(help: "What the bots are called, with their number after it.")
  var name = "Bot"
  @Option(help: "Bots that speak at the same time, in turn.")
  var talkers = 1
  @Flag(name: .customLong("no-audio"), help: "Send no sound.")
  var noAudio = false
  @Flag(name: .customLong("no-video"), help: "Send no pictures.")
  var noVideo = false
  @Option(help: "File for the summary as JSON.")
  var json: String?

  package init() {}

  package func run() async throws {
    let plan = try plan()
    if let json { try FileBytes.checkWritable(json) }
    let report = try await JoinRun(plan, say: { StandardOutput.write($0 + "\n") }).run()
    StandardOutput.write(report.text)
    if let json { try FileBytes.write(report.json, to: json) }
    if !report.gave_up.isEmpty { throw ExitCode(1) }
  }

  /// From flags to a plan: everything is checked before anything starts.
  package func plan() throws(CommandError) -> JoinPlan {
    let link = try InviteLink(invite)
    var plan = JoinPlan(invite: link.invite, relay: try address(link))
    guard (1...64).contains(participants) else {
      throw CommandError("--participants \(participants): 1 to 64 are allowed")
    }
    guard !(noAudio && noVideo) else { throw CommandError("--no-audio --no-video: bots send sound, pictures or both") }
    guard (1...participants).contains(talkers) else {
      throw CommandError("--talkers \(talkers): 1 to the number of bots are allowed")
    }
    guard Profile(name: "\(name) \(participants)") != nil, !name.allSatisfy(\.isWhitespace) else {
      throw CommandError("--name: one line of text, with the number up to \(Profile.maximumName) bytes")
    }
    if let duration {
      guard let length = CallCommand.parseDuration(duration), length.seconds >= 1, length.seconds <= 86_400 else {
        throw CommandError("--duration \(duration): a time such as 30s, 2m or 1h, 1 s to 24 h")
      }
      plan.duration = length
    }
    plan.participants = participants
    plan.namePrefix = name
    plan.token = token ?? link.token
    plan.talkers = talkers
    plan.sendsAudio = !noAudio
    plan.sendsVideo = !noVideo
    return plan
  }

  /// --relay goes before the relay in the link, which may be known by another address here.
  private func address(_ link: InviteLink) throws(CommandError) -> RelayAddress {
    guard let url = relay ?? link.relay else {
      throw CommandError("--relay: is needed, since the invite names no relay")
    }
    let trust = try RelayAddress.Trust(fingerprint: fingerprint, insecure: insecure)
    guard let address = RelayAddress(url: url, trust: trust) else {
      let place = relay == nil ? "the relay in the link" : "--relay"
      throw CommandError("\(place) \(url): ws://HOST:PORT or wss://HOST:PORT")
    }
    return address
  }
}
