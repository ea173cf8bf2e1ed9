import Membership
import RTP
import RelayEngine
import SDP
import Signaling
import Testing
import WireBytes

/// What must be there before a newcomer can use a key frame comes in any order. With the last of it one is asked for.
@Suite struct KeyFrameOrderTests {
  private enum Step: CaseIterable {
    case subscriberConnects, epochExecutes, publication, publisherConnects
  }

  private static func orders(of steps: [Step]) -> [[Step]] {
    guard steps.count > 1 else { return [steps] }
    return steps.indices.flatMap { index in
      var rest = steps
      let first = rest.remove(at: index)
      return orders(of: rest).map { [first] + $0 }
    }
  }

  private let call: HopCall
  private let publisher: HopPeer
  private let subscriber: HopPeer
  private var camera = VideoSource(.first, ssrc: 0x1111)

  init() throws {
    call = try HopCall(seed: 61) { $0.rekey.deadline = .seconds(15) }
    publisher = try call.addPeer()
    subscriber = try call.addPeer(.second)
  }

  /// Both are in the room, and neither has done a step.
  private func begin() throws {
    try call.join(publisher)
    try call.run(for: .milliseconds(600))
    publisher.holdsHandshake = true
    try call.offer(publisher.offer([.sending(.video, "v", ssrc: 0x1111)]), from: publisher)
    subscriber.holdsHandshake = true
    subscriber.answersReady = false
    try call.join(subscriber)
    try call.offer(subscriber.offer([.receiving(.video, "v0")]), from: subscriber)
    try call.run(for: .milliseconds(600))
  }

  private func perform(_ step: Step) throws {
    switch step {
    case .subscriberConnects: subscriber.holdsHandshake = false
    case .publisherConnects: publisher.holdsHandshake = false
    case .epochExecutes: try call.send(.ready(Ready(epoch: 2)), from: subscriber)
    case .publication:
      try call.send(
        .publish(Publish(tracks: [Publish.Track(id: "camera", source: .camera, mid: "v")])), from: publisher)
    }
    // Takes out what was held back; no repetition falls into so short a time.
    try call.run(for: .milliseconds(20))
  }

  @Test func `whatever comes last, a key frame is asked for with it`() throws {
    for order in Self.orders(of: Step.allCases) {
      var test = try Self()
      try test.expectRequest(after: order)
    }
  }

  private mutating func expectRequest(after order: [Step]) throws {
    try begin()
    for step in order.dropLast() {
      try perform(step)
      if publisher.isConnected {
        // Its encoder begins as soon as it can. None of that is for one who is not there yet.
        try call.send(camera.frame(isKey: true) + camera.frame(), from: publisher)
      }
    }
    #expect(publisher.keyFrameRequests == [], "\(order)")
    #expect(subscriber.media.isEmpty, "\(order)")
    try perform(try #require(order.last))
    #expect(publisher.keyFrameRequests == [SSRC(0x1111)], "\(order)")
    try call.send(camera.frame(), from: publisher)
    #expect(subscriber.media.isEmpty, "\(order)")
    try call.send(camera.frame(isKey: true) + camera.frame(), from: publisher)
    #expect(subscriber.media.count == 2, "\(order)")
  }

  /// When the publisher was asked for key frames.
  private var requestTimes: [MonotonicInstant] {
    publisher.control.filter { if case .pli = $0.packet { true } else { false } }.map(\.at)
  }

  @Test mutating func `a picture that never comes is asked for as long as it is awaited, ever more seldom`() throws {
    try begin()
    for step in Step.allCases { try perform(step) }
    try call.send(camera.frame(), from: publisher)
    try call.run(for: .seconds(120))
    let asked = requestTimes
    // Every half second for five seconds, then after two seconds, four, eight and sixteen.
    #expect((16...22).contains(asked.count))
    #expect(zip(asked, asked.dropFirst()).allSatisfy { $1.milliseconds(since: $0) >= 499 })
    let latest = try #require(asked.last)
    #expect(call.now.milliseconds(since: latest) <= 21_000)
    try call.send(camera.frame(isKey: true), from: publisher)
    #expect(subscriber.media.count == 1)
    try call.run(for: .seconds(40))
    #expect(publisher.keyFrameRequests.count == asked.count)
  }

  @Test mutating func `whose publisher falls silent and goes on is asked for a key frame with its first packet`() throws
  {
    try begin()
    for step in Step.allCases { try perform(step) }
    try call.send(camera.frame(), from: publisher)
    try call.run(for: .seconds(40))
    var before = requestTimes.count
    while requestTimes.count == before { try call.run(for: .milliseconds(100)) }
    before += 1
    try call.run(for: .seconds(2))
    #expect(requestTimes.count == before, "the pause between two reminders")
    try call.send(camera.frame(), from: publisher)
    #expect(requestTimes.count == before + 1)
  }

  @Test mutating func `while other pictures keep coming, a key frame is asked for every two seconds or so`() throws {
    try begin()
    for step in Step.allCases { try perform(step) }
    for _ in 0..<600 {
      try call.send(camera.frame(), from: publisher)
      try call.run(for: .milliseconds(100))
    }
    let asked = requestTimes
    #expect((28...40).contains(asked.count))
    let latest = try #require(asked.last)
    #expect(call.now.milliseconds(since: latest) <= 3_500)
  }

  @Test mutating func `nobody is reminded of a camera that is off, and asked at once when it is on again`() throws {
    try begin()
    for step in Step.allCases { try perform(step) }
    try call.send(.mute(Mute(track: "camera", muted: true)), from: publisher)
    try call.run(for: .seconds(30))
    let before = publisher.keyFrameRequests.count
    #expect(before <= 10)
    try call.run(for: .seconds(30))
    #expect(publisher.keyFrameRequests.count == before)
    try call.send(.mute(Mute(track: "camera", muted: false)), from: publisher)
    #expect(publisher.keyFrameRequests.count == before + 1)
  }

  @Test mutating func `a key frame whose first packet is lost is asked for again`() throws {
    try begin()
    for step in Step.allCases { try perform(step) }
    #expect(publisher.keyFrameRequests.count == 1)
    try call.send(Array(camera.frame(isKey: true, packets: 3)[1...]), from: publisher)
    #expect(subscriber.media.isEmpty)
    try call.run(for: .milliseconds(600))
    #expect(publisher.keyFrameRequests.count == 2)
  }
}
