import ICE
import WireBytes

/// All peers of a shard, found by index, by address and by ICE user name fragment.
struct PeerTable {
  private var places: [Peer?] = []
  private var generations: [UInt32] = []
  private var free: [Int] = []
  private var byEndpoint: [Endpoint: Peer] = [:]
  private var byUfrag: [String: Peer] = [:]
  private(set) var count = 0

  /// Reserves a place for a peer that is about to be made.
  mutating func reserve() -> PeerIndex {
    if let position = free.popLast() { return PeerIndex(position: position, generation: generations[position]) }
    places.append(nil)
    generations.append(0)
    return PeerIndex(position: places.count - 1, generation: 0)
  }

  mutating func insert(_ peer: Peer) {
    places[peer.index.position] = peer
    count += 1
  }

  mutating func remove(_ peer: Peer) {
    let position = peer.index.position
    places[position] = nil
    generations[position] &+= 1
    free.append(position)
    count -= 1
    for endpoint in peer.knownEndpoints { byEndpoint[endpoint] = nil }
    if let credentials = peer.localCredentials { byUfrag[credentials.ufrag] = nil }
  }

  subscript(index: PeerIndex) -> Peer? {
    guard index.position < places.count, generations[index.position] == index.generation else { return nil }
    return places[index.position]
  }

  subscript(endpoint: Endpoint) -> Peer? { byEndpoint[endpoint] }
  subscript(ufrag ufrag: String) -> Peer? { byUfrag[ufrag] }

  mutating func bind(ufrag: String, replacing old: String?, to peer: Peer) {
    if let old { byUfrag[old] = nil }
    byUfrag[ufrag] = peer
  }

  /// Binds an address whose ICE check was authenticated. A peer keeps few addresses: the oldest goes first, and an
  /// address that another peer used (a NAT that gave it away) changes hands.
  mutating func bind(_ endpoint: Endpoint, to peer: Peer) {
    if let owner = byEndpoint[endpoint] {
      guard owner !== peer else { return }
      owner.knownEndpoints.removeAll { $0 == endpoint }
    }
    byEndpoint[endpoint] = peer
    peer.knownEndpoints.append(endpoint)
    if peer.knownEndpoints.count > 8, let oldest = peer.knownEndpoints.first(where: { $0 != peer.endpoint }) {
      peer.knownEndpoints.removeAll { $0 == oldest }
      byEndpoint[oldest] = nil
    }
  }

  /// Every peer; for scrapes and draining, not for packets.
  var all: [Peer] { places.compactMap { $0 } }
}
