/// Overwrites memory that was given back lately.
///
/// The library wipes symmetric and X25519 keys itself, but not the seeds and expanded forms of ML-KEM and ML-DSA keys: their
/// memory goes back to the allocator as it is. The allocator hands out again what it got last, so taking blocks of those
/// sizes, clearing them and giving them back reaches what a call has just released on this thread. It is best effort: an
/// application should also have its allocator overwrite what is freed, and make no core dumps.
func overwriteFreedMemory() {
  var blocks = unsafe [UnsafeMutableRawBufferPointer]()
  var size = 32
  while size <= 32_768 {
    // Many small blocks wait in lists of their size; large ones are few, and found at once.
    for _ in 0..<(size <= 256 ? 512 : size < 1_024 ? 32 : 4) {
      let block = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
      unsafe overwrite(block)
      unsafe blocks.append(block)
    }
    for index in unsafe blocks.indices { unsafe blocks[index].deallocate() }
    unsafe blocks.removeAll(keepingCapacity: true)
    size += size < 1_024 ? 16 : size / 8
  }
}
