import WireBytes

/// New agreement keys of the sender: `generation (4) | keys, as in `AgreementPublicKeys` | ML-DSA-65 signature (3309)`.
///
/// The signature, with context "SEALEDSFU-KEYUPDATE-V1", is over `room (16) | sender's bundle hash (32) | generation (4) |
/// keys`.
package struct KeyUpdate {
  static let signatureContext = "SEALEDSFU-KEYUPDATE-V1"

  let keys: AgreementPublicKeys
  let signature: [UInt8]

  var bytes: [UInt8] {
    var bytes = [UInt8]()
    bytes.append(u32: keys.generation)
    return bytes + keys.bytes + signature
  }

  static func signedBytes(_ keys: AgreementPublicKeys, room: RoomID, bundleHash: [UInt8]) -> [UInt8] {
    var bytes = room.bytes + bundleHash
    bytes.append(u32: keys.generation)
    return bytes + keys.bytes
  }
}

extension KeyUpdate {
  init(reading reader: inout ByteReader) throws(ByteError) {
    let generation = try reader.u32()
    keys = try AgreementPublicKeys(generation: generation, reading: &reader)
    signature = try reader.array(MemberIdentity.signatureLength)
  }
}
