import SFrame
package import WireBytes

/// A frame that was opened, and who sealed it. The epoch's keys say so, not the relay.
package struct OpenedFrame: Sendable, Equatable {
  package let member: MemberID
  package let stream: MediaStream
  package let epoch: UInt32
  package let counter: UInt64
  package let plaintext: [UInt8]
}

extension CallKeys {
  /// Seals one frame under the epoch in use. Throws `noKey`, `rekeyOverdue`, `closed` or `counterExhausted`.
  package func seal(_ frame: [UInt8], stream: MediaStream) throws(E2EError) -> [UInt8] {
    guard !isClosed else { throw .closed }
    guard !isSendingBlocked else { throw .rekeyOverdue }
    guard let sending else { throw .noKey }
    return try sending.seal(frame, from: ownJoinIndex, stream: stream)
  }

  /// Opens one frame by its key identifier alone. Throws `malformed`, `unknownKey`, `departedKey`, `replayed`,
  /// `authenticationFailed` or `closed`.
  package func open(_ sealed: [UInt8], at now: MonotonicInstant) throws(E2EError) -> OpenedFrame {
    guard !isClosed else { throw .closed }
    let header = try? SFrameHeader(parsing: sealed.span)
    do throws(E2EError) {
      guard let header else { throw .malformed }
      return try open(sealed, header: header, at: now)
    } catch {
      let failure = OpenFailure(cause: error, age: header.map { age(of: KeyIdentifier(kid: $0.kid).epoch) } ?? .none)
      metrics.openFailures[failure, default: 0] &+= 1
      if let header, error == .unknownKey || error == .authenticationFailed {
        requestKey(of: KeyIdentifier(kid: header.kid), at: now)
      }
      throw error
    }
  }

  private func open(
    _ sealed: [UInt8], header: SFrameHeader, at now: MonotonicInstant
  ) throws(E2EError) -> OpenedFrame {
    let identifier = KeyIdentifier(kid: header.kid)
    guard let stream = MediaStream(rawValue: identifier.stream) else { throw .malformed }
    guard identifier.joinIndex != ownJoinIndex else { throw .unknownKey }
    // Several keys for one epoch are rivals of a race: rare and few, so each is tried.
    var failure = E2EError.unknownKey
    for epoch in epochs where epoch.epoch == identifier.epoch && epoch.retireAt > now {
      guard let sender = epoch.senders[identifier.joinIndex] else { continue }
      guard log?.member(sender.id) != nil else { throw .departedKey }
      do {
        let plaintext = try epoch.open(sealed, header: header, joinIndex: identifier.joinIndex)
        return OpenedFrame(
          member: sender.id, stream: stream, epoch: epoch.epoch, counter: header.ctr, plaintext: plaintext)
      } catch {
        if error == .replayed { throw error }
        failure = error
      }
    }
    throw failure
  }

  /// Asks a frame's sender for its key, if the frame is of an epoch that this member should have: its commit was lost, or
  /// its maker died with it half delivered. Call it for a frame that waits for its key; `open` does it by itself.
  package func requestKey(ofFrame sealed: [UInt8], at now: MonotonicInstant) {
    guard !isClosed, let header = try? SFrameHeader(parsing: sealed.span) else { return }
    requestKey(of: KeyIdentifier(kid: header.kid), at: now)
  }

  private func requestKey(of identifier: KeyIdentifier, at now: MonotonicInstant) {
    // Frames are the relay's to forge, so this is bounded; and a joiner's first key is on its way unasked.
    guard now >= joinedAt + Self.transitionGrace, now >= mayRequestKeyAt, identifier.epoch >= sending?.epoch ?? 0,
      let sender = log?.member(joinIndex: identifier.joinIndex), sender.isEligible, !sender.isSelf
    else { return }
    mayRequestKeyAt = now + Self.keyRequestInterval
    requestEpoch(from: sender, at: now)
  }

  private static let keyRequestInterval = TimeInterval.milliseconds(250)

  private func age(of epoch: UInt32) -> EpochAge {
    guard let sending else { return .none }
    if epoch >= sending.epoch { return epoch == sending.epoch ? .current : .future }
    return epoch == sending.epoch - 1 ? .previous : .older
  }
}
