"""Collects the terminal information of this machine, encrypted for the monitoring centre.

    from tradefront_collector import collect
    info = collect()
    if info.complete or ask_user(info.explain):
        login(terminal_info=info.field)

The library beside this file is found by itself; Library(path) takes another one. Python 3.7 or later, no compiler.
"""

import ctypes
import glob
import os

STATES = ("present", "absent", "denied", "not_applicable", "cut", "foreign")
ERRORS = {
    -1: "no buffer", -2: "the system gives no random bytes", -3: "the key in the library cannot be used", -4: "nothing was collected",
    -5: "a fault of the library, or no memory or thread to be had", -6: "called in a child that was forked after the library was used",
}
NOTHING = -4


class CollectError(Exception):
    """A code below 0, in .code."""

    def __init__(self, code):
        super().__init__("%s (%d)" % (ERRORS.get(code, "unknown error"), code))
        self.code = code


class _Item(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p), ("state", ctypes.c_int), ("source", ctypes.c_char_p), ("advice_zh", ctypes.c_char_p),
        ("advice_en", ctypes.c_char_p), ("masked", ctypes.c_char_p),
    ]


class _Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("clear", ctypes.c_int)]


class Item:
    """One item: name, state, source, advice_zh, advice_en, masked."""

    def __init__(self, raw):
        self.state = STATES[raw.state]
        for text in ("name", "source", "advice_zh", "advice_en", "masked"):
            setattr(self, text, getattr(raw, text).decode("utf-8", "replace"))


class TerminalInfo:
    """What was collected: field (bytes, ready to send; None if nothing was collected), missing, flag, items, explain."""

    def __init__(self, code, field, missing, flag, items, explain):
        self.code, self.field, self.missing, self.flag, self.items, self.explain = code, field, missing, flag, items, explain

    @property
    def complete(self):
        return self.flag == "0"


class Library:
    """A collection library of one vendor."""

    def __init__(self, path=None):
        self._c = ctypes.CDLL(path or _beside())
        self._declare("tfc_collect", ctypes.c_int, ctypes.POINTER(_Options), ctypes.POINTER(ctypes.c_void_p))
        self._declare("tfc_terminal_info", ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t))
        self._declare("tfc_missing", ctypes.c_uint, ctypes.c_void_p)
        self._declare("tfc_flag", ctypes.c_char, ctypes.c_void_p)
        self._declare("tfc_count", ctypes.c_int, ctypes.c_void_p)
        self._declare("tfc_at", _Item, ctypes.c_void_p, ctypes.c_int)
        self._declare("tfc_explain", ctypes.c_void_p, ctypes.c_void_p)
        self._declare("tfc_version", ctypes.c_char_p)
        self._declare("tfc_free", None, ctypes.c_void_p)
        self._declare("tfc_free_text", None, ctypes.c_void_p)

    def _declare(self, name, result, *args):
        function = getattr(self._c, name)
        function.restype, function.argtypes = result, args

    @property
    def version(self):
        return self._c.tfc_version().decode()

    def collect(self, clear=False):
        """Collects. clear asks a library of kind tst for the values in clear."""
        options = _Options(ctypes.sizeof(_Options), 1 if clear else 0)
        result = ctypes.c_void_p()
        code = self._c.tfc_collect(ctypes.byref(options), ctypes.byref(result))
        if code < 0 and code != NOTHING:
            raise CollectError(code)
        try:
            return self._read(code, result)
        finally:
            self._c.tfc_free(result)

    def _read(self, code, result):
        length = ctypes.c_size_t()
        field = self._c.tfc_terminal_info(result, ctypes.byref(length))
        return TerminalInfo(
            code,
            ctypes.string_at(field, length.value) if field else None,
            self._c.tfc_missing(result),
            self._c.tfc_flag(result).decode(),
            [Item(self._c.tfc_at(result, i)) for i in range(self._c.tfc_count(result))],
            self._explain(result),
        )

    def _explain(self, result):
        text = self._c.tfc_explain(result)
        if not text:
            return ""
        try:
            return ctypes.string_at(text).decode("utf-8", "replace")
        finally:
            self._c.tfc_free_text(text)


def _beside():
    folder = os.path.dirname(os.path.abspath(__file__))
    for pattern in ("libtradefront_collect_*.so", "libtradefront_collect_*.dll"):
        for path in glob.glob(os.path.join(folder, pattern)):
            return path
    raise OSError("no collection library in " + folder)


_library = None


def collect(clear=False):
    """Collects with the library that came with this package."""
    global _library
    if _library is None:
        _library = Library()
    return _library.collect(clear)
