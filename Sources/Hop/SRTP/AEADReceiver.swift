import WireBytes

/// Opens what AES-GCM protects (RFC 7714), as `AEADSender` seals it. Confined to one queue.
struct AEADReceiver: ~Copyable {
  private let rtp: AEADContext
  private let rtcp: AEADContext
  private let streams = SRTPStreamTable()
  /// SSRCs that are let in; those of forged packets do not count.
  private let streamLimit: Int

  /// One that is never used, in a session of another profile.
  init() {
    rtp = AEADContext()
    rtcp = AEADContext()
    streamLimit = 0
  }

  init(
    _ keys: borrowing SRTPKeyingMaterial, of writer: SRTPWriter, streamLimit: Int, implementation: SRTPImplementation
  ) throws(SRTPError) {
    let rtp = try AEADContext(keys, of: writer, .rtp, seals: false, implementation: implementation)
    self.rtcp = try AEADContext(keys, of: writer, .rtcp, seals: false, implementation: implementation)
    self.rtp = rtp
    self.streamLimit = streamLimit
  }

  func unprotectRTP(
    _ buffer: inout MutableSpan<UInt8>, headerLength: Int, length: Int
  ) throws(SRTPError) -> Int {
    let ssrc = SRTPPacketBounds.ssrc(buffer, at: 8)
    let sequence = buffer.u16(at: 2)
    let known = unsafe try stream(ssrc)
    let index = unsafe known?.pointee.index(of: sequence) ?? UInt64(sequence)
    if let refusal = unsafe known?.pointee.rtp.refusal(of: index) { throw refusal }
    guard index < SRTPStream.indexLimit else { throw .keyExhausted }
    let end = length - AEADPacket.tagLength
    let packet = AEADContext.Packet(ssrc: ssrc, index: index, headerLength: headerLength)
    guard rtp.open(packet, &buffer, end: end) else { throw .authenticationFailed }
    // Only what is authentic moves the window or takes a place.
    unsafe (known ?? streams.insert(SRTPStream(ssrc: ssrc))).pointee.rtp.use(index)
    return end
  }

  func unprotectRTCP(_ buffer: inout MutableSpan<UInt8>, length: Int) throws(SRTPError) -> Int {
    let ssrc = SRTPPacketBounds.ssrc(buffer, at: 4)
    let trailer = (length - AEADPacket.rtcpIndexLength)..<length
    let word = buffer.u32(at: trailer.lowerBound)
    // WebRTC encrypts every RTCP packet (RFC 8827 section 6.5): one that claims to be clear is taken for forged.
    guard word & AEADPacket.rtcpEncrypted != 0 else { throw .authenticationFailed }
    let index = UInt64(word) & AEADPacket.rtcpIndexMask
    let known = unsafe try stream(ssrc)
    if let refusal = unsafe known?.pointee.rtcp.refusal(of: index) { throw refusal }
    let end = trailer.lowerBound - AEADPacket.tagLength
    let packet = AEADContext.Packet(
      ssrc: ssrc, index: index, headerLength: AEADPacket.rtcpHeaderLength, trailer: trailer)
    guard rtcp.open(packet, &buffer, end: end) else { throw .authenticationFailed }
    unsafe (known ?? streams.insert(SRTPStream(ssrc: ssrc))).pointee.rtcp.use(index)
    return end
  }

  /// The stream of an SSRC, nil when it is new and may come.
  @unsafe
  private func stream(_ ssrc: UInt32) throws(SRTPError) -> UnsafeMutablePointer<SRTPStream>? {
    let known = unsafe streams.find(ssrc)
    guard unsafe known != nil || streams.count < streamLimit else { throw .tooManyStreams }
    return unsafe known
  }
}
