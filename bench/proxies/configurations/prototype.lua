-- The work that the first prototype's program does for a request, in our own words: it logs what it
-- reads and what it decides, walks all endpoints by predicates, and sets three headers.
local json = require("json")
local endpoints = require("endpoints")

local DELIMITER = "!SCOPE!"
local DEFAULTS = {"compute", "identity", "image", "network", "placement"}

local of_cloud = {}
for _, endpoint in ipairs(endpoints) do
    of_cloud[endpoint.cloud] = of_cloud[endpoint.cloud] or {}
    table.insert(of_cloud[endpoint.cloud], endpoint)
end

local function before(one, other)
    if type(one) == type(other) then return one < other end
    return type(one) == "number"
end

-- A value for human eyes: of a table a line per key, in order.
local function shown(value, indent)
    if type(value) == "string" then return string.format("%q", value) end
    if type(value) ~= "table" then return tostring(value) end
    indent = indent or "  "
    local keys, lines = {}, {}
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys, before)
    for _, key in ipairs(keys) do
        local name = type(key) == "string" and key:match("^[%a_][%w_]*$") or "[" .. shown(key) .. "]"
        lines[#lines + 1] = indent .. name .. " = " .. shown(value[key], indent .. "  ")
    end
    return "{\n" .. table.concat(lines, ",\n") .. "\n}"
end

local function say(what, value)
    core.log(core.info, what .. ": " .. shown(value))
end

local function first(list, holds)
    for _, endpoint in pairs(list) do
        if holds(endpoint) then return endpoint end
    end
    core.log(core.err, "no endpoint found")
end

local function scope_of(headers, here)
    local scope = {}
    for _, service in ipairs(DEFAULTS) do scope[service] = here end
    local function complete(text)
        for service, cloud in pairs(json.decode(text)) do scope[service] = cloud end
    end
    local given, token = headers["x-scope"], headers["x-auth-token"]
    if given then
        say("scope in its header", given)
        complete(given[0])
    elseif token then
        say("token", token)
        local _, last = token[0]:find(DELIMITER)
        if last then complete(token[0]:sub(last + 1)) end
    end
    say("scope", scope)
    return scope
end

local function strip(txn, name)
    local value = txn.http:req_get_headers()[name:lower()]
    if not value then return end
    local at = value[0]:find(DELIMITER)
    if at then txn.http:req_set_header(name, value[0]:sub(1, at - 1)) end
end

local function interpret(txn, here)
    local base, headers = txn.sf:base(), txn.http:req_get_headers()
    core.log(core.info, string.rep("-", 70))
    say("request", base)
    local target = first(endpoints, function(endpoint)
        return base:sub(1, #endpoint.address) == endpoint.address
    end)
    if not target then return "" end
    local scope = scope_of(headers, here)
    local cloud = scope[target.service]
    say("cloud", cloud)
    local backend = cloud .. "_" .. target.service
    say("backend", backend)
    strip(txn, "X-Subject-Token")
    if target.service == "identity" then strip(txn, "X-Auth-Token") end
    local identity = first(of_cloud[scope.identity], function(endpoint)
        return endpoint.service == "identity" and endpoint.interface == "admin"
    end)
    txn.http:req_set_header("X-Identity-Cloud", identity.cloud)
    txn.http:req_set_header("X-Identity-Url", "http://" .. identity.address)
    txn.http:req_set_header("X-Scope", json.encode(scope))
    return backend
end

core.register_fetches("interpret", function(txn, here)
    if txn.sf:req_fhdr("host") .. txn.sf:path() == "" then return "" end
    return interpret(txn, here)
end)
