import Testing
import WireBytes

struct PacketSlabTests {
  @Test func `slots are counted, distinct and come back`() throws {
    let slab = PacketSlab(capacity: 3)
    #expect(slab.available == 3)
    let slots = try (0..<3).map { _ in try #require(slab.take()) }
    #expect(Set(slots).count == 3)
    #expect(slab.inUse == 3)
    #expect(slab.take() == nil)
    slab.release(slots[1])
    #expect(slab.available == 1)
    #expect(slab.take() == slots[1])
    for slot in slots { slab.release(slot) }
    #expect(slab.inUse == 0)
  }

  @Test func `a slab without slots gives none`() {
    let slab = PacketSlab(capacity: 0)
    #expect(slab.take() == nil)
    #expect(slab.inUse == 0)
  }

  @Test func `a packet is read as it was filled, and no further`() throws {
    let slab = PacketSlab(capacity: 2)
    let slot = try #require(slab.take())
    slab.fill(slot, with: [1, 2, 3])
    #expect(slab.length(of: slot) == 3)
    #expect(slab.read(slot) { $0.toArray() } == [1, 2, 3])
    slab.fill(slot, with: [])
    #expect(slab.read(slot) { $0.count } == 0)
    slab.fill(slot, with: [UInt8](repeating: 7, count: PacketSlab.slotSize))
    #expect(slab.length(of: slot) == 2048)
  }

  @Test func `writing one slot leaves its neighbours alone`() throws {
    let slab = PacketSlab(capacity: 3)
    let slots = try (0..<3).map { _ in try #require(slab.take()) }
    for slot in slots { slab.fill(slot, with: [UInt8](repeating: UInt8(slot.index + 1), count: PacketSlab.slotSize)) }
    slab.edit(slots[1]) { bytes in
      #expect(bytes.count == PacketSlab.slotSize)
      for index in 0..<bytes.count { bytes[index] = 0xAA }
    }
    for slot in [slots[0], slots[2]] {
      #expect(slab.read(slot) { $0.toArray().allSatisfy { $0 == UInt8(slot.index + 1) } })
    }
    #expect(slab.read(slots[1]) { $0.toArray().allSatisfy { $0 == 0xAA } })
  }

  @Test func `errors leave a borrow`() throws {
    struct Refused: Error {}
    let slab = PacketSlab(capacity: 1)
    let slot = try #require(slab.take())
    slab.fill(slot, with: [1])
    #expect(throws: Refused.self) { try slab.read(slot) { _ in throw Refused() } }
    #expect(throws: Refused.self) { try slab.edit(slot) { _ in throw Refused() } }
  }
}

struct EgressBatchTests {
  @Test func `entries keep their order until the batch is emptied`() throws {
    let slab = PacketSlab(capacity: 4)
    let batch = EgressBatch(capacity: 3)
    let destination = Endpoint(ipv4: 1, port: 2)
    let slots = try (0..<4).map { _ in try #require(slab.take()) }
    for (index, slot) in slots.prefix(3).enumerated() {
      #expect(batch.append(slot, to: Endpoint(ipv4: UInt32(index), port: 2)))
    }
    #expect(batch.count == 3)
    #expect(batch.room == 0)
    #expect(!batch.append(slots[3], to: destination))
    #expect(batch.count == 3)
    #expect((0..<3).map { batch[$0].slot } == Array(slots.prefix(3)))
    #expect((0..<3).map { batch[$0].destination.ipv4 } == [0, 1, 2])
    batch.removeAll()
    #expect(batch.count == 0)
    #expect(batch.room == 3)
    #expect(batch.append(slots[3], to: destination))
    #expect(batch[0].slot == slots[3])
  }
}
