-- Shared by the scripts below it.
-- Which nodes are dead, from their names in one text. A node that is not named lives: it may have started just now.
local function dead_nodes(names)
  local dead = {}
  for name in names:gmatch('%S+') do
    dead[name] = true
  end
  return dead
end

-- What a text such as "node=2 node=1" says: each node and its sessions.
local function each_node(sessions)
  return (sessions or ''):gmatch('(%S+)=(%d+)')
end
