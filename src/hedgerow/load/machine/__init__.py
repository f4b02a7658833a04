"""The machine that load comes from: what it is, and how it and our processes are doing.

Tells facts; must not judge them, nor know what is measured.

    describe  what kind of machine it is
    health    how it and the generator processes are doing, once a second
    kernel    what the kernel's files say;  cgroup: where this process's limits are
"""
