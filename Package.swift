// swift-tools-version: 6.2
import PackageDescription

// One list of settings for every Swift target: safety is not opted into module by module.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
  .enableExperimentalFeature("Lifetimes"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A library target of one layer; the folder layout is the architecture.
func module(
  _ name: String, _ layer: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
  extraSettings: [SwiftSetting] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/\(layer)/\(name)", exclude: exclude,
    swiftSettings: strict + extraSettings)
}

func tool(_ name: String, _ layer: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, path: "Sources/\(layer)/\(name)", swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", resources: resources, swiftSettings: strict)
}

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOWebSocket"].map {
  .product(name: $0, package: "swift-nio")
}
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

// Intel's Multi-Buffer library (Debian: libipsec-mb-dev) has AES-GCM in a third of OpenSSL's time, on x86-64 only.
#if arch(x86_64)
  let fastGCM = [CSetting.define("SRTP_CIPHER_IPSEC_MB")]
  let fastGCMLibrary = [LinkerSetting.linkedLibrary("IPSec_MB")]
#else
  let fastGCM: [CSetting] = []
  let fastGCMLibrary: [LinkerSetting] = []
#endif

let package = Package(
  name: "sealed-sfu",
  products: [],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(
      url: "https://github.com/apple/swift-configuration", from: "1.4.0",
      traits: [.defaults, "YAML"]),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // C: system libraries and the few lines around them that Swift cannot import.
    .systemLibrary(
      name: "COpenSSL", path: "Sources/C/COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CLibSRTP", path: "Sources/C/CLibSRTP", pkgConfig: "libsrtp2", providers: [.apt(["libsrtp2-dev"])]),
    .systemLibrary(name: "COpus", path: "Sources/C/COpus", pkgConfig: "opus", providers: [.apt(["libopus-dev"])]),
    .systemLibrary(name: "CVPX", path: "Sources/C/CVPX", pkgConfig: "vpx", providers: [.apt(["libvpx-dev"])]),
    .target(name: "COpenSSLShims", dependencies: ["COpenSSL"], path: "Sources/C/COpenSSLShims"),
    .target(
      name: "CSRTPCipher", dependencies: ["COpenSSL"], path: "Sources/C/CSRTPCipher", cSettings: fastGCM,
      linkerSettings: fastGCMLibrary),
    .target(name: "COpusShims", dependencies: ["COpus"], path: "Sources/C/COpusShims"),
    .target(name: "CVPXShims", dependencies: ["CVPX"], path: "Sources/C/CVPXShims"),
    .target(name: "CNetLinux", path: "Sources/C/CNetLinux"),
    .target(name: "CHardening", path: "Sources/C/CHardening"),
    .target(name: "CMalloc", path: "Sources/C/CMalloc"),
    .target(name: "CPrefetch", path: "Sources/C/CPrefetch"),

    // Wire: bytes in, values out. No sockets, no clock, no cryptography.
    module("WireBytes", "Wire", ["CPrefetch"]),
    module("RTP", "Wire", ["WireBytes"]),
    module("STUN", "Wire", ["WireBytes"]),
    module("SDP", "Wire", ["WireBytes"]),
    module("Signaling", "Wire", ["WireBytes"]),

    // Hop: the transport security between one client and the relay. Sans-IO.
    module("HopCrypto", "Hop", ["WireBytes", "COpenSSL", "COpenSSLShims"]),
    module("ICE", "Hop", ["WireBytes", "STUN", "HopCrypto"]),
    module("DTLS", "Hop", ["WireBytes", "HopCrypto", "SRTP", "COpenSSL", "COpenSSLShims"]),
    module("SRTP", "Hop", ["WireBytes", "CLibSRTP", "CSRTPCipher", "CPrefetch"]),

    // Relay: what makes it an SFU. Sans-IO.
    module("Membership", "Relay", ["WireBytes", "Signaling"]),
    module("Forwarding", "Relay", ["WireBytes", "RTP", "Signaling", "CPrefetch"]),
    module(
      "RelayEngine", "Relay",
      [
        "WireBytes", "RTP", "STUN", "SDP", "Signaling", "HopCrypto", "ICE", "DTLS", "SRTP", "Membership", "Forwarding",
        "CPrefetch",
      ]),

    // Edge: the only modules that touch sockets, clocks and Dispatch.
    module("DatagramIO", "Edge", ["WireBytes", "CNetLinux"]),
    module("RelayMetrics", "Edge", ["WireBytes"]),
    module(
      "RelayControl", "Edge",
      ["WireBytes", "SDP", "Signaling", "HopCrypto", "RelayEngine", "RelayMetrics", log, nioSSL] + nio),
    module(
      "RelayRuntime", "Edge",
      [
        "WireBytes", "Signaling", "HopCrypto", "DTLS", "SRTP", "Membership", "Forwarding", "DatagramIO",
        "RelayEngine", "RelayControl", "RelayMetrics", "CMalloc", log, configuration, lifecycle, arguments,
        unixSignals, systemPackage, .product(name: "Yams", package: "Yams"),
      ]),
    tool("sfu-relay", "Edge", ["RelayRuntime"]),

    // Client: everything that may hold an end-to-end key. Never below sfu-relay.
    module("SFrame", "Client", ["WireBytes", crypto, cryptoExtras]),
    // Testable in release builds as well: its tests forge what only an insider could send.
    module(
      "E2EKeys", "Client", ["WireBytes", "Signaling", "SFrame", crypto], exclude: ["THREATS.md"],
      extraSettings: [.unsafeFlags(["-enable-testing"])]),
    module(
      "ClientEngine", "Client",
      ["WireBytes", "RTP", "STUN", "SDP", "Signaling", "HopCrypto", "ICE", "DTLS", "SRTP", "SFrame", "E2EKeys"]),
    module(
      "LoadGen", "Client",
      [
        "WireBytes", "RTP", "STUN", "SDP", "Signaling", "HopCrypto", "ICE", "DTLS", "SRTP", "SFrame", "E2EKeys",
        "ClientEngine", "DatagramIO", "CHardening", "COpus", "COpusShims", "CVPX", "CVPXShims", arguments, log, nioSSL,
        .product(name: "Yams", package: "Yams"), unixSignals, systemPackage,
      ] + nio),
    tool("sfu-loadgen", "Client", ["LoadGen", arguments]),
    module("WebServer", "Client", [crypto, arguments, unixSignals, systemPackage] + nio),
    tool("sfu-web", "Client", ["WebServer"]),

    // Bench: what the packet path costs.
    .target(name: "CRuntimeCounters", path: "Bench/CRuntimeCounters"),
    .executableTarget(
      name: "sfu-bench",
      dependencies: [
        "CRuntimeCounters", "WireBytes", "RTP", "SDP", "Signaling", "HopCrypto", "ICE", "DTLS", "SRTP", "Forwarding",
        "DatagramIO", "RelayEngine",
      ], path: "Bench/sfu-bench", swiftSettings: strict),
    .executableTarget(
      name: "sfu-bench-keys", dependencies: ["WireBytes", "Signaling", "E2EKeys", crypto, arguments],
      path: "Bench/sfu-bench-keys", swiftSettings: strict),
    // A forwarder in C that does the least an SFU must do: what the machine sets as the floor.
    .executableTarget(name: "sfu-floor", dependencies: ["COpenSSL"], path: "Bench/floor"),

    // Tests.
    .target(
      name: "TestKit", dependencies: ["WireBytes"], path: "Tests/TestKit", swiftSettings: strict),
    .target(
      name: "CallKit",
      dependencies: [
        "WireBytes", "RTP", "SDP", "Signaling", "HopCrypto", "DTLS", "SRTP", "Forwarding", "RelayEngine", "E2EKeys",
        "ClientEngine", "TestKit",
      ], path: "Tests/CallKit", swiftSettings: strict),
    tests("ArchitectureTests", []),
    tests("WireBytesTests", ["WireBytes", "TestKit"]),
    tests("RTPTests", ["WireBytes", "RTP", "TestKit"]),
    tests("STUNTests", ["WireBytes", "STUN", "HopCrypto", "TestKit"]),
    tests("SDPTests", ["WireBytes", "SDP", "TestKit"], resources: [.copy("Offers")]),
    tests("SignalingTests", ["WireBytes", "Signaling", "TestKit"]),
    tests("HopTests", ["WireBytes", "STUN", "HopCrypto", "ICE", "DTLS", "SRTP", "TestKit"]),
    tests("MembershipTests", ["WireBytes", "Signaling", "Membership", "TestKit"]),
    tests("ForwardingTests", ["WireBytes", "RTP", "Signaling", "Forwarding", "TestKit"]),
    tests(
      "RelayEngineTests",
      [
        "WireBytes", "RTP", "SDP", "Signaling", "HopCrypto", "ICE", "DTLS", "SRTP", "Membership", "Forwarding",
        "RelayEngine", "E2EKeys", "ClientEngine", "TestKit", "CallKit",
      ]),
    tests(
      "HostileRelayTests",
      [
        "WireBytes", "RTP", "SDP", "Signaling", "DTLS", "SRTP", "Membership", "RelayEngine", "SFrame", "E2EKeys",
        "ClientEngine", "TestKit", "CallKit", crypto,
      ]),
    tests("DatagramIOTests", ["WireBytes", "DatagramIO", "CNetLinux", "TestKit"]),
    tests("RelayMetricsTests", ["WireBytes", "RelayMetrics", "TestKit"]),
    tests(
      "RelayControlTests",
      [
        "WireBytes", "SDP", "Signaling", "HopCrypto", "RelayEngine", "RelayMetrics", "RelayControl", "TestKit", log,
        nioSSL,
      ]
        + nio),
    tests(
      "RelayRuntimeTests",
      [
        "WireBytes", "Signaling", "DatagramIO", "RelayMetrics", "RelayEngine", "RelayControl", "RelayRuntime",
        "TestKit", log, arguments,
      ]),
    tests("SFrameTests", ["WireBytes", "SFrame", "TestKit", crypto], resources: [.copy("Vectors")]),
    tests("E2EKeysTests", ["WireBytes", "Signaling", "SFrame", "E2EKeys", "CHardening", "TestKit", crypto]),
    tests("ReferenceTests", ["WireBytes", "E2EKeys", "TestKit", crypto], resources: [.copy("reference.py")]),
    tests(
      "ClientEngineTests",
      ["WireBytes", "RTP", "SDP", "Signaling", "DTLS", "SRTP", "SFrame", "E2EKeys", "ClientEngine", "TestKit"]),
    tests(
      "LoadGenTests",
      ["WireBytes", "Signaling", "E2EKeys", "ClientEngine", "LoadGen", "TestKit", arguments]),
    tests("WebServerTests", ["WebServer", "sfu-web"] + nio),
    tests(
      "SystemTests",
      [
        "WireBytes", "RTP", "STUN", "SDP", "Signaling", "HopCrypto", "ICE", "DTLS", "SRTP", "DatagramIO", "E2EKeys",
        "ClientEngine", "LoadGen", "RelayMetrics", "TestKit", "sfu-relay", "sfu-loadgen",
      ] + nio),
  ]
)
