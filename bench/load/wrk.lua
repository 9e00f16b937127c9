-- What wrk sends, as the environment says:
--   KIND=fixed    the same request every time
--   KIND=bearer   each line of LINES is an access token; they are used in turn
--   KIND=body     each line of LINES is a body; they are used in turn
--   KIND=refresh  each line of LINES is a refresh token; each is used once, and its successor later
--   KIND=refresh-form  the same for OAuth's token endpoint
-- One thread, so that there is one list. Prints a line of JSON at the end.
local kind, path = os.getenv('KIND'), os.getenv('LINES')
wrk.method = os.getenv('METHOD')
wrk.body = os.getenv('BODY')

local BODIES = {
  ['refresh'] = '{"refresh_token":"%s"}',
  ['refresh-form'] = 'grant_type=refresh_token&client_id=bench&refresh_token=%s',
}
local refresh_body = BODIES[kind]
local requests, at = {}, 0

-- global, so that the main thread can read it at the end
tokens, first, last = {}, 1, 0

local function push(token)
  last = last + 1
  tokens[last] = token
end

local function each_line(work)
  for line in io.lines(path) do work(line) end
end

function init()
  local head = {}
  for name, value in pairs(wrk.headers) do head[name] = value end
  if kind == 'bearer' then
    each_line(function(token)
      head['authorization'] = 'Bearer ' .. token
      requests[#requests + 1] = wrk.format(nil, nil, head)
    end)
  elseif kind == 'body' then
    each_line(function(body) requests[#requests + 1] = wrk.format(nil, nil, head, body) end)
  elseif refresh_body then
    each_line(push)
  end
end

if kind == 'bearer' or kind == 'body' then
  function request()
    at = at % #requests + 1
    return requests[at]
  end
elseif refresh_body then
  function request()
    local token = tokens[first]
    if not token then error('there are fewer sessions than connections') end
    tokens[first] = nil
    first = first + 1
    return wrk.format(nil, nil, nil, refresh_body:format(token))
  end

  function response(status, headers, body)
    local token = body:match('"refresh_token":"([^"]+)"')
    if token then push(token) end
  end
end

local threads = {}
function setup(thread) threads[#threads + 1] = thread end

-- the next run goes on with the newest tokens; those whose answer was still on its way are lost
local function keep_tokens()
  local file = io.open(path, 'w')
  for _, token in pairs(threads[1]:get('tokens')) do file:write(token, '\n') end
  file:close()
end

function done(summary, latency)
  if refresh_body then keep_tokens() end
  local errors = summary.errors
  io.stdout:write(string.format(
    '{"answered":%d,"seconds":%.6f,"refused":%d,"failed":%d,"cpu":%.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, os.clock()
  ))
end
