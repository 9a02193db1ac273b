-- Part of the scripts that follow it.
-- Returns the set of dead servers from their names, separated by spaces.
local function dead_nodes(names)
  local dead = {}
  for name in names:gmatch('%S+') do
    dead[name] = true
  end
  return dead
end

-- Iterates over an entry such as "server=2 server=1": each server and its sessions.
local function each_node(sessions)
  return (sessions or ''):gmatch('(%S+)=(%d+)')
end
