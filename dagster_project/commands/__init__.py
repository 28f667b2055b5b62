"""The command line, `kto`: each command reads its options, calls a room and prints."""
