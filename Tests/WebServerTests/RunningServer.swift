import WebServer

/// A server on a free port of loopback.
struct RunningServer {
  let server: SiteServer
  let port: Int

  /// Serves for as long as `body` lasts.
  static func with(
    _ site: Site, limits: SiteLimits = SiteLimits(), _ body: (RunningServer) async throws -> Void
  ) async throws {
    let server = SiteServer(site, limits: limits)
    let running = RunningServer(server: server, port: try await server.start(host: "127.0.0.1", port: 0))
    do { try await body(running) } catch {
      await server.stop()
      throw error
    }
    await server.stop()
  }
}
