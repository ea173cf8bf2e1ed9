import NIOCore
import NIOPosix

/// A TCP connection that says nothing and reads nothing.
struct SilentConnection {
  private let channel: any Channel

  static func open(port: Int) async throws -> SilentConnection {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.autoRead, value: false)
      .connect(host: "127.0.0.1", port: port).get()
    return SilentConnection(channel: channel)
  }

  func close() async throws { try? await channel.close().get() }
}
