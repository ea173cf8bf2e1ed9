import LoadGen

await LoadGenCommand.main()
