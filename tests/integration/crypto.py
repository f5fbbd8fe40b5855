"""crypto.py - X25519 and the three cipher suites, slow and plain.

The standard library has hashes and no more, and a test that is to speak the
protocol in ways that no client of ours would needs the rest. test_wire.py
holds it against published vectors. Nothing here is constant in time: these
keys protect nothing.
"""

import hmac
import struct


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


# ---- X25519 (RFC 7748) ----

P = 2**255 - 19


def x25519(private, public):
    k = bytearray(private)
    k[0] &= 248
    k[31] = k[31] & 127 | 64
    k = int.from_bytes(k, "little")
    u = int.from_bytes(public, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb = d * a % P, c * b % P
        aa, bb = a * a % P, b * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def public_of(private):
    return x25519(private, (9).to_bytes(32, "little"))


# ---- AES (FIPS 197) ----


def make_sbox():
    box, p, q = [0] * 256, 1, 1
    while True:
        p = p ^ (p << 1) & 255 ^ (0x1B if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 255
        q ^= 0x09 if q & 0x80 else 0
        x = q
        for turn in (1, 2, 3, 4):
            x ^= (q << turn | q >> 8 - turn) & 255
        box[p] = x ^ 0x63
        if p == 1:
            box[0] = 0x63
            return box


def times(a, b):
    """The product in GF(2^8)."""
    out = 0
    while b:
        out ^= a if b & 1 else 0
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return out


SBOX = make_sbox()
UNSBOX = [SBOX.index(i) for i in range(256)]
BY = {n: [times(i, n) for i in range(256)] for n in (2, 3, 9, 11, 13, 14)}
SHIFT = [0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11]
UNSHIFT = [SHIFT.index(i) for i in range(16)]


class Aes:
    def __init__(self, key):
        count = len(key) // 4
        self.rounds = count + 6
        words = [key[i : i + 4] for i in range(0, len(key), 4)]
        rcon = 1
        for i in range(count, 4 * self.rounds + 4):
            word = words[-1]
            if i % count == 0:
                word = bytes(SBOX[b] for b in word[1:] + word[:1])
                word = bytes([word[0] ^ rcon]) + word[1:]
                rcon = times(rcon, 2)
            elif count == 8 and i % count == 4:
                word = bytes(SBOX[b] for b in word)
            words.append(xor(words[-count], word))
        self.keys = [b"".join(words[i : i + 4])
                     for i in range(0, len(words), 4)]

    def encrypt(self, block):
        m2, m3 = BY[2], BY[3]
        s = [a ^ b for a, b in zip(block, self.keys[0])]
        for turn in range(1, self.rounds + 1):
            s = [SBOX[s[i]] for i in SHIFT]
            if turn < self.rounds:
                t = s
                s = []
                for i in range(0, 16, 4):
                    a, b, c, d = t[i : i + 4]
                    s += [m2[a] ^ m3[b] ^ c ^ d, a ^ m2[b] ^ m3[c] ^ d,
                          a ^ b ^ m2[c] ^ m3[d], m3[a] ^ b ^ c ^ m2[d]]
            s = [a ^ b for a, b in zip(s, self.keys[turn])]
        return bytes(s)

    def decrypt(self, block):
        m9, m11, m13, m14 = BY[9], BY[11], BY[13], BY[14]
        s = [a ^ b for a, b in zip(block, self.keys[self.rounds])]
        for turn in reversed(range(self.rounds)):
            s = [UNSBOX[s[i]] for i in UNSHIFT]
            s = [a ^ b for a, b in zip(s, self.keys[turn])]
            if turn > 0:
                t = s
                s = []
                for i in range(0, 16, 4):
                    a, b, c, d = t[i : i + 4]
                    s += [m14[a] ^ m11[b] ^ m13[c] ^ m9[d],
                          m9[a] ^ m14[b] ^ m11[c] ^ m13[d],
                          m13[a] ^ m9[b] ^ m14[c] ^ m11[d],
                          m11[a] ^ m13[b] ^ m9[c] ^ m14[d]]
        return bytes(s)


# ---- the suites: seal(k, n, ad, plain), open(k, n, ad, text), rekey(k) ----


class WrongTag(Exception):
    """A text was not what the holder of the key has sealed."""


class CbcHmac:
    number, name, tag = 1, b"A128CBCHS256", 32

    def mac(self, k, ad, iv, e):
        text = ad + iv + e + struct.pack(">Q", 8 * len(ad))
        return hmac.digest(k[:16], text, "sha256")[:16]

    def seal(self, k, n, ad, plain):
        aes = Aes(k[16:])
        iv = aes.encrypt(bytes(8) + struct.pack(">Q", n))
        pad = 16 - len(plain) % 16
        plain += bytes([pad]) * pad
        e, last = b"", iv
        for i in range(0, len(plain), 16):
            last = aes.encrypt(xor(plain[i : i + 16], last))
            e += last
        return e + self.mac(k, ad, iv, e)

    def open(self, k, n, ad, text):
        aes = Aes(k[16:])
        iv = aes.encrypt(bytes(8) + struct.pack(">Q", n))
        e = text[:-16]
        if len(text) < 32 or len(text) % 16:
            raise WrongTag
        if self.mac(k, ad, iv, e) != text[-16:]:
            raise WrongTag
        plain, last = b"", iv
        for i in range(0, len(e), 16):
            plain += xor(aes.decrypt(e[i : i + 16]), last)
            last = e[i : i + 16]
        return plain[: -plain[-1]]

    def rekey(self, k):
        return hmac.digest(k, b"A128CBCHS256 rekey", "sha256")


class Gcm:
    number, name, tag = 2, b"AESGCM", 16

    def ghash(self, h, ad, text):
        y = 0
        blocks = b"".join(x + bytes(-len(x) % 16) for x in (ad, text))
        blocks += struct.pack(">QQ", 8 * len(ad), 8 * len(text))
        for i in range(0, len(blocks), 16):
            x = y ^ int.from_bytes(blocks[i : i + 16], "big")
            v, y = h, 0
            for bit in range(127, -1, -1):
                if x >> bit & 1:
                    y ^= v
                v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
        return y.to_bytes(16, "big")

    def run(self, aes, nonce, text):
        out = b""
        for i in range(0, len(text), 16):
            block = aes.encrypt(nonce + struct.pack(">I", 2 + i // 16))
            out += xor(text[i : i + 16], block)
        return out

    def tag_of(self, aes, nonce, ad, text):
        h = int.from_bytes(aes.encrypt(bytes(16)), "big")
        return xor(self.ghash(h, ad, text), aes.encrypt(nonce + b"\0\0\0\1"))

    def seal(self, k, n, ad, plain):
        aes, nonce = Aes(k), bytes(4) + struct.pack(">Q", n)
        text = self.run(aes, nonce, plain)
        return text + self.tag_of(aes, nonce, ad, text)

    def open(self, k, n, ad, text):
        aes, nonce = Aes(k), bytes(4) + struct.pack(">Q", n)
        if self.tag_of(aes, nonce, ad, text[:-16]) != text[-16:]:
            raise WrongTag
        return self.run(aes, nonce, text[:-16])

    def rekey(self, k):
        return self.seal(k, 2**64 - 1, b"", bytes(32))[:32]


class ChaChaPoly:
    number, name, tag = 3, b"ChaChaPoly", 16

    def block(self, k, nonce, count):
        start = list(struct.unpack("<16I", b"expand 32-byte k" + k
                                   + struct.pack("<I", count) + nonce))
        s = start[:]
        for turn in range(20):
            for i in range(4):
                shift = turn % 2
                a, b, c, d = (i, 4 + (i + shift) % 4, 8 + (i + 2 * shift) % 4,
                              12 + (i + 3 * shift) % 4)
                for x, y, z, bits in ((a, b, d, 16), (c, d, b, 12),
                                      (a, b, d, 8), (c, d, b, 7)):
                    s[x] = s[x] + s[y] & 0xFFFFFFFF
                    t = s[z] ^ s[x]
                    s[z] = (t << bits | t >> 32 - bits) & 0xFFFFFFFF
        return struct.pack("<16I", *(a + b & 0xFFFFFFFF
                                     for a, b in zip(s, start)))

    def run(self, k, nonce, text):
        return b"".join(xor(text[i : i + 64], self.block(k, nonce, 1 + i // 64))
                        for i in range(0, len(text), 64))

    def tag_of(self, k, nonce, ad, text):
        key = self.block(k, nonce, 0)
        r = int.from_bytes(key[:16], "little")
        r &= 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
        a = 0
        data = b"".join(x + bytes(-len(x) % 16) for x in (ad, text))
        data += struct.pack("<QQ", len(ad), len(text))
        for i in range(0, len(data), 16):
            a = (a + int.from_bytes(data[i : i + 16] + b"\1", "little")) * r
            a %= 2**130 - 5
        a += int.from_bytes(key[16:32], "little")
        return (a & 2**128 - 1).to_bytes(16, "little")

    def seal(self, k, n, ad, plain):
        nonce = bytes(4) + struct.pack("<Q", n)
        text = self.run(k, nonce, plain)
        return text + self.tag_of(k, nonce, ad, text)

    def open(self, k, n, ad, text):
        nonce = bytes(4) + struct.pack("<Q", n)
        if self.tag_of(k, nonce, ad, text[:-16]) != text[-16:]:
            raise WrongTag
        return self.run(k, nonce, text[:-16])

    def rekey(self, k):
        return self.seal(k, 2**64 - 1, b"", bytes(32))[:32]


SUITES = {suite.number: suite for suite in (CbcHmac(), Gcm(), ChaChaPoly())}
