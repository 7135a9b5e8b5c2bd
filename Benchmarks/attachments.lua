-- The load: one message with an attachment of POSTERN_BENCHMARK_BYTES octets in base64, as JSON.
local bytes = tonumber(os.getenv("POSTERN_BENCHMARK_BYTES"))
-- Three octets are four characters; the content does not repeat within a line of 76.
local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local content = string.rep(alphabet, math.ceil(bytes / 48)):sub(1, math.floor(bytes / 3) * 4)
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"from":"ann@example.org","to":["bob@example.net"],"subject":"How are you?","text":"See the file.",' ..
  '"attachments":[{"filename":"file.bin","content":"' .. content .. '"}]}'

function done(summary, latency)
  io.write(string.format(
    '\n{"requests":%d,"duration_us":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,' ..
    '"mean_us":%.1f,"p50_us":%d,"p99_us":%d,"max_us":%d}\n',
    summary.requests, summary.duration, summary.errors.connect, summary.errors.read, summary.errors.write,
    summary.errors.status, summary.errors.timeout, latency.mean, latency:percentile(50), latency:percentile(99),
    latency.max))
end
