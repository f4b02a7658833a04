"""The command line: one file a verb; each parses, builds settings, validates, runs, reports.

main     the verbs, and how errors become exit codes
process  an event loop, signals, and how a server says that it is ready
serve    the gateway
flaky    the misbehaving upstream
demo     both, and what users see with and without the gateway (demo_*: its parts)
"""
