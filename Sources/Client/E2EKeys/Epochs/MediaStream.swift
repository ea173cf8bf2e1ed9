package import Signaling
import SFrame

/// One counter space of a sender: the low 8 bits of its SFrame key identifiers.
package enum MediaStream: UInt8, Sendable, Hashable, CaseIterable {
  case microphone = 0
  case screenAudio = 1
  /// Camera encodings, lowest quality first.
  case camera0 = 8
  case camera1 = 9
  case camera2 = 10
  /// Screen encodings, lowest quality first.
  case screen0 = 16
  case screen1 = 17
  case screen2 = 18

  /// `encoding` counts simulcast encodings from the lowest, 0...2; audio has one.
  package init(source: TrackSource, encoding: Int = 0) {
    let index = UInt8(min(max(encoding, 0), 2))
    switch source {
    case .microphone: self = .microphone
    case .screenAudio: self = .screenAudio
    case .camera: self = MediaStream(rawValue: 8 + index) ?? .camera0
    case .screen: self = MediaStream(rawValue: 16 + index) ?? .screen0
    }
  }

  package var source: TrackSource {
    switch rawValue {
    case 0: .microphone
    case 1: .screenAudio
    case 8...10: .camera
    default: .screen
    }
  }
}

/// The SFrame key identifier: `epoch (32 bits) | sender's join index (24 bits) | stream (8 bits)`.
///
/// Unique per sender, epoch and stream, so that each has a key and a counter space of its own.
struct KeyIdentifier: Hashable {
  static let maximumJoinIndex: UInt32 = 0xFF_FFFF

  let epoch: UInt32
  let joinIndex: UInt32
  let stream: UInt8

  init(epoch: UInt32, joinIndex: UInt32, stream: UInt8) {
    self.epoch = epoch
    self.joinIndex = joinIndex & Self.maximumJoinIndex
    self.stream = stream
  }

  init(kid: UInt64) {
    epoch = UInt32(truncatingIfNeeded: kid >> 32)
    joinIndex = UInt32(truncatingIfNeeded: kid >> 8) & Self.maximumJoinIndex
    stream = UInt8(truncatingIfNeeded: kid)
  }

  var kid: UInt64 { UInt64(epoch) << 32 | UInt64(joinIndex) << 8 | UInt64(stream) }
}
