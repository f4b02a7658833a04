"""Worker models of ``hedgerow serve``: how fast, how large, and what is lost when they die.

models   one process, several, threads: under ab and under wrk, as the seeds of this project did
chaos    workers that are killed, reloaded, added and taken away under full load
memory   a worker at rest, and with ten thousand idle connections
"""
