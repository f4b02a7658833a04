-- Every request has a head of its own: a counter in the query, as an API with many resources sees.
-- The report is the same as without.
local directory = debug.getinfo(1, "S").source:match("@(.*/)")
dofile(directory .. "report_as_json.lua")

local path, number = nil, 0

function request()
  path = path or wrk.path
  number = number + 1
  return wrk.format(nil, path .. "?n=" .. number)
end
