import ClientEngine
import DTLS
import ICE
import RTP
import SDP
import WireBytes

// Between session descriptions and legs, the same for every server.

extension MediaLeg {
  /// The identifiers that every offer of a load test's legs has.
  static let extensionIDs: HeaderExtensionIDs = {
    var ids = HeaderExtensionIDs()
    ids.mid = ClientOffer.extensions.mid
    ids.audioLevel = ClientOffer.extensions.audioLevel
    ids.dependencyDescriptor = ClientOffer.extensions.dependencyDescriptor
    return ids
  }()
}

extension ClientOffer.Section {
  /// What a member sends, then its receive slots.
  static func sections(of plan: MemberPlan, _ local: MediaLeg.Local) -> [Self] {
    var sections: [Self] = []
    func add(_ kind: MediaKind, sends: Bool, ssrc: SSRC? = nil, rtxSSRC: SSRC? = nil) {
      sections.append(
        Self(mid: String(sections.count), kind: kind, sends: sends, ssrc: ssrc, rtxSSRC: rtxSSRC))
    }
    if plan.audio != nil { add(.audio, sends: true, ssrc: local.audioSSRC) }
    if plan.video != nil { add(.video, sends: true, ssrc: local.videoSSRC, rtxSSRC: local.repairSSRC) }
    for _ in 0..<plan.audioSlots { add(.audio, sends: false) }
    for _ in 0..<plan.videoSlots { add(.video, sends: false) }
    return sections
  }
}

extension AnsweredSession {
  /// The sending sections of the offer, which come first, with the payload types that were agreed on.
  func parts(of plan: MemberPlan) -> [SendPart] {
    let shapes = [plan.audio, plan.video].compactMap(\.self)
    return zip(shapes, sections).compactMap { shape, section in
      section.payloadType.map { SendPart(shape: shape, mid: section.mid, payloadType: $0) }
    }
  }
}

extension MediaLeg.Remote {
  /// From an answer to an offer of ours.
  init(_ answer: AnsweredSession) {
    self.init(
      credentials: ICECredentials(ufrag: answer.iceUfrag, pwd: answer.icePwd), candidates: answer.candidates,
      fingerprint: answer.fingerprint, role: answer.setup == .active ? .server : .client,
      repairTypes: Set(answer.sections.compactMap { $0.rtxPayloadType?.rawValue }))
  }
}
