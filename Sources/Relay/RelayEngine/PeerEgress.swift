import CPrefetch
import SRTP
import WireBytes

/// What a packet to one peer needs of it: its address, its keys and the time of its reports. The peer and each of its
/// receive slots hold it, so that a copy on its way out asks for nothing else of the peer.
final class PeerEgress {
  /// The nominated address; nil until ICE has one, and again when consent is lost.
  var endpoint: Endpoint?
  var sender: SRTPSender?
  /// Whether no packet came from the peer or went to it for so long that it gets no reports: the next packet begins them.
  var reportsRest = true

  init() {}

  /// Protects the packet in the first `length` bytes, in place; returns its new length.
  func protect(_ buffer: inout MutableSpan<UInt8>, length: Int) throws(SRTPError) -> Int {
    guard let sender = unsafe borrowed else { throw .internalFailure }
    let outcome = unsafe sender._withUnsafeGuaranteedRef { sender -> Result<Int, SRTPError> in
      do throws(SRTPError) {
        return .success(try sender.protectRTP(&buffer, length: length))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  /// Protects a packet whose header is in `buffer` and whose payload lies elsewhere; returns its length.
  func protect(
    _ buffer: inout MutableSpan<UInt8>, headerLength: Int, payload: Span<UInt8>
  ) throws(SRTPError) -> Int {
    guard let sender = unsafe borrowed else { throw .internalFailure }
    let outcome = unsafe sender._withUnsafeGuaranteedRef { sender -> Result<Int, SRTPError> in
      do throws(SRTPError) {
        return .success(try sender.protectRTP(&buffer, headerLength: headerLength, payload: payload))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  /// See `LegPrefetch`.
  func prefetchSender() {
    if let sender = unsafe borrowed { unsafe cprefetch(sender.toOpaque(), 128) }
  }

  func prefetchKeys(stage: Int) {
    if let sender = unsafe borrowed { unsafe sender._withUnsafeGuaranteedRef { $0.prefetch(stage: stage) } }
  }

  /// The sender without a reference of its own, which would cost two atomic operations for each copy of a packet. Sound
  /// for as long as nothing is called that could replace `sender`; protecting calls nothing but the cipher.
  @inline(__always)
  private var borrowed: Unmanaged<SRTPSender>? {
    unsafe sender.map { unsafe Unmanaged.passUnretained($0) }
  }
}
