package import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Serves a page over plain HTTP/1.1. It keeps no log: who looked at what is known to nobody.
package final class SiteServer: Sendable {
  private struct Connections {
    var channels: [ObjectIdentifier: any Channel] = [:]
    var isStopped = false
  }

  private let site: Site
  private let limits: SiteLimits
  private let group: any EventLoopGroup
  private let listener = Mutex<(any Channel)?>(nil)
  private let connections = Mutex(Connections())

  package init(
    _ site: Site, limits: SiteLimits = SiteLimits(), group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) {
    self.site = site
    self.limits = limits
    self.group = group
  }

  /// Listens; port 0 is any that is free. Call once. Returns the port.
  package func start(host: String, port: Int) async throws(SiteError) -> Int {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 128)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { [self] channel in accept(channel) }
    do {
      let channel = try await bootstrap.bind(host: host, port: port).get()
      listener.withLock { $0 = channel }
      return channel.localAddress?.port ?? port
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
      throw SiteError("port \(port) of \(host) is in use; name another one with --port")
    } catch let error as IOError where error.errnoCode == EACCES {
      throw SiteError("port \(port) of \(host) is not allowed; name one above 1023 with --port")
    } catch let error as IOError where error.errnoCode == EADDRNOTAVAIL {
      throw SiteError("\(host) is no address of this machine; name one with --host")
    } catch {
      throw SiteError("\(host): no address to listen on; name one with --host")
    }
  }

  /// Takes nobody any more and closes every connection.
  package func stop() async {
    let channel = listener.withLock { $0.take() }
    try? await channel?.close().get()
    let open = connections.withLock { connections in
      connections.isStopped = true
      return Array(connections.channels.values)
    }
    for channel in open { try? await channel.close().get() }
  }

  private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
    let id = ObjectIdentifier(channel)
    let isWelcome = connections.withLock { connections in
      guard !connections.isStopped, connections.channels.count < limits.connections else { return false }
      connections.channels[id] = channel
      return true
    }
    guard isWelcome else { return channel.eventLoop.makeFailedFuture(SiteError("no room for another connection")) }
    channel.closeFuture.whenComplete { [self] _ in connections.withLock { _ = $0.channels.removeValue(forKey: id) } }
    return channel.eventLoop.makeCompletedFuture { [site, limits] in
      var decoder = NIOHTTPDecoderLimitConfiguration()
      decoder.maxHeaderFieldSize = limits.headBytes
      decoder.maxHeaderListSize = limits.headBytes
      decoder.maxHeaderFieldCount = limits.headFields
      let pipeline = channel.pipeline.syncOperations
      try pipeline.configureHTTPServerPipeline(
        withErrorHandling: false, withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoder)
      try pipeline.addHandler(SiteHandler(site: site, limits: limits))
    }
  }
}
