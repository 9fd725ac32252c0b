-- JSON, as far as a scope needs it: objects, arrays, strings and plain words.
local json = {}

local escapes = {b = "\b", f = "\f", n = "\n", r = "\r", t = "\t"}
local words = {["true"] = true, ["false"] = false}
local value

local function skip(text, at)
    return text:find("%S", at) or #text + 1
end

local function quoted(text, at)
    local pieces, from = {}, at + 1
    while true do
        local found = text:find('["\\]', from)
        if not found then error("a string has no end") end
        pieces[#pieces + 1] = text:sub(from, found - 1)
        if text:sub(found, found) == '"' then return table.concat(pieces), found + 1 end
        local escape = text:sub(found + 1, found + 1)
        if escape == "u" then
            pieces[#pieces + 1] = utf8.char(tonumber(text:sub(found + 2, found + 5), 16))
            from = found + 6
        else
            pieces[#pieces + 1] = escapes[escape] or escape
            from = found + 2
        end
    end
end

local function members(text, at, closing, read)
    at = skip(text, at + 1)
    if text:sub(at, at) == closing then return at + 1 end
    while true do
        at = skip(text, read(at))
        local mark = text:sub(at, at)
        if mark == closing then return at + 1 end
        if mark ~= "," then error("',' or '" .. closing .. "' expected") end
        at = skip(text, at + 1)
    end
end

local function object(text, at)
    local result = {}
    local after = members(text, at, "}", function(here)
        if text:sub(here, here) ~= '"' then error("a key expected") end
        local key, colon = quoted(text, here)
        colon = skip(text, colon)
        if text:sub(colon, colon) ~= ":" then error("':' expected") end
        local found, rest = value(text, skip(text, colon + 1))
        result[key] = found
        return rest
    end)
    return result, after
end

local function array(text, at)
    local result = {}
    local after = members(text, at, "]", function(here)
        local found, rest = value(text, here)
        result[#result + 1] = found
        return rest
    end)
    return result, after
end

function value(text, at)
    local mark = text:sub(at, at)
    if mark == "{" then return object(text, at) end
    if mark == "[" then return array(text, at) end
    if mark == '"' then return quoted(text, at) end
    local word = text:match("^[%w.+-]+", at)
    if not word then error("a value expected") end
    local result = words[word]
    if result == nil then result = tonumber(word) end
    return result, at + #word
end

function json.decode(text)
    local result, after = value(text, skip(text, 1))
    if skip(text, after) <= #text then error("more than one value") end
    return result
end

function json.encode(strings)
    local members = {}
    for key, text in pairs(strings) do
        members[#members + 1] = string.format('"%s":"%s"', key, text)
    end
    table.sort(members)
    return "{" .. table.concat(members, ",") .. "}"
end

return json
