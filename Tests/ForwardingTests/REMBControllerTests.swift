import Forwarding
import Testing
import WireBytes

@Suite struct REMBControllerTests {
  @Test func `it starts at the maximum and stays there without loss`() {
    var controller = REMBController(maximum: 2_500_000)
    #expect(controller.bitrate == 2_500_000)
    for second in UInt64(1)...20 { controller.report(fractionLost: 0, at: ms(second * 1000)) }
    #expect(controller.bitrate == 2_500_000)
  }

  @Test func `over 10 percent it falls by half the loss`() {
    var controller = REMBController(maximum: 2_000_000)
    controller.report(fractionLost: 0.2, at: ms(1000))
    #expect(controller.bitrate == 1_800_000)
    controller.report(fractionLost: 0.5, at: ms(2000))
    #expect(controller.bitrate == 1_350_000)
  }

  @Test func `between 2 and 10 percent it stays`() {
    var controller = REMBController(maximum: 2_000_000)
    controller.report(fractionLost: 0.2, at: ms(1000))
    for second in UInt64(2)...20 { controller.report(fractionLost: 0.05, at: ms(second * 1000)) }
    #expect(controller.bitrate == 1_800_000)
  }

  @Test func `without loss it comes back by a twentieth per second, to the maximum at most`() {
    var controller = REMBController(maximum: 2_000_000)
    controller.report(fractionLost: 0.2, at: ms(1000))
    controller.report(fractionLost: 0, at: ms(2000))
    #expect(controller.bitrate == 1_900_000)
    controller.report(fractionLost: 0.01, at: ms(2500))
    #expect(controller.bitrate == 1_950_000)
    controller.report(fractionLost: 0, at: ms(60_000))
    #expect(controller.bitrate == 2_000_000)
  }

  @Test func `frequent reports of one loss burst count once`() {
    var controller = REMBController(maximum: 2_000_000)
    for step in UInt64(0)..<10 { controller.report(fractionLost: 0.2, at: ms(1000 + step * 49)) }
    #expect(controller.bitrate == 1_800_000)
  }

  @Test func `it never falls below the floor, nor leaves its range for nonsense`() {
    var controller = REMBController(maximum: 2_000_000)
    for second in UInt64(1)...100 { controller.report(fractionLost: 7, at: ms(second * 1000)) }
    #expect(controller.bitrate == 100_000)
    controller.report(fractionLost: -3, at: ms(101_000))
    #expect(controller.bitrate == 200_000)
    var small = REMBController(maximum: 50_000)
    small.report(fractionLost: 1, at: ms(0))
    #expect(small.bitrate == 50_000)
  }
}
