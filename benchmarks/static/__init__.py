"""Static files on one core, beside the servers that people use for them; see README.md.

contenders   how each is set up;  starlette_files: one of them
trial        one of them in one round;  report: from trials to a table
"""
