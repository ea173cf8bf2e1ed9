import Foundation
import Testing

/// The house's rules about its own source text.
@Suite struct ArchitectureTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Files that may use `unsafe`: those that touch C libraries, system calls, memory that must be wiped, or
  /// keep per-packet state where no check is paid for.
  private static let unsafeFiles: Set<String> = [
    "Wire/WireBytes/EgressBatch.swift", "Wire/WireBytes/PacketSlab.swift",
    "Hop/DTLS/DTLSIdentity.swift", "Hop/DTLS/OpenSSLSession.swift", "Hop/HopCrypto/HopCertificate.swift",
    "Hop/HopCrypto/HopHMACKey.swift",
    "Hop/HopCrypto/OpenSSLPrimitives.swift", "Hop/SRTP/AEADContext.swift", "Hop/SRTP/AEADReceiver.swift",
    "Hop/SRTP/AEADSender.swift", "Hop/SRTP/SRTPKeyingMaterial.swift", "Hop/SRTP/SRTPSession.swift",
    "Hop/SRTP/SRTPStreamTable.swift",
    "Relay/Forwarding/LinkRing.swift", "Relay/Forwarding/RetransmissionCache.swift",
    "Relay/Forwarding/RewriteLog.swift",
    "Relay/RelayEngine/IngressPath.swift", "Relay/RelayEngine/IngressTrack.swift",
    "Relay/RelayEngine/LegPrefetch.swift",
    "Relay/RelayEngine/PacketBurst.swift", "Relay/RelayEngine/PeerEgress.swift",
    "Relay/RelayEngine/ReceiveSlot.swift",
    "Relay/RelayEngine/ShardEngine.swift",
    "Edge/DatagramIO/EgressPlan.swift", "Edge/DatagramIO/LocalAddresses.swift", "Edge/DatagramIO/LoopState.swift",
    "Edge/DatagramIO/ReceiveVector.swift", "Edge/DatagramIO/SendVector.swift", "Edge/DatagramIO/UDPPort.swift",
    "Edge/DatagramIO/UDPPortError.swift", "Edge/RelayRuntime/Configuration/FileContents.swift",
    "Edge/RelayRuntime/Configuration/SettingsFile.swift",
    "Client/SFrame/KeySplitting.swift", "Client/E2EKeys/Secrets/SecretBytes.swift",
    "Client/E2EKeys/Secrets/FreedMemory.swift",
    "Client/LoadGen/Media/VP8Encoder.swift", "Client/LoadGen/Media/FileBytes.swift",
    "Client/LoadGen/Media/OpusCodec.swift",
    "Client/LoadGen/ProcessHygiene.swift", "Client/LoadGen/ProgressLine.swift",
    "Client/LoadGen/Relay/ChildProcess.swift",
    "Client/LoadGen/Relay/OwnRelay.swift", "Client/LoadGen/Relay/SignalingClient.swift",
    "Client/LoadGen/Relay/FreePorts.swift", "Client/LoadGen/Relay/TerminationGuard.swift",
    "Client/LoadGen/Bench/Media/MediaDriver.swift", "Client/LoadGen/Bench/Run/ProcessSample.swift",
  ]

  private struct Source {
    let path: String
    let lines: [String]
  }

  private static func sources(in folder: String) throws -> [Source] {
    let base = root.appendingPathComponent(folder)
    let walker = try #require(FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil))
    return try walker.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map { url in
      let text = try String(contentsOf: url, encoding: .utf8)
      return Source(
        path: String(url.path.dropFirst(base.path.count + 1)), lines: text.components(separatedBy: "\n"))
    }
  }

  private static func code(_ line: String) -> String {
    line.range(of: "//").map { String(line[..<$0.lowerBound]) } ?? line
  }

  @Test("unsafe code lives in the named files only")
  func unsafeIsConfined() throws {
    let users = try Self.sources(in: "Sources").filter { source in
      source.lines.contains { Self.code($0).range(of: #"(^|[^\w@])unsafe "#, options: .regularExpression) != nil }
    }.map(\.path)
    #expect(Set(users).subtracting(Self.unsafeFiles).isEmpty)
    #expect(users.count > 5, "the pattern finds nothing: this test could not fail")
  }

  @Test("below Edge nothing does I/O, reads a clock or draws randomness of its own")
  func sansIO() throws {
    let forbidden = [
      "import Dispatch", "import Glibc", "import Foundation", "import NIO", "Date(", "ContinuousClock", ".random(in",
      "SystemRandomNumberGenerator", "DispatchQueue",
    ]
    // The one source of system randomness that is handed down, and JSON for signalling.
    let exceptions = [
      "WireBytes/RandomSource.swift": [".random(in", "SystemRandomNumberGenerator"],
      "Signaling/SignalingCoding.swift": ["import Foundation"],
    ]
    for layer in ["Wire", "Hop", "Relay"] {
      for source in try Self.sources(in: "Sources/\(layer)") {
        for word in forbidden where !(exceptions[source.path]?.contains(word) ?? false) {
          let hit = source.lines.first { Self.code($0).contains(word) }
          #expect(hit == nil, "\(layer)/\(source.path) has \(word)")
        }
      }
    }
  }

  @Test("imports point one way: nothing of the relay imports a client module")
  func importsPointOneWay() throws {
    let clientModules = ["SFrame", "E2EKeys", "ClientEngine", "LoadGen", "Crypto", "CryptoExtras"]
    var imports = 0
    for layer in ["Wire", "Hop", "Relay", "Edge"] {
      for source in try Self.sources(in: "Sources/\(layer)") {
        for line in source.lines
        where Self.code(line).range(of: #"^(package )?import "#, options: .regularExpression) != nil {
          imports += 1
          let module = line.components(separatedBy: " ").last ?? ""
          #expect(!clientModules.contains(module), "\(layer)/\(source.path) imports \(module)")
        }
      }
    }
    #expect(imports > 100, "the pattern finds nothing: this test could not fail")
  }

  @Test("no source file grows beyond 400 lines")
  func filesStaySmall() throws {
    for folder in ["Sources", "Tests", "Bench"] {
      for source in try Self.sources(in: folder) {
        #expect(source.lines.count <= 401, "\(folder)/\(source.path) has \(source.lines.count) lines")
      }
    }
  }
}
