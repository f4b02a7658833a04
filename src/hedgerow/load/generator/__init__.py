"""One generator process: sends its share of a plan and says what came of it.

    process           from its first order to its last batch
    assembly          which driver plays a plan;  driver: what every driver is told
    field             what drivers work with: loop, plan, share, recorder
    open              the open model: requests go out when they are due
    closed            the closed model: users wait;  user_pacing: when they come and go
    pacer             when each request goes out;  timerfd: the kernel's timer for it
    dialling          opening connections
    carrier           a connection and the moments of its request
    request_maker     the bytes of a request, from the plan
    cookies           what one user was told to send back
    checks            whether an answer is what was expected
    recorder          notes what becomes of requests, and hands it over

And for scenarios:

    scenario          from a file's text to the functions that users play
    scenario_drivers  a scenario as a driver;  scenario_users: who plays it when
    scenario_calls    calls its functions, and what an exception in them means
    user              what its code asks for;  answer: what it sees of an answer
    scenario_request  the bytes of each request;  exchange: carries it

The demo plays ``open`` on a loop of its own, without a process.
"""
