-- Post a body with a key, as the words say, and print what came out as JSON.
function init(words)
  local file = assert(io.open(words[2], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  wrk.headers["Authorization"] = "Bearer " .. words[1]
  wrk.headers["Content-Type"] = "application/json"
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '{"a_second": %f, "failed": %d, "p50_ms": %f, "p99_ms": %f}\n',
    summary.requests / summary.duration * 1e6, failed,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
