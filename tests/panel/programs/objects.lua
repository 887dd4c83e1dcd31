-- Objects of Lua, and large strings.
local objects, large = {}, {}

for i = 1, 300000 do
	objects[i] = { i, "x" .. i }
end
for i = 1, 20 do
	large[i] = string.rep(tostring(i), 500000)
end
print("ready")
io.stdout:flush()
io.read()
print(#objects + #large)
