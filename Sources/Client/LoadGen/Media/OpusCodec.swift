import COpus
import COpusShims

/// libopus as the load generator uses it: mono speech at 48 kHz in packets of 20 ms, with in-band FEC.
@safe
package final class OpusEncoder20ms {
  package static let samplesPerPacket = 960
  private let encoder: OpaquePointer

  /// Packets of this size or less stand for silence and need not be sent (`OPUS_SET_DTX`).
  static let unsentSize = 2

  /// `leavesOutSilence`: discontinuous transmission. Nil when libopus cannot make an encoder, which means that memory is
  /// exhausted.
  package init?(bitrate: Int32 = 32_000, leavesOutSilence: Bool = false) {
    var status: Int32 = 0
    guard let encoder = unsafe opus_encoder_create(48_000, 1, OPUS_APPLICATION_VOIP, &status) else {
      return nil
    }
    unsafe self.encoder = encoder
    guard unsafe opus_shims_configure_speech(encoder, bitrate, 5) == 0 else { return nil }
    if leavesOutSilence { guard unsafe opus_shims_enable_dtx(encoder) == 0 else { return nil } }
  }

  deinit { unsafe opus_encoder_destroy(encoder) }

  /// Samples at 48 kHz by which the encoder delays its input.
  package var lookahead: UInt16 { UInt16(clamping: unsafe opus_shims_lookahead(encoder)) }

  /// Encodes exactly 960 samples; empty on an encoder error.
  package func encode(_ samples: ArraySlice<Int16>) -> [UInt8] {
    precondition(samples.count == Self.samplesPerPacket)
    var packet = [UInt8](repeating: 0, count: 1275)
    let count = unsafe opus_encode(
      encoder, Array(samples), Int32(Self.samplesPerPacket), &packet, Int32(packet.count))
    return count > 0 ? Array(packet.prefix(Int(count))) : []
  }
}

/// Decodes what was received, to show that it is sound and not noise.
@safe
package final class OpusDecoder48k {
  private let decoder: OpaquePointer

  package init?() {
    var status: Int32 = 0
    guard let decoder = unsafe opus_decoder_create(48_000, 1, &status) else { return nil }
    unsafe self.decoder = decoder
  }

  deinit { unsafe opus_decoder_destroy(decoder) }

  /// The packet's samples; nil if it is not a valid Opus packet.
  package func decode(_ packet: [UInt8]) -> [Int16]? {
    var samples = [Int16](repeating: 0, count: 5760)
    let count = unsafe opus_decode(
      decoder, packet, Int32(packet.count), &samples, Int32(samples.count), 0)
    return count >= 0 ? Array(samples.prefix(Int(count))) : nil
  }
}
