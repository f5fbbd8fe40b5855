-- sotto.lua - shows a Sotto connection in Wireshark and tshark: the hello, each
-- handshake message with its Noise tokens, refusals, records; and, with a
-- client's key log, what the records carry. See README.md in this folder, and
-- core/PROTOCOL.md for what is shown.

local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or ""
local suites = dofile(here .. "sotto_crypto.lua").suites

local sotto = Proto("sotto", "Sotto secure chat")

local PORT = 7688
local MAGIC = "Sotto"
local HELLO_LEN, KEY_LEN = 10, 32

-- ---- names and fields --------------------------------------------------------

local PATTERNS = {"XX", "IK"}
local SUITE_NAMES = {}
for number, suite in ipairs(suites) do
  SUITE_NAMES[number] = suite.name
end
-- By pattern, the messages in order.
local TOKENS = {{"e", "e, ee, s, es", "s, se"}, {"e, es, s, ss", "e, ee, se"}}
local REFUSALS = {"MAGIC", "VERSION", "SUITE", "LIMIT", "BUSY", "KEY"}
local REASONS = {[0] = "BYE", "PROTOCOL", "SHUTDOWN", "TIMEOUT", "SLOW",
                 "REPLACED", "OVERLOAD", "REFUSED", "REVOKED", "STORAGE"}
local PROBLEMS = {"LOGIN", "DISABLED", "THROTTLED", "NAME_TAKEN", "NAME_BAD",
                  "CLOSED", "CODE", "FULL", "STORAGE", "ROOM", "TEXT", "WEAK",
                  "DEVICE_TAKEN", "DEVICE_UNKNOWN", "PASSWORD"}
local CHUNK, REKEY, APPLICATION = 1, 2, 16
local FRAMES = {
  [0] = "PADDING", "CHUNK", "REKEY", "CLOSE", [16] = "AUTH",
  [17] = "REGISTER", [18] = "JOIN", [19] = "POST", [20] = "WHO",
  [21] = "PING", [22] = "DEVICE_LOGIN", [23] = "ENROL", [24] = "DEVICE_ADD",
  [25] = "EXPECT", [26] = "REVOKE", [27] = "DEVICES", [28] = "PASSWORD",
  [32] = "REGISTERED", [33] = "WELCOME", [34] = "ERROR", [35] = "JOINED",
  [36] = "MESSAGE", [37] = "ENTERED", [38] = "LEFT", [39] = "CAUGHT_UP",
  [40] = "ACK", [41] = "PRESENT", [42] = "PONG", [43] = "ENROLLED",
  [44] = "DONE", [45] = "DEVICE_LIST",
}

local field = {
  length = ProtoField.uint16("sotto.length", "Length"),
  version = ProtoField.uint8("sotto.hello.version", "Version"),
  pattern = ProtoField.uint8("sotto.hello.pattern", "Pattern", base.DEC,
                             PATTERNS),
  suite = ProtoField.uint8("sotto.hello.suite", "Suite", base.DEC,
                           SUITE_NAMES),
  limit = ProtoField.uint16("sotto.hello.limit", "Receive limit"),
  refusal = ProtoField.uint8("sotto.refusal", "Refusal", base.DEC, REFUSALS),
  message = ProtoField.uint8("sotto.handshake.message", "Message"),
  tokens = ProtoField.string("sotto.handshake.tokens", "Noise tokens"),
  e = ProtoField.bytes("sotto.handshake.e", "e, ephemeral public key"),
  s = ProtoField.bytes("sotto.handshake.s", "s, static public key, sealed"),
  payload = ProtoField.bytes("sotto.handshake.payload", "Payload, sealed"),
  record = ProtoField.uint32("sotto.record", "Record"),
  sealed = ProtoField.bytes("sotto.record.sealed", "Text, sealed"),
  unknown = ProtoField.bytes("sotto.unknown", "Bytes"),
  type = ProtoField.uint8("sotto.frame", "Frame", base.DEC, FRAMES),
  body = ProtoField.bytes("sotto.frame.body", "Body"),
  text = ProtoField.string("sotto.text", "Text", base.UNICODE),
  scram = ProtoField.string("sotto.scram", "SCRAM"),
  name = ProtoField.string("sotto.name", "Name", base.UNICODE),
  device = ProtoField.string("sotto.device", "Device"),
  code = ProtoField.string("sotto.code", "Invitation code"),
  room = ProtoField.uint16("sotto.room", "Room"),
  number = ProtoField.uint64("sotto.number", "Number"),
  first = ProtoField.uint64("sotto.first", "First"),
  id = ProtoField.uint64("sotto.id", "The client's id"),
  instance = ProtoField.uint64("sotto.instance", "Instance", base.HEX),
  history = ProtoField.uint16("sotto.history", "History"),
  time = ProtoField.absolute_time("sotto.time", "Time", base.UTC),
  count = ProtoField.uint32("sotto.iterations", "Iterations"),
  seconds = ProtoField.uint32("sotto.seconds", "Seconds"),
  max_text = ProtoField.uint16("sotto.max_text", "Longest text"),
  bytes = ProtoField.bytes("sotto.bytes", "Bytes"),
  flag = ProtoField.uint8("sotto.flag", "Flag"),
  done = ProtoField.uint8("sotto.done", "Done", base.DEC, FRAMES),
  reason = ProtoField.uint8("sotto.close", "Reason", base.DEC, REASONS),
  problem = ProtoField.uint16("sotto.problem", "Problem", base.DEC, PROBLEMS),
  detail = ProtoField.uint32("sotto.detail", "Milliseconds to wait"),
}
sotto.fields = field

