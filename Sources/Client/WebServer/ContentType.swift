/// What a page is made of. A file of any other kind is not served.
package enum ContentType: String, Sendable, CaseIterable {
  case html, js, css, wasm, svg, png, json, txt

  /// By the file name's extension, in small letters; nil for every other one.
  package init?(fileName: String) {
    guard let dot = fileName.lastIndex(of: "."), dot != fileName.startIndex else { return nil }
    self.init(rawValue: String(fileName[fileName.index(after: dot)...]))
  }

  /// The value of the Content-Type field. Browsers run a module only as JavaScript and compile a stream only as
  /// `application/wasm`, and nothing is guessed: see `nosniff`.
  package var fieldValue: String {
    switch self {
    case .html: "text/html; charset=utf-8"
    case .js: "text/javascript; charset=utf-8"
    case .css: "text/css; charset=utf-8"
    case .wasm: "application/wasm"
    case .svg: "image/svg+xml"
    case .png: "image/png"
    case .json: "application/json"
    case .txt: "text/plain; charset=utf-8"
    }
  }
}
