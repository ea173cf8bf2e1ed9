import NIOCore

/// The servers that a bench run measures side by side.
struct BenchArms: Sendable {
  /// A folder with configurations of Janus and what is needed to run it on loopback.
  struct Janus: Sendable {
    var executable: String
    /// With one folder of templates for each configuration.
    var folder: String
    /// The library that lets Janus offer loopback addresses.
    var preload: String
    var configurations: [String]

    func start(_ name: String, driver: MediaDriver, on group: any EventLoopGroup) async throws -> JanusServer {
      let process = try await JanusProcess.start(
        executable: executable, templates: "\(folder)/\(name)", preload: preload, on: group)
      do { return try await JanusServer(process, driver: driver, group: group) } catch {
        _ = await process.stop()
        throw error
      }
    }
  }

  var janus: Janus?
  var hasFloor = true

  static let relay = "relay"
  static let oneShard = "relay, one shard"
  static let floor = "C floor"

  /// Names in the order in which they are measured, and what each is.
  var descriptions: [String: String] {
    var result = [Self.relay: "sfu-relay of this build, one shard for each core unless the scenario says otherwise"]
    result[Self.oneShard] = "the same with one shard, and so one core"
    if hasFloor { result[Self.floor] = "Bench/floor: recvmmsg, one copy and one AES-256-GCM seal each, UDP_SEGMENT" }
    for name in janus?.configurations ?? [] {
      result["Janus \(name)"] = "Debian's Janus, configuration \(janus?.folder ?? "")/\(name)"
    }
    return result
  }

  /// Starts a fresh server of each kind that takes part in a scenario.
  func start(
    _ scenario: BenchScenario, driver: MediaDriver, on group: any EventLoopGroup,
    bundleBytes: Int = RelayServer.bundleBytes
  ) async throws -> [(name: String, server: any CallServer)] {
    var servers: [(name: String, server: any CallServer)] = []
    do {
      let relay = try await OwnRelay.start(shards: scenario.shards, settings: scenario.settings, on: group)
      servers.append((Self.relay, RelayServer(relay, driver: driver, group: group, bundleBytes: bundleBytes)))
      if scenario.comparesShards {
        let one = try await OwnRelay.start(shards: 1, settings: scenario.settings, on: group)
        servers.append((Self.oneShard, RelayServer(one, driver: driver, group: group, bundleBytes: bundleBytes)))
      }
      if hasFloor { servers.append((Self.floor, try FloorServer.start(driver: driver))) }
      guard scenario.includesPeers, let janus else { return servers }
      for name in janus.configurations {
        servers.append(("Janus \(name)", try await janus.start(name, driver: driver, on: group)))
      }
      return servers
    } catch {
      for entry in servers { _ = await entry.server.stop() }
      throw error
    }
  }
}
