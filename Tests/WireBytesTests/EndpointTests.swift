import TestKit
import Testing
import WireBytes

struct EndpointTests {
  @Test(arguments: [
    "0.0.0.0", "127.0.0.1", "255.255.255.255", "192.0.2.1", "::", "::1", "1::", "2001:db8::1", "fe80::1:2:3:4",
    "2001:db8:1234:5678:11:2233:4455:6677", "1:0:0:2::3", "1::2:0:0:3", "1:2:3:4:5:6:7:0", "0:1:2:3:4:5:6:7",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:0:1:0:1:0:1:0",
  ])
  func `an address in its shortest form comes back`(text: String) throws {
    let endpoint = try #require(Endpoint(address: text, port: 5004))
    // RFC 5952 section 4.2.3: of two equal runs the first is compressed.
    let expected = text == "1::2:0:0:3" ? "1::2:0:0:3" : text
    #expect(endpoint.address == expected)
    #expect(Endpoint(address: endpoint.address, port: 5004) == endpoint)
    #expect(endpoint.port == 5004)
  }

  @Test(arguments: [
    ("0:0:0:0:0:0:0:0", "::"), ("2001:0DB8:0:0:0:0:0:1", "2001:db8::1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("::ffff:192.0.2.1", "192.0.2.1"), ("::ffff:c000:0201", "192.0.2.1"),
    ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("::1.2.3.4", "::102:304"), ("00:0::0", "::"),
    ("001.002.003.004", "1.2.3.4"),
  ])
  func `other forms of an address mean the same`(text: String, shortest: String) {
    #expect(Endpoint(address: text, port: 1)?.address == shortest)
  }

  @Test(arguments: [
    "", " ", ".", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.+4", "1.2.3.", ".1.2.3", "1.2.3.4 ",
    "0001.2.3.4",
    "1.2.3.a", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::1::", "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8", "12345::", "g::", ":1", "1:", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", "+1::", "-1::", "::1%lo",
    "[::1]", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "relay.example", "::ffff:1.2.3.256",
    "1::2:3:4:5:6:7:8", "١.2.3.4",
  ])
  func `what is not an address is refused`(text: String) {
    #expect(Endpoint(address: text, port: 1) == nil)
  }

  @Test func `IPv4 is held in its mapped form`() {
    let endpoint = Endpoint(ipv4: 0xC000_0201, port: 3478)
    #expect(endpoint.isIPv4)
    #expect(endpoint.ipv4 == 0xC000_0201)
    #expect(endpoint == Endpoint(address: "192.0.2.1", port: 3478))
    #expect(endpoint == Endpoint(address: "::ffff:192.0.2.1", port: 3478))
    #expect(endpoint != Endpoint(address: "192.0.2.1", port: 3479))
    #expect(Endpoint(address: "::1", port: 1)?.isIPv4 == false)
  }

  @Test func `a literal has brackets around IPv6 alone`() {
    #expect(Endpoint(address: "192.0.2.1", port: 80)?.literal == "192.0.2.1:80")
    #expect(Endpoint(address: "2001:db8::1", port: 80)?.literal == "[2001:db8::1]:80")
  }

  @Test(arguments: [
    ("127.0.0.1", true), ("127.255.0.1", true), ("::1", true), ("128.0.0.1", false), ("::2", false), ("1::1", false),
    ("::ffff:127.0.0.1", true),
  ])
  func `loopback is known`(text: String, expected: Bool) {
    #expect(Endpoint(address: text, port: 1)?.isLoopback == expected)
  }

  @Test func `no address reaches a log by accident`() throws {
    let endpoint = try #require(Endpoint(address: "192.0.2.1", port: 3478))
    #expect("\(endpoint)" == "<endpoint>")
    #expect(String(describing: [endpoint]).contains("192") == false)
  }

  @Test func `random addresses come back, and mutated ones parse or are refused`() {
    var random = SeededRandom(seed: 9)
    for _ in 0..<500 {
      // Groups of zeros are frequent, so that compression is met in every place.
      let mask = UInt64.random(in: .min ... .max, using: &random) & UInt64.random(in: .min ... .max, using: &random)
      let groups = (0..<8).map { mask >> UInt64($0) & 1 == 0 ? 0 : random.next() & 0xFFFF }
      let high = groups[0] << 48 | groups[1] << 32 | groups[2] << 16 | groups[3]
      let low = groups[4] << 48 | groups[5] << 32 | groups[6] << 16 | groups[7]
      let endpoint = Endpoint(high: high, low: low, port: 7)
      #expect(Endpoint(address: endpoint.address, port: 7) == endpoint)
      for variant in MalformedSweep.mutations(of: Array(endpoint.address.utf8), count: 4, seed: low) {
        let text = String(decoding: variant, as: UTF8.self)
        if let parsed = Endpoint(address: text, port: 7) {
          #expect(Endpoint(address: parsed.address, port: 7) == parsed)
        }
      }
    }
  }
}
