/// Why bytes are not a packet of RTP or RTCP.
package enum RTPError: UInt8, Error, Equatable, Sendable {
  case truncated, badVersion, badPadding, badExtension, badDescriptor, badRTCP
}