local expert = {
  refused = ProtoExpert.new("sotto.refused", "The server will not begin; this "
                            .. "hint is not authenticated", expert.group.RESPONSE_CODE,
                            expert.severity.WARN),
  malformed = ProtoExpert.new("sotto.malformed", "Not as the protocol has it",
                              expert.group.MALFORMED, expert.severity.ERROR),
  no_start = ProtoExpert.new("sotto.no_start", "The beginning of this "
                             .. "connection was not recorded",
                             expert.group.SEQUENCE, expert.severity.NOTE),
  no_keys = ProtoExpert.new("sotto.no_keys", "The key log has no keys for this "
                            .. "connection", expert.group.DECRYPTION,
                            expert.severity.NOTE),
  not_opened = ProtoExpert.new("sotto.not_opened", "Does not open: other keys, "
                               .. "or a record before it was not recorded",
                               expert.group.DECRYPTION, expert.severity.WARN),
}
sotto.experts = expert

-- What the bodies of frames hold, in order: a field and how it is written. The
-- kind is a number of bytes, "vector" (opaque x<V>) or "rest".
local ENTRY = {{"room", 2}, {"number", 8}, {"time", 4}, {"name", "vector"}}
local BODIES = {
  [3] = {{"reason", 1}},
  [16] = {{"scram", "rest"}},
  [17] = {{"name", "vector"}, {"bytes", "vector"}, {"count", 4}, {"bytes", 32},
          {"bytes", 32}, {"code", "vector"}},
  [18] = {{"name", "vector"}, {"instance", 8}, {"first", 8}, {"history", 2}},
  [19] = {{"room", 2}, {"id", 8}, {"text", "rest"}},
  [20] = {{"room", 2}},
  [22] = {{"name", "vector"}},
  [24] = {{"device", "vector"}},
  [25] = {{"device", "vector"}, {"bytes", 32}, {"seconds", 4}},
  [26] = {{"device", "vector"}},
  [28] = {{"bytes", "vector"}, {"count", 4}, {"bytes", 32}, {"bytes", 32},
          {"flag", 1}},
  [33] = {{"name", "vector"}, {"max_text", 2}},
  [34] = {{"problem", 2}, {"id", 8}, {"detail", 4}},
  [35] = {{"room", 2}, {"name", "vector"}, {"first", 8}, {"number", 8}},
  [36] = {ENTRY[1], ENTRY[2], ENTRY[3], ENTRY[4], {"text", "rest"}},
  [37] = ENTRY, [38] = ENTRY,
  [39] = {{"room", 2}},
  [40] = {{"room", 2}, {"id", 8}, {"number", 8}},
  [41] = {{"room", 2}, {"flag", 1}, {"name", "vectors"}},
  [43] = {{"name", "vector"}, {"device", "vector"}},
  [44] = {{"done", 1}},
}

-- ---- the key log -------------------------------------------------------------

sotto.prefs.keylog = Pref.string("Key log", "",
  "The file that `sotto client --keylog FILE` wrote")

local keys = {} -- by the client's ephemeral key, in hex
local keys_path

