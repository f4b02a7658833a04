"""Turns what people have at hand into a scenario: a curl command line, a browser's recording.

Reads and writes texts; must not know how a scenario is played, nor touch files itself.

    step        one request of a recording, and the pause before it
    shell       a pasted command line as words
    curl        curl's words as one request
    curl_flags  which flags curl has, and which of them take a value
    fields      which recorded field lines are sent again
    body        bodies as curl makes them: data, forms, files
    har         a HAR file as steps
    script      steps as a Python file
"""
