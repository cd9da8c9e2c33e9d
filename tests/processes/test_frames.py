"""Frames over real pipes."""

import io
import os
import struct
import threading

import pytest

from assistant.processes.frames import LIMIT, read_frame, write_frame


def test_a_frame_comes_out_as_it_went_in():
    stream = io.BytesIO()
    value = {"text": "naïve 日本語 🦊 \ud800", "numbers": [1, 2.5, None, True]}
    write_frame(stream, value, b"\x00\xff" * 1000)
    write_frame(stream, {})
    stream.seek(0)
    assert read_frame(stream) == (value, b"\x00\xff" * 1000)
    assert read_frame(stream) == ({}, b"")
    assert read_frame(stream) is None


def test_large_frames_pass_through_a_narrow_unbuffered_pipe():
    source, sink = os.pipe()
    data = os.urandom(3_000_000)
    with os.fdopen(source, "rb", buffering=0) as reader, os.fdopen(sink, "wb", buffering=0) as writer:
        sender = threading.Thread(target=write_frame, args=(writer, {"n": 1}, data))
        sender.start()
        assert read_frame(reader) == ({"n": 1}, data)
        sender.join()


@pytest.mark.parametrize(
    "raw",
    [
        b"\0\0",
        struct.pack(">II", 10, 0) + b"{}",
        struct.pack(">II", 2, 10) + b"{}short",
        struct.pack(">II", LIMIT + 1, 0),
        struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF),
        struct.pack(">II", 4, 0) + b"[1]\n",
        struct.pack(">II", 4, 0) + b"{no}",
        struct.pack(">II", 3, 0) + b"\xff\xfe\xff",
        struct.pack(">II", 100_000, 0) + b"[" * 100_000,
        b"Traceback (most recent call last):\n",
    ],
)
def test_nonsense_is_a_value_error(raw):
    with pytest.raises(ValueError):
        read_frame(io.BytesIO(raw))


def test_what_is_too_large_is_not_sent():
    class Huge(bytes):
        def __len__(self):
            return LIMIT + 1

    stream = io.BytesIO()
    with pytest.raises(ValueError, match="more than"):
        write_frame(stream, {}, Huge())
    assert stream.getvalue() == b""
