-- sotto_crypto.lua - what sotto.lua needs to open records: the three suites of
-- core/PROTOCOL.md, "Suites", in plain Lua, because not every Wireshark lends
-- its ciphers. It reads recordings of whoever has the keys already: nothing is
-- constant in time here, or for any other use.
--
-- Returns a table: suites[number] = {name, tag, open, rekey}, where
--   open(key, n, text)  the plaintext, or nil when `text` is not the record
--                       that was sealed as number n under this key
--   rekey(key)          the key after REKEY
-- Keys are strings of 32 bytes. After: FIPS 197 and 180-4, RFC 8439,
-- NIST SP 800-38D.

local bit = bit32 or bit -- Lua 5.2, or the library that Wireshark brings
local unpack = unpack or table.unpack
local band, bor, bxor = bit.band, bit.bor, bit.bxor
local lshift, rshift = bit.lshift, bit.rshift
local byte, char, floor = string.byte, string.char, math.floor

local WORD = 2 ^ 32

local function rotate(x, left)
  return bor(lshift(x, left), rshift(x, 32 - left))
end

-- ---- bytes and words -------------------------------------------------------

-- The big-endian word at `at`, counted from 1.
local function word(s, at)
  local a, b, c, d = byte(s, at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

local function little_word(s, at)
  local a, b, c, d = byte(s, at, at + 3)
  return ((d * 256 + c) * 256 + b) * 256 + a
end

local function bytes(x)
  return char(band(rshift(x, 24), 255), band(rshift(x, 16), 255),
              band(rshift(x, 8), 255), band(x, 255))
end

local function little_bytes(x)
  return bytes(x):reverse()
end

-- A counter as 8 bytes. Doubles are exact up to 2^53 records.
local function counter(n)
  return bytes(floor(n / WORD)) .. bytes(n % WORD)
end


local function xor_strings(a, b)
  local out = {}
  for i = 1, #a do
    out[i] = char(bxor(byte(a, i), byte(b, i)))
  end
  return table.concat(out)
end

-- ---- SHA-256, HMAC ---------------------------------------------------------

-- The first 32 bits behind the point of a root of a prime.
local function fraction(x)
  return floor((x - floor(x)) * WORD)
end

local SHA_K, SHA_H = {}, {}
do
  local prime = 2
  while #SHA_K < 64 do
    local is_prime = true
    for d = 2, floor(prime ^ 0.5) do
      is_prime = is_prime and prime % d ~= 0
    end
    if is_prime then
      SHA_K[#SHA_K + 1] = fraction(prime ^ (1 / 3))
      if #SHA_H < 8 then
        SHA_H[#SHA_H + 1] = fraction(prime ^ 0.5)
      end
    end
    prime = prime + 1
  end
end

local function sha_block(h, s, at)
  local w = {}
  for i = 1, 16 do
    w[i] = word(s, at + 4 * i - 4)
  end
  for i = 17, 64 do
    local x, y = w[i - 15], w[i - 2]
    w[i] = (w[i - 16] + w[i - 7]
            + bxor(rotate(x, 25), rotate(x, 14), rshift(x, 3)) % WORD
            + bxor(rotate(y, 15), rotate(y, 13), rshift(y, 10)) % WORD) % WORD
  end
  local a, b, c, d, e, f, g, last = unpack(h)
  for i = 1, 64 do
    local t = last + bxor(rotate(e, 26), rotate(e, 21), rotate(e, 7)) % WORD
              + bxor(g, band(e, bxor(f, g))) % WORD + SHA_K[i] + w[i]
    local u = bxor(rotate(a, 30), rotate(a, 19), rotate(a, 10)) % WORD
              + bxor(band(a, b), band(c, bxor(a, b))) % WORD
    last, g, f, e = g, f, e, (d + t) % WORD
    d, c, b, a = c, b, a, (t + u) % WORD
  end
  for i, x in ipairs({a, b, c, d, e, f, g, last}) do
    h[i] = (h[i] + x) % WORD
  end
end

local function sha256(s)
  local h = {unpack(SHA_H)}
  local padded = s .. "\128" .. ("\0"):rep((55 - #s) % 64) .. counter(8 * #s)
  for at = 1, #padded, 64 do
    sha_block(h, padded, at)
  end
  for i = 1, 8 do
    h[i] = bytes(h[i])
  end
  return table.concat(h)
end

-- Keys of up to 64 bytes, as all are here.
local function hmac(key, s)
  local block = key .. ("\0"):rep(64 - #key)
  local inner = xor_strings(block, ("\54"):rep(64))
  local outer = xor_strings(block, ("\92"):rep(64))
  return sha256(outer .. sha256(inner .. s))
end

-- ---- AES -------------------------------------------------------------------

local BOX, UNBOX = {}, {} -- by byte
local ROUND, UNROUND = {}, {} -- a byte's part of a column, both ways

local function double(x)
  return x < 128 and 2 * x or bxor(2 * x, 0x11b)
end

local function times(x, by)
  local out = 0
  while by > 0 do
    out = by % 2 == 1 and bxor(out, x) or out
    x, by = double(x), floor(by / 2)
  end
  return out
end

do
  local p, q = 1, 1
  repeat -- p runs through all but 0, and q through the inverses
    p = bxor(p, double(p))
    q = times(q, 0xf6)
    local x = bxor(q, q * 2, q * 4, q * 8, q * 16)
    x = bxor(band(x, 255), floor(x / 256), 0x63)
    BOX[p], UNBOX[x] = x, p
  until p == 1
  BOX[0], UNBOX[0x63] = 0x63, 0
  for i = 0, 255 do
    local x, y = BOX[i], UNBOX[i]
    ROUND[i] = ((times(x, 2) * 256 + x) * 256 + x) * 256 + times(x, 3)
    UNROUND[i] = ((times(y, 14) * 256 + times(y, 9)) * 256 + times(y, 13)) * 256
                 + times(y, 11)
  end
end

-- A column of four bytes, each from another word, through a table.
local function column(t, a, b, c, d)
  return bxor(t[band(rshift(a, 24), 255)],
              rotate(t[band(rshift(b, 16), 255)], 24),
              rotate(t[band(rshift(c, 8), 255)], 16),
              rotate(t[band(d, 255)], 8))
end

local function boxed(t, a, b, c, d)
  return ((t[band(rshift(a, 24), 255)] * 256 + t[band(rshift(b, 16), 255)])
          * 256 + t[band(rshift(c, 8), 255)]) * 256 + t[band(d, 255)]
end

-- The words of all round keys, from 1.
local function expand(key)
  local count, w, power = #key / 4, {}, 1
  for i = 1, count do
    w[i] = word(key, 4 * i - 3)
  end
  for i = count + 1, 4 * (count + 7) do
    local x = w[i - 1]
    if (i - 1) % count == 0 then
      x = rotate(x, 8)
      x = bxor(boxed(BOX, x, x, x, x), lshift(power, 24))
      power = double(power)
    elseif count == 8 and (i - 1) % count == 4 then
      x = boxed(BOX, x, x, x, x)
    end
    w[i] = bxor(w[i - count], x)
  end
  return w
end

-- The same for decrypting: those in between go through the columns once more.
local function expand_backwards(key)
  local w = expand(key)
  for i = 5, #w - 4 do
    local x = w[i]
    local y = boxed(BOX, x, x, x, x)
    w[i] = column(UNROUND, y, y, y, y)
  end
  return w
end

local function encrypt(w, s, at)
  local a, b = bxor(word(s, at), w[1]), bxor(word(s, at + 4), w[2])
  local c, d = bxor(word(s, at + 8), w[3]), bxor(word(s, at + 12), w[4])
  for i = 5, #w - 4, 4 do
    a, b, c, d = bxor(column(ROUND, a, b, c, d), w[i]),
                 bxor(column(ROUND, b, c, d, a), w[i + 1]),
                 bxor(column(ROUND, c, d, a, b), w[i + 2]),
                 bxor(column(ROUND, d, a, b, c), w[i + 3])
  end
  local i = #w - 3
  return bytes(bxor(boxed(BOX, a, b, c, d), w[i]))
         .. bytes(bxor(boxed(BOX, b, c, d, a), w[i + 1]))
         .. bytes(bxor(boxed(BOX, c, d, a, b), w[i + 2]))
         .. bytes(bxor(boxed(BOX, d, a, b, c), w[i + 3]))
end

local function decrypt(w, s, at)
  local i = #w - 3
  local a, b = bxor(word(s, at), w[i]), bxor(word(s, at + 4), w[i + 1])
  local c, d = bxor(word(s, at + 8), w[i + 2]), bxor(word(s, at + 12), w[i + 3])
  for j = #w - 7, 5, -4 do
    a, b, c, d = bxor(column(UNROUND, a, d, c, b), w[j]),
                 bxor(column(UNROUND, b, a, d, c), w[j + 1]),
                 bxor(column(UNROUND, c, b, a, d), w[j + 2]),
                 bxor(column(UNROUND, d, c, b, a), w[j + 3])
  end
  return bytes(bxor(boxed(UNBOX, a, d, c, b), w[1]))
         .. bytes(bxor(boxed(UNBOX, b, a, d, c), w[2]))
         .. bytes(bxor(boxed(UNBOX, c, b, a, d), w[3]))
         .. bytes(bxor(boxed(UNBOX, d, c, b, a), w[4]))
end

-- ---- suite 1: A128CBCHS256 -------------------------------------------------

local cbc = {name = "A128CBCHS256", tag = 32}

function cbc.open(key, n, text)
  local sealed = text:sub(1, -17)
  if #text < 32 or #text % 16 ~= 0 then
    return nil
  end
  local last = encrypt(expand(key:sub(17)), ("\0"):rep(8) .. counter(n), 1)
  local mac = hmac(key:sub(1, 16), last .. sealed .. ("\0"):rep(8))
  if mac:sub(1, 16) ~= text:sub(-16) then
    return nil
  end
  local w, out = expand_backwards(key:sub(17)), {}
  for at = 1, #sealed, 16 do
    out[#out + 1] = xor_strings(decrypt(w, sealed, at), last)
    last = sealed:sub(at, at + 15)
  end
  local plain = table.concat(out)
  return plain:sub(1, #plain - byte(plain, #plain))
end

function cbc.rekey(key)
  return hmac(key, "A128CBCHS256 rekey")
end

-- ---- suite 2: AESGCM -------------------------------------------------------

local gcm = {name = "AESGCM", tag = 16}

-- The product of y (four words) and h in GCM's field; bit 0 is the highest.
local function multiply(y, h)
  local a, b, c, d = 0, 0, 0, 0
  local e, f, g, i = h[1], h[2], h[3], h[4]
  for at = 0, 127 do
    if band(rshift(y[floor(at / 32) + 1], 31 - at % 32), 1) == 1 then
      a, b, c, d = bxor(a, e), bxor(b, f), bxor(c, g), bxor(d, i)
    end
    local is_odd = band(i, 1) == 1
    i = bor(rshift(i, 1), lshift(g, 31))
    g = bor(rshift(g, 1), lshift(f, 31))
    f = bor(rshift(f, 1), lshift(e, 31))
    e = rshift(e, 1)
    e = is_odd and bxor(e, 0xe1000000) or e
  end
  return {a, b, c, d}
end

local function ghash(h, text)
  local words = {word(h, 1), word(h, 5), word(h, 9), word(h, 13)}
  local padded = text .. ("\0"):rep(-#text % 16) .. counter(0)
                 .. counter(8 * #text)
  local y = {0, 0, 0, 0}
  for at = 1, #padded, 16 do
    for i = 1, 4 do
      y[i] = bxor(y[i], word(padded, at + 4 * i - 4))
    end
    y = multiply(y, words)
  end
  return bytes(y[1]) .. bytes(y[2]) .. bytes(y[3]) .. bytes(y[4])
end

-- Encrypts and decrypts; blocks count from `first`.
local function gcm_stream(w, nonce, first, text)
  local out = {}
  for at = 1, #text, 16 do
    local block = encrypt(w, nonce .. bytes(first + (at - 1) / 16), 1)
    out[#out + 1] = xor_strings(text:sub(at, at + 15), block)
  end
  return table.concat(out)
end

function gcm.open(key, n, text)
  if #text < gcm.tag then
    return nil
  end
  local w, nonce = expand(key), ("\0"):rep(4) .. counter(n)
  local sealed = text:sub(1, -17)
  local hash = ghash(encrypt(w, ("\0"):rep(16), 1), sealed)
  if gcm_stream(w, nonce, 1, hash) ~= text:sub(-16) then
    return nil
  end
  return gcm_stream(w, nonce, 2, sealed)
end

function gcm.rekey(key)
  local nonce = ("\0"):rep(4) .. ("\255"):rep(8)
  return gcm_stream(expand(key), nonce, 2, ("\0"):rep(32))
end

-- ---- suite 3: ChaChaPoly ---------------------------------------------------

local chacha = {name = "ChaChaPoly", tag = 16}

local function quarter(x, a, b, c, d)
  x[a] = (x[a] + x[b]) % WORD
  x[d] = rotate(bxor(x[d], x[a]), 16)
  x[c] = (x[c] + x[d]) % WORD
  x[b] = rotate(bxor(x[b], x[c]), 12)
  x[a] = (x[a] + x[b]) % WORD
  x[d] = rotate(bxor(x[d], x[a]), 8)
  x[c] = (x[c] + x[d]) % WORD
  x[b] = rotate(bxor(x[b], x[c]), 7)
end

local function chacha_block(key, nonce, count)
  local start = "expand 32-byte k" .. key .. little_bytes(count) .. nonce
  local x, out = {}, {}
  for i = 1, 16 do
    x[i] = little_word(start, 4 * i - 3)
  end
  for _ = 1, 10 do
    for i = 1, 4 do
      quarter(x, i, 4 + i, 8 + i, 12 + i)
    end
    for i = 1, 4 do
      quarter(x, i, 5 + i % 4, 9 + (i + 1) % 4, 13 + (i + 2) % 4)
    end
  end
  for i = 1, 16 do
    out[i] = little_bytes((x[i] + little_word(start, 4 * i - 3)) % WORD)
  end
  return table.concat(out)
end

local function chacha_stream(key, nonce, text)
  local out = {}
  for at = 1, #text, 64 do
    local block = chacha_block(key, nonce, (at + 63) / 64)
    out[#out + 1] = xor_strings(text:sub(at, at + 63), block)
  end
  return table.concat(out)
end

-- Numbers of 132 bits: six limbs of 22, the lowest first. Products of two limbs,
-- times 20, and six of them, stay below 2^53.
local LIMB = 2 ^ 22

local function limbs(s)
  local out, x, bits = {}, 0, 0
  for i = 1, 17 do
    x = x + (byte(s, i) or 0) * 2 ^ bits
    bits = bits + 8
    if bits >= 22 then
      out[#out + 1] = x % LIMB
      x, bits = floor(x / LIMB), bits - 22
    end
  end
  return out
end

-- Carries; what is above the lowest `top` bits of the last limb comes back
-- multiplied.
local function carry(x, top, factor)
  local rest = 0
  for i = 1, 6 do
    local limb = x[i] + rest
    local size = i < 6 and LIMB or 2 ^ top
    x[i], rest = limb % size, floor(limb / size)
  end
  x[1] = x[1] + rest * factor
end

local function poly_multiply(h, r)
  local out = {}
  for i = 1, 6 do
    local sum = 0
    for j = 1, 6 do
      local k = i - j + 1
      sum = sum + h[j] * (k >= 1 and r[k] or 20 * r[k + 6]) -- 2^132 is 20
    end
    out[i] = sum
  end
  carry(out, 22, 20)
  carry(out, 22, 20)
  return out
end

-- The lowest 16 bytes of h + s, where h is brought below 2^130 - 5 first.
local function poly_end(h, s)
  carry(h, 20, 5) -- 2^130 is 5
  carry(h, 20, 5)
  local less = {unpack(h)}
  less[1] = less[1] + 5
  carry(less, 20, 0)
  local is_larger = h[6] + 1 == 2 ^ 20 and less[6] == 0
  local out, x, bits = {}, 0, 0
  local sum = limbs(s)
  for i = 1, 6 do
    x = x + ((is_larger and less or h)[i] + sum[i]) * 2 ^ bits
    bits = bits + 22
    while bits >= 8 do
      out[#out + 1] = char(x % 256)
      x, bits = floor(x / 256), bits - 8
    end
  end
  return table.concat(out):sub(1, 16)
end

local function poly1305(key, text)
  local clamp = {[4] = 15, [8] = 15, [12] = 15, [16] = 15,
                 [5] = 252, [9] = 252, [13] = 252}
  local r = key:sub(1, 16):gsub("()(.)", function(at, c)
    return char(band(byte(c), clamp[at] or 255))
  end)
  local factor, h = limbs(r), {0, 0, 0, 0, 0, 0}
  for at = 1, #text, 16 do
    local block = limbs(text:sub(at, at + 15) .. "\1")
    for i = 1, 6 do
      h[i] = h[i] + block[i]
    end
    h = poly_multiply(h, factor)
  end
  return poly_end(h, key:sub(17, 32))
end

function chacha.open(key, n, text)
  if #text < chacha.tag then
    return nil
  end
  local nonce = ("\0"):rep(4) .. counter(n):reverse()
  local sealed = text:sub(1, -17)
  local lengths = counter(0) .. counter(#sealed):reverse()
  local tag = poly1305(chacha_block(key, nonce, 0):sub(1, 32),
                       sealed .. ("\0"):rep(-#sealed % 16) .. lengths)
  if tag ~= text:sub(-16) then
    return nil
  end
  return chacha_stream(key, nonce, sealed)
end

function chacha.rekey(key)
  local nonce = ("\0"):rep(4) .. ("\255"):rep(8)
  return chacha_stream(key, nonce, ("\0"):rep(32))
end

return {suites = {cbc, gcm, chacha}}
