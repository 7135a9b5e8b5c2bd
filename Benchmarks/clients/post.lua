-- One request, again and again: the body of the file BENCHMARK_BODY. With BENCHMARK_CLOSE each on a connection of its
-- own; with BENCHMARK_GAPS it is also noted when answers came; with BENCHMARK_KEYS each has an Idempotency-Key of its own.
local file = assert(io.open(os.getenv("BENCHMARK_BODY"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "application/json"
if os.getenv("BENCHMARK_CLOSE") then wrk.headers["Connection"] = "close" end
file:close()

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

local keys = os.getenv("BENCHMARK_KEYS")
if keys then
  local count = 0
  local headers = {["Content-Type"] = "application/json"}

  function request()
    count = count + 1
    headers["Idempotency-Key"] = keys .. count
    return wrk.format(nil, nil, headers)
  end
end

if os.getenv("BENCHMARK_GAPS") then
  local ffi = require("ffi")
  ffi.cdef([[
    struct benchmark_time { long seconds; long nanoseconds; };
    int clock_gettime(int clock, struct benchmark_time *now);
  ]])
  local now = ffi.new("struct benchmark_time")
  local function seconds()
    ffi.C.clock_gettime(1, now)
    return tonumber(now.seconds) + tonumber(now.nanoseconds) / 1e9
  end

  function init()
    last = seconds()
    longest = 0
  end

  function response()
    local at = seconds()
    longest = math.max(longest, at - last)
    last = at
  end

  function gap_until_now()
    return math.max(longest, seconds() - last)
  end
end

-- One line of JSON, the last of wrk's output.
function done(summary, latency)
  local gap = 0
  if gap_until_now then
    for _, thread in ipairs(threads) do
      longest, last = thread:get("longest"), thread:get("last")
      gap = math.max(gap, gap_until_now())
    end
  end
  io.write(string.format(
    '\n{"requests":%d,"duration_us":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,' ..
    '"mean_us":%.1f,"p50_us":%d,"p99_us":%d,"max_us":%d,"longest_gap_s":%.3f}\n',
    summary.requests, summary.duration, summary.errors.connect, summary.errors.read, summary.errors.write,
    summary.errors.status, summary.errors.timeout, latency.mean, latency:percentile(50), latency:percentile(99),
    latency.max, gap))
end
