"""What an operator asks of a running gateway: metrics, traces, replicas, and whether it is well.

    server      the second listener, and which page is where
    sources     where its answers are from: a gateway in this process
    crew        or many workers, from what each of them reports
    report      what a gateway says of itself to another process
    families    metrics as records, and how those of several gateways become one
    metrics     a gateway's
    exposition  the same as Prometheus' text, and what the system says of processes
    overview    routes, upstreams and replicas as JSON can say them; of several as one, by joining
    stories     of several gateways in one order
    page        the same for people

Reads what the gateway counts anyway, when it is asked; must not change anything.
"""
