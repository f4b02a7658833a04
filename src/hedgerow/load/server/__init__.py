"""The server under test, as a process: started, found, watched, ended.

Must not know what is sent to it.

    launch     starts it and waits until it listens;  lifeline: ends it with us
    listeners  which processes listen on a port
    watch      what they use, once a second
"""
