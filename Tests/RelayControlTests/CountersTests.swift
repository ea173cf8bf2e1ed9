import RelayControl
import RelayMetrics
import Signaling
import Testing
import WireBytes

@Suite(.serialized, .timeLimit(.minutes(5))) struct CountersTests {
  @Test func `counters become a page of metrics with bounded labels`() async throws {
    try await TestServer.run { test in
      let (client, _) = try await test.join()
      client.send(text: #"{"type":"something new"}"#)
      client.send(text: "{")
      #expect(try await client.nextError().code == .malformed)
      var page = PrometheusText(prefix: "sfu")
      test.server.counters.write(to: &page)
      for line in [
        "sfu_signaling_connections 1", "sfu_signaling_accepted_total 1",
        #"sfu_signaling_messages_received_total{type="join"} 1"#,
        #"sfu_signaling_messages_received_total{type="unknown"} 1"#,
        #"sfu_signaling_messages_sent_total{type="joined"} 1"#,
        #"sfu_signaling_errors_total{code="malformed"} 1"#,
        #"sfu_signaling_closed_total{cause="idle"} 0"#,
        #"sfu_signaling_tokens_refused_total{reason="expired"} 0"#,
        #"sfu_signaling_refused_total{reason="capacity"} 0"#,
      ] {
        #expect(page.text.contains(line + "\n"))
      }
      #expect(!page.text.contains("something"))
    }
  }
}
