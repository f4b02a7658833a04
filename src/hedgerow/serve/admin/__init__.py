"""What an operator asks of a running gateway: metrics, traces, replicas, and whether it is well.

    server    the second listener, and which page is where
    metrics   Prometheus exposition
    overview  routes, upstreams and replicas as JSON can say them
    page      the same for people

Reads what the gateway counts anyway, when it is asked; must not change anything.
"""
