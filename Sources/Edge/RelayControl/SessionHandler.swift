import NIOCore
import NIOWebSocket
import RelayEngine
import Signaling
import WireBytes

/// Carries out on one WebSocket what its `SessionMachine` decides. Confined to the channel's event loop.
final class SessionHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private var machine: SessionMachine
  private let gateway: any EngineGateway
  private let meter: ControlMeter
  private let now: @Sendable () -> MonotonicInstant
  private let maxQueuedBytes: Int

  private var context: ChannelHandlerContext?
  /// Where the member of the last join is.
  private var shard = 0
  private var timer: Scheduled<Void>?
  private var timerDeadline = MonotonicInstant.never
  /// Bytes written but not yet taken by the kernel.
  private var queuedBytes = 0
  private var willFlush = false
  /// Completes with the last frame that was written.
  private var lastWrite: EventLoopFuture<Void>?

  init(
    machine: consuming SessionMachine, gateway: any EngineGateway, meter: ControlMeter,
    now: @escaping @Sendable () -> MonotonicInstant
  ) {
    maxQueuedBytes = machine.limits.maxQueuedBytes
    self.machine = machine
    self.gateway = gateway
    self.meter = meter
    self.now = now
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    meter.update {
      $0.accepted += 1
      $0.connections += 1
    }
    arm()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    perform(machine.gone())
    self.context = nil
    meter.update { $0.connections -= 1 }
  }

  func channelInactive(context: ChannelHandlerContext) {
    perform(machine.gone())
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    perform(machine.receive(InboundFrame(unwrapInboundIn(data)), at: now()))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error as? NIOWebSocketError {
    case .invalidFrameLength:
      perform(machine.oversize(at: now()))
    case .fragmentedControlFrame, .multiByteControlFrameLength:
      perform(machine.brokenFrame(at: now()))
    case nil:
      // After a broken frame the decoder reports every further byte; the goodbye is on its way and must not be cut.
      if error is ByteToMessageDecoderError { return }
      // Clients that vanish without closing TLS come here too: one more way for a connection to end.
      context.close(promise: nil)
    }
  }

  func receive(_ event: EngineEvent) { perform(machine.receive(event, at: now())) }

  /// A message that goes to others as well: `text` is what all of them are sent.
  func receive(_ message: RelayMessage, inWords text: ByteBuffer) {
    perform(machine.receive(.send(machine.connection, message), at: now()), text: text)
  }

  func shutdown() { perform(machine.shutdown(at: now())) }
}

/// Actions.
extension SessionHandler {
  private func perform(_ actions: [SessionAction], text: ByteBuffer? = nil) {
    for action in actions { perform(action, text: text) }
    if queuedBytes > maxQueuedBytes {
      for action in machine.overflow(at: now()) { perform(action) }
    }
    arm()
  }

  private func perform(_ action: SessionAction, text: ByteBuffer? = nil) {
    switch action {
    case .join(var join):
      let seat = gateway.place(join.join)
      shard = seat.shard
      join.home = seat.home
      gateway.submit(.join(machine.connection, join), shard: shard)
    case .submit(let command):
      gateway.submit(command, shard: shard)
    case .send(let message):
      let text = text ?? ByteBuffer(bytes: SignalingText.encode(message))
      meter.update { $0.addSent(message, bytes: text.readableBytes) }
      write(.text, text)
    case .ping: write(.ping, ByteBuffer())
    case .pong(let payload): write(.pong, ByteBuffer(bytes: payload))
    case .close(let code): write(.connectionClose, ByteBuffer(integer: code))
    case .finish: finish()
    case .abort: context?.close(promise: nil)
    case .count(let count): meter.update { $0.add(count) }
    }
  }

  private func write(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) {
    guard let context else { return }
    let size = payload.readableBytes
    queuedBytes += size
    let frame = WebSocketFrame(fin: true, opcode: opcode, data: payload)
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { [self] _ in queuedBytes -= size }
    lastWrite = written.futureResult
    context.write(wrapOutboundOut(frame), promise: written)
    flushSoon()
  }

  /// One flush for all messages of one turn of the loop: a joining member is told much at once.
  private func flushSoon() {
    guard !willFlush, let context else { return }
    willFlush = true
    context.eventLoop.assumeIsolated().execute { [self] in
      willFlush = false
      self.context?.flush()
    }
  }

  /// Closing at once would drop what is still queued.
  private func finish() {
    guard let context else { return }
    context.flush()
    guard let lastWrite else { return context.close(promise: nil) }
    lastWrite.assumeIsolated().whenComplete { [self] _ in self.context?.close(promise: nil) }
  }

  /// Sets the timer to the machine's next deadline. Deadlines move with every frame; a timer that fires too early only
  /// looks again.
  private func arm() {
    let deadline = machine.nextDeadline
    guard let context, deadline < timerDeadline else { return }
    timer?.cancel()
    timerDeadline = deadline
    // Rounded up: a timer that fires a fraction early would turn round and round until the deadline.
    let wait = Int64(clamping: deadline.nanoseconds(since: now())).addingReportingOverflow(1).partialValue
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(max(wait, 1))) { [self] in
      timerDeadline = .never
      perform(machine.expire(at: now()))
    }
  }
}

extension InboundFrame {
  fileprivate init(_ frame: WebSocketFrame) {
    let opcode: Opcode =
      switch frame.opcode {
      case .continuation: .continuation
      case .text: .text
      case .binary: .binary
      case .connectionClose: .close
      case .ping: .ping
      case .pong: .pong
      default: .reserved
      }
    self.init(
      opcode: opcode, isFinal: frame.fin, isMasked: frame.maskKey != nil,
      hasReservedBits: frame.rsv1 || frame.rsv2 || frame.rsv3, payload: Array(frame.unmaskedData.readableBytesView))
  }
}
