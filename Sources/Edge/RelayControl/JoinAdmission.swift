package import RelayEngine
package import Signaling
import WireBytes

/// Who may join: the token rules of this relay.
package struct JoinAdmission: Sendable {
  private let tokenKeys: [String: [UInt8]]
  private let allowsJoinWithoutToken: Bool

  package init(tokenKeys: [String: [UInt8]], allowsJoinWithoutToken: Bool) {
    self.tokenKeys = tokenKeys
    self.allowsJoinWithoutToken = allowsJoinWithoutToken
  }

  package func admit(_ join: Join, nowUnixSeconds: UInt64) throws(TokenError) -> AdmittedJoin {
    guard let token = join.token, !(tokenKeys.isEmpty && allowsJoinWithoutToken) else {
      guard allowsJoinWithoutToken else { throw .missing }
      return AdmittedJoin(join: join, canPublish: true, canSubscribe: true)
    }
    let grants = try JoinToken.verify(token, keys: tokenKeys, room: join.room, nowUnixSeconds: nowUnixSeconds)
    return AdmittedJoin(join: join, canPublish: grants.canPublish, canSubscribe: grants.canSubscribe)
  }
}
