"""One generator process: sends its share of a plan and says what came of it.

request_maker  the bytes of a request, from the plan
cookies        what one user was told to send back
checks         whether an answer is what was expected
"""
