package import NIOCore

/// What a client may ask of the server.
package struct SiteLimits: Sendable {
  /// Of one request, with its path, in bytes. Browsers send about one KiB.
  package var headBytes = 16 * 1024
  package var headFields = 64
  /// Connections at the same time; a browser opens six.
  package var connections = 256
  /// From the start of a connection, or the end of the answer before, to the end of a request.
  package var requestTimeout = TimeAmount.seconds(15)
  /// From a request to the last byte of its answer.
  package var responseTimeout = TimeAmount.seconds(60)
  /// From the last byte to the end of the connection, when the server ends it.
  package var lingerTimeout = TimeAmount.seconds(2)

  package init() {}
}
