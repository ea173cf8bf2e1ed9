package import ArgumentParser

/// `sfu-web digest`.
package struct DigestCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "digest",
    abstract: "Print the SHA-256 of every file of the page and of the list as a whole.",
    discussion: """
      The same text is served as /digest.txt. The last line's digest is that of the lines above it. A source tree that \
      one trusts says what it should be.
      """)

  @OptionGroup var options: RootOptions

  package init() {}

  package func run() throws { StandardOutput.write(try options.load().digestText) }
}
