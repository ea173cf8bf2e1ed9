/// A WebSocket frame from a client, unmasked (RFC 6455 section 5.2).
struct InboundFrame: Sendable {
  enum Opcode: Sendable, Equatable { case continuation, text, binary, close, ping, pong, reserved }

  var opcode: Opcode
  var isFinal = true
  /// Whether it came masked, as every frame from a client must (RFC 6455 section 5.1).
  var isMasked = true
  /// Reserved bits belong to extensions; none was negotiated.
  var hasReservedBits = false
  var payload: [UInt8]
}
