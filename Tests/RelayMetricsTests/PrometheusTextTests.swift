import RelayMetrics
import TestKit
import Testing
import WireBytes

struct PrometheusTextTests {
  @Test func `a page has HELP and TYPE once per family and labelled samples below`() {
    var page = PrometheusText(prefix: "sfu")
    page.counter("packets_received_total", help: "Datagrams received.", 7)
    page.gauge("rooms", help: "Rooms now.", 2)
    page.family("drops_total", .counter, help: "Datagrams dropped, by reason.") {
      $0.count(3, MetricLabel("reason", "stun_malformed"))
      $0.count(0, MetricLabel("reason", "srtp_replay"), MetricLabel("shard", "1"))
    }
    #expect(
      page.text == """
        # HELP sfu_packets_received_total Datagrams received.
        # TYPE sfu_packets_received_total counter
        sfu_packets_received_total 7
        # HELP sfu_rooms Rooms now.
        # TYPE sfu_rooms gauge
        sfu_rooms 2
        # HELP sfu_drops_total Datagrams dropped, by reason.
        # TYPE sfu_drops_total counter
        sfu_drops_total{reason="stun_malformed"} 3
        sfu_drops_total{reason="srtp_replay",shard="1"} 0

        """)
  }

  @Test func `histogram buckets are cumulative and end at infinity`() {
    var histogram = Histogram(bounds: [0.001, 0.5])
    histogram.observe(0.0009765625)
    histogram.observe(0.25, times: 2)
    histogram.observe(3)
    var page = PrometheusText(prefix: "sfu")
    page.histogram("forward_latency_seconds", help: "h", histogram)
    #expect(
      page.text == """
        # HELP sfu_forward_latency_seconds h
        # TYPE sfu_forward_latency_seconds histogram
        sfu_forward_latency_seconds_bucket{le="0.001"} 1
        sfu_forward_latency_seconds_bucket{le="0.5"} 3
        sfu_forward_latency_seconds_bucket{le="+Inf"} 4
        sfu_forward_latency_seconds_sum 3.5009765625
        sfu_forward_latency_seconds_count 4

        """)
  }

  @Test func `help and label values are escaped, and read back`() throws {
    var page = PrometheusText(prefix: "sfu")
    page.family("build_info", .gauge, help: "back\\slash and\nline") {
      $0.sample(1, MetricLabel("version", "a\"b\\c\nd,}"), MetricLabel("x", ""))
    }
    #expect(page.text.contains("# HELP sfu_build_info back\\\\slash and\\nline\n"))
    let samples = PrometheusSamples(parsing: page.text).samples
    #expect(samples.count == 1)
    #expect(samples.first?.labels == ["version": "a\"b\\c\nd,}", "x": ""])
    #expect(samples.first?.value == 1)
  }

  @Test func `numbers are written without needless fractions`() {
    var page = PrometheusText(prefix: "t")
    page.family("g", .gauge, help: "h") {
      $0.sample(1e6)
      $0.sample(0.25)
      $0.sample(Double.infinity)
      $0.sample(Double.nan)
      $0.sample(-1.5)
    }
    #expect(page.text.hasSuffix("t_g 1000000\nt_g 0.25\nt_g +Inf\nt_g NaN\nt_g -1.5\n"))
  }

  @Test func `sums run over the samples that carry the labels`() {
    let page = PrometheusSamples(
      parsing: """
        # TYPE a counter
        a{x="1",y="2"} 3
        a{x="1",y="3"} 4
        a{x="2"} 8
        b 1.5 1700000000
        broken{x= 3
        """)
    #expect(page.sum("a") == 15)
    #expect(page.sum("a", ["x": "1"]) == 7)
    #expect(page.sum("b") == 1.5)
    #expect(page.sum("a", ["x": "9"]) == nil)
    #expect(page.sum("broken") == nil)
  }

  @Test func `no malformed page traps the reader`() {
    let page = Array("a{x=\"1\\\\\",y=\"2\"} 3\n# HELP a b\nb_bucket{le=\"+Inf\"} +Inf\n".utf8)
    for bytes in MalformedSweep.truncations(of: page) + MalformedSweep.mutations(of: page, count: 2000, seed: 5) {
      _ = PrometheusSamples(parsing: String(decoding: bytes, as: UTF8.self))
    }
  }
}
