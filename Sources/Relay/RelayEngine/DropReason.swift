/// Every way in which the relay loses a packet, each with a counter of its own.
package enum DropReason: UInt8, CaseIterable, Sendable {
  case slabExhausted
  case batchFull
  case unknownProtocol
  case unknownEndpoint
  case stunMalformed
  case stunUnknownUser
  case stunUnauthenticated
  case dtlsBeforeICE
  case dtlsBacklogFull
  case dtlsFailed
  case srtpBeforeDTLS
  case srtpAuthentication
  case srtpReplay
  case srtpInvalid
  case rtpMalformed
  case rtpTooLong
  case rtcpMalformed
  case unknownSSRC
  case wrongPayloadType
  case missingDependencyDescriptor
  case notPublished
  case paddingOnly
  case lateForSlot
  case protectFailed
  case linkFull
  case linkUnknownTrack

  /// The value of the `reason` label.
  package var label: String {
    switch self {
    case .slabExhausted: "slab_exhausted"
    case .batchFull: "batch_full"
    case .unknownProtocol: "unknown_protocol"
    case .unknownEndpoint: "unknown_endpoint"
    case .stunMalformed: "stun_malformed"
    case .stunUnknownUser: "stun_unknown_user"
    case .stunUnauthenticated: "stun_unauthenticated"
    case .dtlsBeforeICE: "dtls_before_ice"
    case .dtlsBacklogFull: "dtls_backlog_full"
    case .dtlsFailed: "dtls_failed"
    case .srtpBeforeDTLS: "srtp_before_dtls"
    case .srtpAuthentication: "srtp_authentication"
    case .srtpReplay: "srtp_replay"
    case .srtpInvalid: "srtp_invalid"
    case .rtpMalformed: "rtp_malformed"
    case .rtpTooLong: "rtp_too_long"
    case .rtcpMalformed: "rtcp_malformed"
    case .unknownSSRC: "unknown_ssrc"
    case .wrongPayloadType: "wrong_payload_type"
    case .missingDependencyDescriptor: "missing_dependency_descriptor"
    case .notPublished: "not_published"
    case .paddingOnly: "padding_only"
    case .lateForSlot: "late_for_slot"
    case .protectFailed: "protect_failed"
    case .linkFull: "link_full"
    case .linkUnknownTrack: "link_unknown_track"
    }
  }
}
