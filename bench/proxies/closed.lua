-- What wrk found out, as JSON on the last line.
function done(summary)
    local errors = 0
    for _, count in pairs(summary.errors) do errors = errors + count end
    io.write(string.format(
        '{"requests": %d, "microseconds": %d, "errors": %d}\n',
        summary.requests, summary.duration, errors))
end
