package import E2EKeys
package import WireBytes

/// What to simulate.
package struct CallScenario: Sendable {
  package var rooms = 1
  /// In each room.
  package var participants = 8
  package var duration = TimeInterval.seconds(30)
  package var audio: AudioInput = .generated
  package var video: VideoInput = .generated(.hd)
  /// Joins and leaves per minute and room, in turn; 0 for none.
  package var churnPerMinute = 0.0
  /// What everyone demands of keys.
  package var policy = KeyPolicy()
  /// Members of a room that talk at the same time; nil for the default.
  package var wantedTalkers: Int?
  package var recordFolder: String?
  package var seed: UInt64 = 1
  package var token: String?
  /// The one room's call; nil for new calls.
  package var invite: InviteSecret?
  package var thresholds = Thresholds()

  package init() {}

  package enum AudioInput: Sendable {
    case off
    case generated
    case file(String)
  }

  package enum VideoInput: Sendable {
    case off
    case generated(VideoGenerator.Shape)
    case file(String)
  }

  /// The moments, from the start of the measured time, at which someone joins or leaves.
  package var churnEvents: [(at: TimeInterval, kind: ChurnKind)] {
    guard churnPerMinute > 0 else { return [] }
    let interval = 60 / churnPerMinute
    var events: [(at: TimeInterval, kind: ChurnKind)] = []
    var moment = interval / 2
    // The last two seconds stay quiet, so that the last change can converge before the count.
    while moment < duration.seconds - 2 {
      events.append(
        (TimeInterval(nanoseconds: UInt64(moment * 1e9)), events.count.isMultiple(of: 2) ? .join : .leave))
      moment += interval
    }
    return events
  }

  /// Rooms up to this size hear everyone all the time: the hardest case for a relay.
  private static let openRoom = 32
  /// In larger ones somebody listens. Four at a time is a lively conversation.
  private static let largeRoomTalkers = 4

  /// Members of a room that talk at the same time; the others send what their encoder makes of silence.
  package var talkers: Int {
    min(participants, wantedTalkers ?? (participants <= Self.openRoom ? participants : Self.largeRoomTalkers))
  }

  /// Receive slots that a participant asks for: one for everyone else who can be there at the same time, and one more,
  /// since a slot of someone who left may still be taken. A join comes before each leave.
  package var receiveSlots: Int { participants + (churnEvents.isEmpty ? 0 : 1) }

  package enum ChurnKind: Sendable { case join, leave }
}
