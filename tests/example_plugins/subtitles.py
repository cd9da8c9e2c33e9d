"""Reads subtitles (.srt): what is said becomes text, under the time at which it is said."""

import re

from assistant.api import Block, Document, DocumentError, DocumentLoader, hookimpl

CUE = re.compile(r"(\d{1,2}:\d\d:\d\d)[,.]\d+ *--> *[^\r\n]*\r?\n((?:[^\r\n]+\r?\n?)+)")


def load(data, path):
    text = data.decode("utf-8-sig", "replace")
    cues = [cue for cue in CUE.finditer(text) if cue[2].strip()]
    if not cues:
        raise DocumentError("It holds no subtitles.")
    blocks = [Block(cue.start(2), cue.start(2) + len(cue[2].rstrip()), headings=(cue[1],)) for cue in cues]
    return Document(text, tuple(blocks), title=path.stem)


@hookimpl
def register_loaders():
    return [DocumentLoader("subtitles", (".srt",), load)]
