import LoadGen
import Testing

@Suite struct EModelTests {
  @Test("without delay and loss the score is that of the best rating")
  func perfect() {
    let score = EModel.meanOpinionScore(delayMilliseconds: 0, loss: 0)
    #expect(abs(score - 4.41) < 0.01)
  }

  @Test("delay and loss lower the score, and nothing leaves the scale")
  func falling() {
    let near = EModel.meanOpinionScore(delayMilliseconds: 60, loss: 0)
    #expect(near > EModel.meanOpinionScore(delayMilliseconds: 400, loss: 0))
    #expect(near > EModel.meanOpinionScore(delayMilliseconds: 60, loss: 0.05))
    #expect(EModel.meanOpinionScore(delayMilliseconds: 100_000, loss: 1) == 1)
  }
}