local function unhex(s)
  return (s:gsub("..", function(two) return string.char(tonumber(two, 16)) end))
end

local function read_keys()
  keys, keys_path = {}, sotto.prefs.keylog
  local file = keys_path ~= "" and io.open(keys_path, "r")
  if not file then
    return
  end
  local text = file:read("*a") or "" -- nothing comes of a folder
  file:close()
  for line in text:gmatch("[^\r\n]+") do
    local e, up, down = line:match("^SOTTO_1 (%x+) (%x+) (%x+)$")
    if e and #e == 64 and #up == 64 and #down == 64 then
      keys[e:lower()] = {up = unhex(up), down = unhex(down)}
    end
  end
end

-- The file grows while a client runs, so what is missing is looked for again.
local function find_keys(e)
  if keys_path ~= sotto.prefs.keylog or not keys[e] then
    read_keys()
  end
  return keys[e]
end

-- ---- connections -------------------------------------------------------------

local streams = {} -- by both ends; a hello begins another one
local units = {} -- what each unit was found to be: see learn()

function sotto.init()
  streams, units = {}, {}
  read_keys()
end

local function source(pinfo)
  return tostring(pinfo.src) .. " " .. pinfo.src_port
end

-- Not by tcp.stream: fields are not to be had each time a packet is looked at.
local function ends_of(pinfo)
  local from = source(pinfo)
  local to = tostring(pinfo.dst) .. " " .. pinfo.dst_port
  return from < to and from .. " " .. to or to .. " " .. from
end

local function new_stream(ends)
  streams[ends] = {up = {name = "up", count = 0, n = 0, parts = ""},
                   down = {name = "down", count = 0, n = 0, parts = ""}}
  return streams[ends]
end

-- Whoever said hello is the client; without one the port has to tell.
local function is_from_client(stream, pinfo)
  if stream.client then
    return stream.client == source(pinfo)
  end
  return pinfo.dst_port == PORT
end

