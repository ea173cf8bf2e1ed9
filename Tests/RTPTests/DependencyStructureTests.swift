import RTP
import TestKit
import Testing
import WireBytes

struct DependencyStructureTests {
  /// Bits given as text, spaces left out; the last byte is filled with zeros.
  private static func bytes(_ bits: [String]) -> [UInt8] {
    let digits = bits.joined().filter { $0 != " " }
    var result = [UInt8](repeating: 0, count: (digits.count + 7) / 8)
    for (index, digit) in digits.enumerated() where digit == "1" { result[index / 8] |= 0x80 >> UInt8(index % 8) }
    return result
  }

  private static let mandatory = ["1 1 000000", "0000 0000 0000 0001"]

  /// Three temporal layers, three decode targets, one chain (AV1 RTP specification, appendix A.10.1.3).
  private static let threeTemporalLayers = bytes(
    mandatory + ["1 0 0 0 0", "000111", "00010"]
      // Layers: T0 T0 | T1 | T2 T2.
      + ["00", "01", "01", "00", "11"]
      // Decode target indications of the five templates.
      + ["10 10 10", "10 10 11", "00 10 01", "00 00 01", "00 00 01"]
      // Frame differences: none; 4; 2; 1; 1.
      + ["0", "1 0011 0", "1 0001 0", "1 0000 0", "1 0000 0"]
      // One chain (non-symmetric below 4: two bits and, from 4 short codes on, none more), each target protected by it.
      + ["01"] + ["", "", ""]
      + ["0000", "0100", "0010", "0001", "0011"]
      + ["1", "0000 0100 1111 1111", "0000 0010 1100 1111"])

  /// Two spatial layers, two decode targets, two chains, no resolutions.
  private static let twoSpatialLayers = bytes(
    mandatory + ["1 0 0 0 0", "000000", "00001"]
      + ["00", "10", "00", "11"]
      + ["10 10", "11 11", "00 10", "00 11"]
      + ["0", "1 0000 0", "1 0000 0", "1 0001 1 0000 0"]
      // Chain count 2 of values below 3: m = 1, one bit, then the extra bit. Protected by 0 and 1.
      + ["11", "0", "1"]
      + ["0000 0000", "0010 0001", "0001 0001", "0001 0010"]
      + ["0"])

  @Test func `temporal layers are read`() throws {
    let structure = try DependencyStructure(parsing: Self.threeTemporalLayers.span)
    #expect(structure.templateIDOffset == 7)
    #expect(structure.decodeTargetCount == 3)
    #expect(structure.templates.map(\.spatialID) == [0, 0, 0, 0, 0])
    #expect(structure.templates.map(\.temporalID) == [0, 0, 1, 2, 2])
    #expect(structure.templates.map(\.frameDifferences) == [[], [4], [2], [1], [1]])
    #expect(structure.resolutions.map(\.width) == [1280])
    #expect(structure.resolutions.map(\.height) == [720])
  }

  @Test func `spatial layers are read`() throws {
    let structure = try DependencyStructure(parsing: Self.twoSpatialLayers.span)
    #expect(structure.decodeTargetCount == 2)
    #expect(structure.templates.map(\.spatialID) == [0, 0, 1, 1])
    #expect(structure.templates.map(\.temporalID) == [0, 0, 0, 0])
    #expect(structure.templates.map(\.frameDifferences) == [[], [1], [1], [2, 1]])
    #expect(structure.resolutions.isEmpty)
  }

  @Test func `a descriptor without a structure is refused`() {
    #expect(throws: RTPError.badDescriptor) { try DependencyStructure(parsing: [0x80, 0, 1].span) }
    #expect(throws: RTPError.badDescriptor) { try DependencyStructure(parsing: [0x80, 0, 1, 0x7F, 0, 0].span) }
  }

  @Test func `a structure that is cut off is refused at every length`() {
    for whole in [Self.threeTemporalLayers, Self.twoSpatialLayers] {
      for cut in MalformedSweep.truncations(of: whole) {
        #expect(throws: RTPError.badDescriptor) { try DependencyStructure(parsing: cut.span) }
      }
    }
  }

  @Test func `layers beyond the specification's limits are refused`() {
    // Sixty-five templates of one layer; nine temporal layers; five spatial layers.
    for (layer, count) in [("00", 65), ("01", 9), ("10", 5)] {
      let bytes = Self.bytes(
        Self.mandatory + ["1 0 0 0 0", "000000", "00000"] + Array(repeating: layer, count: count - 1) + ["11"]
          + Array(repeating: "0000 0000", count: 200))
      #expect(throws: RTPError.badDescriptor) { try DependencyStructure(parsing: bytes.span) }
    }
  }

  @Test func `mutated structures parse or are refused`() {
    for whole in [Self.threeTemporalLayers, Self.twoSpatialLayers] {
      for variant in MalformedSweep.mutations(of: whole, count: 4000, seed: 5) {
        _ = try? DependencyDescriptor(parsing: variant.span)
        guard let structure = try? DependencyStructure(parsing: variant.span) else { continue }
        #expect((1...64).contains(structure.templates.count))
        #expect((1...32).contains(structure.decodeTargetCount))
        #expect(structure.templates.allSatisfy { $0.spatialID <= 3 && $0.temporalID <= 7 })
      }
    }
  }
}
