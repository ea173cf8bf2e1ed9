import DTLS
import HopCrypto
import ICE
import RTP
import RelayEngine
import SDP
import SRTP
import Signaling
import WireBytes

/// A client reduced to its hop: enough to bring a peer of the engine up and to seal packets for it.
///
/// It costs nothing while the engine is measured: what it sends is protected before the clock starts.
final class BenchPeer {
  let connection: ConnectionID
  let endpoint: Endpoint
  let ssrc: SSRC
  private let identity: DTLSIdentity
  private let credentials: ICECredentials
  private var ice: ICEClientAgent
  private var dtls: DTLSSession?
  private(set) var sender: SRTPSender?
  private let slots: Int

  init(number: Int, slots: Int, at address: Endpoint? = nil) throws {
    connection = ConnectionID(rawValue: UInt64(number) + 1)
    endpoint = address ?? Endpoint(ipv4: 0x7F00_0001, port: UInt16(20_000 + number))
    ssrc = SSRC(0x1000_0000 + UInt32(number))
    identity = try DTLSIdentity()
    credentials = ICECredentials.random(.openSSL)
    ice = ICEClientAgent(local: credentials, tieBreaker: UInt64(number), random: .openSSL)
    self.slots = slots
  }

  /// Joins the room, negotiates, and completes ICE and DTLS with the engine.
  func connect(to engine: ShardEngine, room: RoomID, batch: EgressBatch, at now: inout MonotonicInstant) throws {
    var bundle = Array("bench".utf8)
    bundle.append(u64: connection.rawValue)
    let join = Join(room: room, token: nil, bundle: Blob(bundle))
    engine.handle(
      .join(connection, AdmittedJoin(join: join, canPublish: true, canSubscribe: true)), at: now, into: batch)
    var sections = [ClientOffer.Section(mid: "0", kind: .video, sends: true, ssrc: ssrc, rtxSSRC: nil, rids: [])]
    for slot in 0..<slots {
      sections.append(
        ClientOffer.Section(mid: "\(slot + 1)", kind: .video, sends: false, ssrc: nil, rtxSSRC: nil, rids: []))
    }
    let offer = ClientOffer(
      iceUfrag: credentials.ufrag, icePwd: credentials.pwd, fingerprint: identity.fingerprint, setup: .actpass,
      sections: sections)
    engine.handle(.offer(connection, try OfferedSession(parsing: offer.render())), at: now, into: batch)
    for event in engine.takeEvents() {
      guard case .answer(let id, let answer) = event, id == connection else { continue }
      ice.setRemote(ICECredentials(ufrag: answer.iceUfrag, pwd: answer.icePwd), candidates: answer.candidates, at: now)
      let session = try DTLSSession(role: .client, identity: identity, peerFingerprint: answer.fingerprint)
      dtls = session
    }
    var started = false
    for _ in 0..<400 where sender == nil {
      now = now + .milliseconds(5)
      ice.expire(at: now)
      if ice.selected != nil, !started, let dtls {
        started = true
        try dtls.start(at: now)
      }
      exchange(with: engine, batch: batch, at: now)
      if let dtls, dtls.isConnected { sender = try dtls.makeSRTP().sender }
    }
    guard sender != nil else { throw BenchError.noHop }
    _ = engine.takeEvents()
  }

  func publish(on engine: ShardEngine, batch: EgressBatch, at now: MonotonicInstant) {
    let track = Publish.Track(id: "camera", source: .camera, mid: "0")
    engine.handle(.message(connection, .publish(Publish(tracks: [track]))), at: now, into: batch)
    _ = engine.takeEvents()
  }

  private func exchange(with engine: ShardEngine, batch: EgressBatch, at now: MonotonicInstant) {
    while let (datagram, _) = ice.nextTransmit() { deliver(datagram, to: engine, batch: batch, at: now) }
    while let datagram = dtls?.nextDatagram() { deliver(datagram, to: engine, batch: batch, at: now) }
    for index in 0..<batch.count {
      let entry = batch[index]
      if entry.destination == endpoint {
        engine.slab.read(entry.slot) { bytes in
          switch DatagramKind(bytes) {
          case .stun: try? ice.receive(bytes, from: engine.configuration.advertised[0], at: now)
          case .dtls: try? dtls?.receive(bytes, at: now)
          default: break
          }
        }
      }
      engine.slab.release(entry.slot)
    }
    batch.removeAll()
  }

  private func deliver(_ datagram: [UInt8], to engine: ShardEngine, batch: EgressBatch, at now: MonotonicInstant) {
    guard let slot = engine.slab.take() else { return }
    engine.slab.fill(slot, with: datagram)
    engine.receive(slot, from: endpoint, at: now, into: batch)
  }
}
