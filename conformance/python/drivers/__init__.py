"""Programs the conformance specs run: each reads its input from arguments or stdin and writes JSON lines to stdout."""
