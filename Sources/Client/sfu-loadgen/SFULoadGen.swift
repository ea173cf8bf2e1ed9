import LoadGen

@main
struct SFULoadGen {
  static func main() async { await LoadGenCommand.execute() }
}
