package import ArgumentParser
import E2EKeys
import HopCrypto
import WireBytes

/// `sfu-loadgen invite`.
package struct InviteCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "invite",
    abstract: "Makes the secret of a new call and prints it with the room that a join token must name.",
    discussion: """
      The relay only ever sees the room. Who has the secret can join the call and is then seen by everyone in it.
      """)

  package init() {}

  package func run() {
    let invite = InviteSecret(random: .openSSL)
    print("invite: \(invite.text)")
    print("room: \(invite.room.text)")
  }
}
