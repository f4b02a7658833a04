-- wrk calls this once, after the run and after its stats_correct: its own figures, unrounded, as
-- one line of JSON.  No request or response function is defined, so the load runs without Lua.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "p50": %.6f, "p90": %.6f, "p99": %.6f, ' ..
    '"connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e6, latency:percentile(90) / 1e6, latency:percentile(99) / 1e6,
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
