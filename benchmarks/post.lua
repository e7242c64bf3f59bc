-- Sends the requests of a file, each once: wrk -s post.lua URL -- FILE CONNECTIONS
-- When the file is at its end each connection is given a question that costs nothing, until the last of the
-- real requests must have been answered; then it says so on stderr. These questions are not counted.
local file
local begun = false
local HEALTH = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
connections, extra, sent = 1, 0, 0

function setup(thread)
  sender = thread
end

function init(args)
  file = assert(io.open(args[1], "rb"))
  connections = tonumber(args[2])
end

function request()
  if not begun then
    begun = true -- the first one is only looked at by wrk, and never sent
    return HEALTH
  end
  local length = file:read(8)
  if length then
    sent = sent + 1
    return file:read(tonumber(length))
  end
  extra = extra + 1
  if extra == connections * 20 then
    io.stderr:write("end\n")
    io.stderr:flush()
  end
  return HEALTH
end

function done(summary, latency)
  local counted = sender:get("sent")
  local asked = sender:get("extra")
  print(string.format(
    '\n{"requests": %d, "seconds": %.6f, "failed": %d, "p50_ms": %.3f, "p99_ms": %.3f, "p999_ms": %.3f}',
    math.max(0, summary.requests - asked), summary.duration / 1e6,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency:percentile(99.9) / 1000))
end
