import WireBytes

/// The epoch's key for one member: `SHA3-256 of the commit's signed header (32) | wrapped key`.
///
/// The header itself goes to all members in one group message; its entries hold the hash of every wrapped key.
package struct WrappedKeyDelivery {
  let commitHash: [UInt8]
  let wrapped: [UInt8]

  var bytes: [UInt8] { commitHash + wrapped }
}

extension WrappedKeyDelivery {
  init(reading reader: inout ByteReader) throws(ByteError) {
    commitHash = try reader.array(32)
    let start = reader.position
    let key = try WrappedKey(reading: &reader)
    wrapped = key.bytes
    guard reader.position == start + wrapped.count else { throw .truncated }
  }
}
