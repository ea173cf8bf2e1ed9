/// A WebSocket frame from a client, unmasked (RFC 6455 section 5.2).
package struct InboundFrame: Sendable {
  package enum Opcode: Sendable, Equatable { case continuation, text, binary, close, ping, pong, reserved }

  package var opcode: Opcode
  package var isFinal: Bool
  /// Whether it came masked, as every frame from a client must (RFC 6455 section 5.1).
  package var isMasked: Bool
  /// Reserved bits belong to extensions; none was negotiated.
  package var hasReservedBits: Bool
  package var payload: [UInt8]

  package init(
    opcode: Opcode, isFinal: Bool = true, isMasked: Bool = true, hasReservedBits: Bool = false, payload: [UInt8]
  ) {
    self.opcode = opcode
    self.isFinal = isFinal
    self.isMasked = isMasked
    self.hasReservedBits = hasReservedBits
    self.payload = payload
  }
}
