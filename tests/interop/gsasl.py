"""gsasl.py - SCRAM-SHA-256 by GNU SASL, through its library.

Client and Server are sessions that take and give messages. The library is
loaded at run time, so no header is needed; the numbers are those of gsasl.h.
"""

import base64
import ctypes
import ctypes.util

OK, NEEDS_MORE = 0, 1
AUTHID, PASSWORD, SCRAM_ITER, SCRAM_SALT = 1, 3, 15, 16
SCRAM_SERVERKEY, SCRAM_STOREDKEY = 23, 24
BINDINGS = {"tls-unique": 18, "tls-exporter": 25}


class Missing(Exception):
    """No GNU SASL here, or one without what is asked of it."""


class Failed(Exception):
    """It refused a message."""


def load():
    path = ctypes.util.find_library("gsasl")
    if path is None:
        raise Missing("no GNU SASL library here")
    lib = ctypes.CDLL(path)
    lib.gsasl_check_version.restype = ctypes.c_char_p
    lib.gsasl_check_version.argtypes = [ctypes.c_char_p]
    if lib.gsasl_check_version(b"2.0") is None:
        raise Missing("this GNU SASL is older than 2.0")
    lib.gsasl_strerror_name.restype = ctypes.c_char_p
    for name in ("client", "server"):
        getattr(lib, "gsasl_%s_start" % name).argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]
    lib.gsasl_init.argtypes = [ctypes.POINTER(ctypes.c_void_p)]
    lib.gsasl_property_set_raw.argtypes = [
        ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t]
    lib.gsasl_property_fast.argtypes = [ctypes.c_void_p, ctypes.c_int]
    lib.gsasl_property_fast.restype = ctypes.c_char_p
    lib.gsasl_step.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t,
        ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_size_t)]
    for name in ("gsasl_finish", "gsasl_free", "gsasl_done"):
        getattr(lib, name).argtypes = [ctypes.c_void_p]
    return lib


class Session:
    """`binding` is a name and data; without one the mechanism is not -PLUS.
    `tells` are more properties."""

    def __init__(self, lib, kind, binding, tells):
        self.lib = lib
        self.context = ctypes.c_void_p()
        self.session = ctypes.c_void_p()
        self.check(lib.gsasl_init(ctypes.byref(self.context)))
        mechanism = b"SCRAM-SHA-256" + (b"-PLUS" if binding else b"")
        self.check(getattr(lib, "gsasl_%s_start" % kind)(
            self.context, mechanism, ctypes.byref(self.session)))
        if binding:
            name, data = binding
            self.tell(BINDINGS[name], base64.b64encode(data))
        for what, value in tells.items():
            self.tell(what, value)

    def tell(self, what, value):
        self.check(self.lib.gsasl_property_set_raw(self.session, what, value,
                                                   len(value)))

    def told(self, what):
        return self.lib.gsasl_property_fast(self.session, what)

    def check(self, code, *good):
        if code not in (OK, *good):
            raise Failed(self.lib.gsasl_strerror_name(code).decode())
        return code

    def step(self, message=b""):
        """Its answer, and whether it is content."""
        out, length = ctypes.c_void_p(), ctypes.c_size_t()
        code = self.check(
            self.lib.gsasl_step(self.session, message, len(message),
                                ctypes.byref(out), ctypes.byref(length)),
            NEEDS_MORE)
        answer = ctypes.string_at(out, length.value) if out.value else b""
        self.lib.gsasl_free(out)
        return answer, code == OK

    def close(self):
        self.lib.gsasl_finish(self.session)
        self.lib.gsasl_done(self.context)


def client(lib, user, password, binding=None):
    return Session(lib, "client", binding,
                   {AUTHID: user, PASSWORD: password})


def server(lib, account, binding=None):
    """`account`: salt, count, and either the password or what is stored."""
    salt, count, *secret = account
    tells = {SCRAM_SALT: base64.b64encode(salt), SCRAM_ITER: b"%d" % count}
    if len(secret) == 1:
        tells[PASSWORD] = secret[0]
    else:
        tells[SCRAM_STOREDKEY], tells[SCRAM_SERVERKEY] = (
            base64.b64encode(key) for key in secret)
    return Session(lib, "server", binding, tells)
