package import RelayMetrics
import Signaling

/// What the control server has counted since it started. A plain value: a scrape copies it.
package struct ControlCounters: Sendable {
  /// Signalling connections (finished WebSocket handshakes) that are open now.
  package var connections = 0
  package var accepted: UInt64 = 0
  package var refused: [Refusal: UInt64] = [:]
  package var closed: [CloseCause: UInt64] = [:]
  package var messagesReceived: [MessageKind: UInt64] = [:]
  package var bytesReceived: UInt64 = 0
  /// By `type`.
  package var messagesSent: [String: UInt64] = [:]
  package var bytesSent: UInt64 = 0
  /// `error` messages sent, by code.
  package var errors: [String: UInt64] = [:]
  package var tokensRefused: [TokenError: UInt64] = [:]

  package init() {}

  mutating func add(_ count: SessionAction.Count) {
    switch count {
    case .received(let kind, let bytes):
      messagesReceived[kind, default: 0] += 1
      bytesReceived += UInt64(bytes)
    case .tokenRefused(let error): tokensRefused[error, default: 0] += 1
    case .closed(let cause): closed[cause, default: 0] += 1
    }
  }

  mutating func addSent(_ message: RelayMessage, bytes: Int) {
    messagesSent[message.type, default: 0] += 1
    bytesSent += UInt64(bytes)
    if case .error(let error) = message { errors[error.code.rawValue, default: 0] += 1 }
  }
}

/// Why a connection did not become a signalling connection.
package enum Refusal: String, CaseIterable, Sendable {
  case capacity
  case notFound = "not_found"
  case forbiddenOrigin = "forbidden_origin"
  case upgradeRequired = "upgrade_required"
}

extension ControlCounters {
  /// Appends the `signaling_` families to a page of metrics.
  package func write(to page: inout PrometheusText) {
    page.gauge("signaling_connections", help: "Open signalling connections.", connections)
    page.counter("signaling_accepted_total", help: "Signalling connections that were opened.", accepted)
    page.family("signaling_refused_total", .counter, help: "Connections refused before the WebSocket was open.") {
      for refusal in Refusal.allCases {
        $0.count(refused[refusal, default: 0], MetricLabel("reason", refusal.rawValue))
      }
    }
    page.family("signaling_closed_total", .counter, help: "Signalling connections that ended, by cause.") {
      for cause in CloseCause.allCases {
        $0.count(closed[cause, default: 0], MetricLabel("cause", cause.rawValue))
      }
    }
    page.family("signaling_messages_received_total", .counter, help: "Messages from clients, by type.") {
      for kind in MessageKind.allCases {
        $0.count(messagesReceived[kind, default: 0], MetricLabel("type", kind.label))
      }
    }
    page.counter("signaling_received_bytes_total", help: "Bytes of messages from clients.", bytesReceived)
    page.family("signaling_messages_sent_total", .counter, help: "Messages to clients, by type.") {
      for (type, count) in messagesSent.sorted(by: { $0.key < $1.key }) { $0.count(count, MetricLabel("type", type)) }
    }
    page.counter("signaling_sent_bytes_total", help: "Bytes of messages to clients.", bytesSent)
    page.family("signaling_errors_total", .counter, help: "Error messages to clients, by code.") {
      for (code, count) in errors.sorted(by: { $0.key < $1.key }) { $0.count(count, MetricLabel("code", code)) }
    }
    page.family("signaling_tokens_refused_total", .counter, help: "Join tokens refused, by reason.") {
      for error in TokenError.allCases {
        $0.count(tokensRefused[error, default: 0], MetricLabel("reason", error.rawValue))
      }
    }
  }
}
