-- Where a request goes, by its scope: the straightforward way, in Lua, without a line of log.
local json = require("json")
local endpoints = require("endpoints")

local DELIMITER = "!SCOPE!"
local SERVICES = {"block-storage", "compute", "identity", "image", "network", "object-store", "placement"}

local function service_at(base)
    for _, endpoint in ipairs(endpoints) do
        if base:sub(1, #endpoint.address) == endpoint.address then return endpoint.service end
    end
end

local function scope_of(headers, here)
    local scope = {}
    for _, service in ipairs(SERVICES) do scope[service] = here end
    local text = headers["x-scope"] and headers["x-scope"][0]
    local token = headers["x-auth-token"] and headers["x-auth-token"][0]
    if not text and token then
        local _, last = token:find(DELIMITER, 1, true)
        text = last and token:sub(last + 1)
    end
    if text then
        for service, cloud in pairs(json.decode(text)) do scope[service] = cloud end
    end
    return scope
end

local function without_suffix(txn, headers, name)
    local value = headers[name:lower()]
    local first = value and value[0]:find(DELIMITER, 1, true)
    if first then txn.http:req_set_header(name, value[0]:sub(1, first - 1)) end
end

core.register_fetches("interpret", function(txn, here)
    local headers = txn.http:req_get_headers()
    local service = service_at(txn.sf:base())
    if not service then return "" end
    local scope = scope_of(headers, here)
    without_suffix(txn, headers, "X-Subject-Token")
    if service == "identity" then without_suffix(txn, headers, "X-Auth-Token") end
    txn.http:req_set_header("X-Scope", json.encode(scope))
    return scope[service] .. "_" .. service
end)