-- Whether a hello begins here. As a unit's length it would be 21,359, more than
-- any peer announces as its limit.
local function is_hello(start)
  return MAGIC:sub(1, #start) == start
end

local function bytes_of(range)
  return range:bytes():raw()
end

local function unit_len(tvb, _, offset)
  local left = tvb:reported_length_remaining(offset)
  if is_hello(bytes_of(tvb(offset, math.min(left, #MAGIC)))) then
    return HELLO_LEN
  end
  local length = tvb(offset, 2):uint()
  return length == 0 and 3 or 2 + length -- a refusal has a code behind its 0
end

-- ---- learning: once for each unit, in the order of the connection -----------

-- Reads `opaque x<V>`'s length at `at` of a string: the length and where the
-- bytes begin, or nil.
local function vector_at(s, at)
  local first = s:byte(at)
  local size = first and 2 ^ math.floor(first / 64)
  if not first or size > 4 or at + size - 1 > #s then
    return nil
  end
  local length = first % 64
  for i = at + 1, at + size - 1 do
    length = length * 256 + s:byte(i)
  end
  return length, at + size
end

-- The frames of a record; false when it is not made of whole ones.
local function frames_of(plain, direction)
  local frames, at = {}, 1
  while at <= #plain do
    local length, body = vector_at(plain, at + 1)
    if not length or body + length - 1 > #plain then
      return frames, false
    end
    local frame = {type = plain:byte(at), at = at, body = body,
                   last = body + length - 1}
    local text = plain:sub(body, frame.last)
    if frame.type == CHUNK then
      direction.parts = direction.parts .. text
    elseif frame.type >= APPLICATION and direction.parts ~= "" then
      frame.joined, direction.parts = direction.parts .. text, ""
    end
    frames[#frames + 1] = frame
    at = frame.last + 1
  end
  return frames, #frames > 0
end

local function learn_record(stream, direction, unit, text)
  local suite = suites[stream.suite]
  unit.kind, unit.n = "record", direction.n
  direction.n = direction.n + 1
  if not direction.key then
    local found = find_keys(stream.e)
    direction.key = found and found[direction.name]
    unit.no_keys = not direction.key
  end
  if unit.no_keys then
    return
  end
  unit.plain = suite.open(direction.key, unit.n, text)
  if unit.plain then
    unit.frames, unit.is_whole = frames_of(unit.plain, direction)
    local last = unit.frames[#unit.frames]
    if last and last.type == REKEY then
      direction.key = suite.rekey(direction.key)
    end
  end
end

local function learn_hello(pinfo, raw)
  local stream = new_stream(ends_of(pinfo))
  stream.client = source(pinfo)
  stream.pattern, stream.suite = raw:byte(7), raw:byte(8)
  stream.is_known = PATTERNS[stream.pattern] and suites[stream.suite]
  return {kind = "hello", stream = stream}
end

local function learn(pinfo, raw)
  if #raw >= HELLO_LEN and is_hello(raw:sub(1, #MAGIC)) then
    return learn_hello(pinfo, raw)
  end
  local ends = ends_of(pinfo)
  local stream = streams[ends] or new_stream(ends)
  local from_client = is_from_client(stream, pinfo)
  local direction = from_client and stream.up or stream.down
  local unit = {stream = stream}
  direction.count = direction.count + 1
  -- Messages take turns: the client's are 1 and 3, the server's is 2.
  local message = 2 * direction.count - (from_client and 1 or 0)
  if #raw == 3 and raw:sub(1, 2) == "\0\0" then
    unit.kind = "refusal"
  elseif not stream.is_known then
    unit.kind = "unknown"
  elseif message <= #TOKENS[stream.pattern] then
    unit.kind, unit.message = "message", message
    if message == 1 then
      stream.e = raw:sub(3, 2 + KEY_LEN):gsub(".", function(c)
        return ("%02x"):format(c:byte())
      end)
    end
  else
    learn_record(stream, direction, unit, raw:sub(3))
  end
  return unit
end

-- A packet is looked at again when it is shown; its units are the same then.
local function unit_of(pinfo, raw)
  local key = pinfo.number .. " " .. raw
  if not units[key] then
    units[key] = learn(pinfo, raw)
  end
  return units[key]
end

-- ---- showing -----------------------------------------------------------------

local function show_hello(tvb, tree)
  local suite = tvb(7, 1):uint()
  tree:add(field.version, tvb(5, 1))
  tree:add(field.pattern, tvb(6, 1))
  tree:add(field.suite, tvb(7, 1))
  tree:add(field.limit, tvb(8, 2))
  return ("Hello %s %s"):format(PATTERNS[tvb(6, 1):uint()] or "?",
                                SUITE_NAMES[suite] or "?")
end

local function show_refusal(tvb, tree)
  tree:add(field.length, tvb(0, 2))
  tree:add(field.refusal, tvb(2, 1)):add_proto_expert_info(expert.refused)
  return "Refused: " .. (REFUSALS[tvb(2, 1):uint()] or "another reason")
end

local EXPLAINED = {
  ee = "ee: Diffie-Hellman of both ephemeral keys; nothing is sent for it",
  es = "es: Diffie-Hellman of the client's ephemeral and the server's static "
       .. "key",
  se = "se: Diffie-Hellman of the client's static and the server's ephemeral "
       .. "key",
  ss = "ss: Diffie-Hellman of both static keys",
}

local function show_message(unit, tvb, tree)
  local stream = unit.stream
  local tokens = TOKENS[stream.pattern][unit.message]
  local sealed = KEY_LEN + (stream.suite == 1 and 32 or 16) -- a static key
  local at = 2
  tree:add(field.length, tvb(0, 2))
  tree:add(field.message, unit.message):set_generated()
  tree:add(field.tokens, tokens):set_generated()
  for token in tokens:gmatch("%a+") do
    local len = token == "e" and KEY_LEN or token == "s" and sealed or 0
    if tvb:len() - at < len then
      tree:add_proto_expert_info(expert.malformed)
      return "Handshake " .. unit.message .. ", too short"
    elseif len > 0 then
      tree:add(field[token], tvb(at, len))
    else
      tree:add(tvb(at, 0), EXPLAINED[token]):set_generated()
    end
    at = at + len
  end
  if tvb:len() > at then
    tree:add(field.payload, tvb(at))
  end
  return ("Handshake %d: %s"):format(unit.message, tokens)
end

local IS_TEXT = {text = true, name = true, device = true, code = true,
                 scram = true}

-- One field of a body, at `at` (from 0); where the next begins, or nil.
local function show_part(part, tvb, tree, at)
  local name, kind = part[1], part[2]
  local len = kind
  if kind == "rest" then
    len = tvb:len() - at
  elseif kind == "vector" then
    local found, start
    if at < tvb:len() then
      found, start = vector_at(bytes_of(tvb(at)), 1)
    end
    len, at = found, found and at + start - 1
  end
  if not len or tvb:len() - at < len then
    return nil
  end
  if name == "time" then
    tree:add(field.time, tvb(at, len), NSTime.new(tvb(at, len):uint(), 0))
  elseif IS_TEXT[name] then
    tree:add_packet_field(field[name], tvb(at, len), ENC_UTF_8)
  else
    tree:add(field[name], tvb(at, len))
  end
  return at + len
end

local function show_body(type, tvb, tree)
  local at = 0
  for _, part in ipairs(BODIES[type] or {{"body", "rest"}}) do
    repeat
      local is_list = part[2] == "vectors" -- as many as there are
      if is_list and at == tvb:len() then
        break
      end
      at = show_part(is_list and {part[1], "vector"} or part, tvb, tree, at)
      if not at then
        tree:add_proto_expert_info(expert.malformed)
        return
      end
    until not is_list
  end
end

local function show_frame(frame, tvb, tree)
  local name = FRAMES[frame.type] or "type " .. frame.type
  local branch = tree:add(field.type, tvb(frame.at - 1, 1))
  branch:set_len(frame.last - frame.at + 1)
  if frame.joined then
    local joined = ByteArray.new(frame.joined, true):tvb("Joined " .. name)
    show_body(frame.type, joined, branch)
  elseif frame.last >= frame.body then
    local len = frame.last - frame.body + 1
    show_body(frame.type, tvb(frame.body - 1, len):tvb(), branch)
  end
  return name
end

local function show_record(unit, tvb, tree)
  local info = "Record " .. unit.n
  local names = {}
  tree:add(field.length, tvb(0, 2))
  tree:add(field.record, unit.n):set_generated()
  if tvb:len() > 2 then
    tree:add(field.sealed, tvb(2))
  end
  if unit.no_keys then
    if sotto.prefs.keylog ~= "" then
      tree:add_proto_expert_info(expert.no_keys)
    end
    return ("%s, %d bytes"):format(info, tvb:len() - 2)
  elseif not unit.plain then
    tree:add_proto_expert_info(expert.not_opened)
    return info .. ", does not open"
  end
  if #unit.plain > 0 then
    local plain = ByteArray.new(unit.plain, true):tvb("Record, opened")
    for _, frame in ipairs(unit.frames) do
      names[#names + 1] = show_frame(frame, plain, tree)
    end
  end
  if not unit.is_whole then
    tree:add_proto_expert_info(expert.malformed)
  end
  return info .. ": " .. table.concat(names, " ")
end

local function show_unknown(unit, tvb, tree)
  tree:add(field.unknown, tvb())
  tree:add_proto_expert_info(unit.stream.client and expert.malformed
                             or expert.no_start)
  return tvb:len() .. " bytes"
end

local function show_unit(tvb, pinfo, root)
  local unit = unit_of(pinfo, bytes_of(tvb()))
  local tree = root:add(sotto, tvb())
  local info
  if unit.kind == "hello" then
    info = show_hello(tvb, tree)
  elseif unit.kind == "refusal" then
    info = show_refusal(tvb, tree)
  elseif unit.kind == "message" then
    info = show_message(unit, tvb, tree)
  elseif unit.kind == "record" then
    info = show_record(unit, tvb, tree)
  else
    info = show_unknown(unit, tvb, tree)
  end
  tree:append_text(", " .. info)
  pinfo.cols.info:append((pinfo.private.sotto_units or "") .. info)
  pinfo.private.sotto_units = " | "
  return tvb:len()
end

function sotto.dissector(tvb, pinfo, root)
  pinfo.cols.protocol = "Sotto"
  pinfo.cols.info = ""
  pinfo.private.sotto_units = nil
  dissect_tcp_pdus(tvb, root, 3, unit_len, show_unit)
  return tvb:len()
end

DissectorTable.get("tcp.port"):add(PORT, sotto)

-- On other ports a connection is known by its hello.
sotto:register_heuristic("tcp", function(tvb, pinfo, root)
  if tvb:len() < HELLO_LEN or bytes_of(tvb(0, #MAGIC)) ~= MAGIC then
    return false
  end
  pinfo.conversation = sotto
  sotto.dissector(tvb, pinfo, root)
  return true
end)
