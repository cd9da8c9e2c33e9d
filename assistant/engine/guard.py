"""What llama.cpp must not see: it aborts or segfaults on headers that it should refuse.

Every model and adapter passes here first, in the child before loading and in the program before adding.
"""

import math
import re
from dataclasses import replace
from pathlib import Path

from assistant.api import AdapterFacts
from assistant.engine.gguf_file import GGUFFile, TensorInfo, read_gguf
from assistant.errors import AdapterError, ModelError

LORA_TYPES = ("F32", "F16", "BF16", "Q8_0")
HALVES = ("lora_a", "lora_b")
PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
"""How the parts of a model in several files are named."""


def check_model(path: Path) -> GGUFFile:
    """Make sure that a file can be a chat model; of a model in several files, give the first. Raises `ModelError`."""
    header = read_gguf(path)
    if header.metadata.get("general.type") == "adapter":
        raise ModelError(f"{path} is an adapter, not a model.", f"Add it with: assistant adapters add {path}")
    if header.types.get("general.type", "string") != "string" or not header.architecture:
        raise ModelError(f"{path} does not say what architecture it has.", "It is no language model, or damaged.")
    if not header.tensors:
        raise ModelError(f"{path} holds no tensors.", "It is no language model, or only a part of one.")
    if not header.text("tokenizer.ggml.model"):
        raise ModelError(f"{path} has no vocabulary.", "It is no language model, or only a part of one.")
    return _with_parts(header)


def check_adapter(path: Path, model: GGUFFile) -> AdapterFacts:
    """Make sure that a GGUF LoRA can be laid over a model and say what it is. Raises `AdapterError`."""
    try:
        header = read_gguf(path)
    except ModelError as error:
        raise AdapterError(error.message, error.hint) from error
    _check_kind(path, header, model)
    alpha = header.metadata.get("adapter.lora.alpha")
    if header.types.get("adapter.lora.alpha") != "f32" or not math.isfinite(alpha or 0.0):
        raise AdapterError(f"{path} has no usable alpha (it must be a finite 32-bit float).", "Convert it again.")
    pairs = _pairs(path, header)
    ranks = set()
    for name, (a, b) in pairs.items():
        if name not in model.tensors:
            raise AdapterError(
                f"{path} was made for another model: {model.path.name} has no tensor {name!r:.80}.", _made_for(header)
            )
        if name == "token_embd.weight":
            # With tied embeddings the output shares the name, and llama.cpp aborts at the first decode.
            raise AdapterError(f"{path} adapts the token embedding, which is not supported.", "Train it without.")
        ranks.add(_check_shapes(header, name, a, b, model))
    return AdapterFacts(
        architecture=header.architecture,
        rank=max(ranks),
        alpha=float(alpha or 0.0),
        tensors=len(header.tensors),
        targets=tuple(sorted({name.removesuffix(".weight").rpartition(".")[2] for name in pairs})),
        size_bytes=header.size_bytes,
        precision="/".join(sorted({tensor.type for tensor in header.tensors.values()})),
        metadata={key: value for key, value in header.metadata.items() if isinstance(value, str)},
    )


def _with_parts(header: GGUFFile) -> GGUFFile:
    """The header with the tensors of all files of the model, which llama.cpp finds by their names."""
    count = header.metadata.get("split.count", 1)
    if not isinstance(count, int) or count <= 1:
        return header
    named = PART.search(header.path.name)
    if named is None or int(named[2]) != count or int(named[1]) != 1:
        raise ModelError(
            f"{header.path} is one part of a model in {count} files.",
            "Name the first of them, which ends in -00001-of-" + f"{count:05}.gguf.",
        )
    tensors, size = dict(header.tensors), header.size_bytes
    for number in range(2, count + 1):
        part = read_gguf(header.path.with_name(header.path.name[: named.start()] + f"-{number:05}-of-{named[2]}.gguf"))
        tensors |= part.tensors
        size += part.size_bytes
    return replace(header, tensors=tensors, size_bytes=size)


def _check_kind(path: Path, header: GGUFFile, model: GGUFFile) -> None:
    for key, wanted in (("general.type", "adapter"), ("adapter.type", "lora")):
        if header.text(key) != wanted:
            raise AdapterError(
                f"{path} is no LoRA adapter ({key} is not {wanted!r}).",
                "A model is added with: assistant models add FILE",
            )
    if header.architecture != model.architecture:
        raise AdapterError(
            f"{path} was made for the architecture {header.architecture!r:.40}, and {model.path.name} has "
            f"{model.architecture!r:.40}.",
            _made_for(header),
        )
    for key in ("adapter.lora.task_name", "adapter.lora.prompt_prefix", "general.name"):
        if header.types.get(key, "string") != "string":
            raise AdapterError(f"{path} is damaged: {key} is no string.", "Convert it again.")
    if "adapter.alora.invocation_tokens" in header.metadata:
        raise AdapterError(f"{path} is an activated LoRA (aLoRA), which is not supported.", "Use a plain LoRA.")


def _pairs(path: Path, header: GGUFFile) -> dict[str, tuple[TensorInfo, TensorInfo]]:
    names: dict[str, dict[str, TensorInfo]] = {}
    for tensor in header.tensors.values():
        base, _, half = tensor.name.rpartition(".")
        if half not in HALVES:
            raise AdapterError(f"{path} holds a tensor that is no LoRA half: {tensor.name!r:.80}.", "Convert it again.")
        if tensor.type not in LORA_TYPES:
            raise AdapterError(
                f"{path} stores {tensor.name!r:.80} as {tensor.type}.", f"It must be {', '.join(LORA_TYPES)}."
            )
        if len(tensor.shape) != 2:
            raise AdapterError(f"{path} has a half that is no matrix: {tensor.name!r:.80}.", "Convert it again.")
        names.setdefault(base, {})[half] = tensor
    if not names:
        raise AdapterError(f"{path} holds no LoRA tensors.", "Convert it again.")
    for base, halves in names.items():
        if len(halves) != 2:
            raise AdapterError(f"{path} lacks one half of {base!r:.80}.", "Convert it again.")
    return {base: (halves["lora_a"], halves["lora_b"]) for base, halves in names.items()}


def _check_shapes(header: GGUFFile, name: str, a: TensorInfo, b: TensorInfo, model: GGUFFile) -> int:
    """The rank. In ggml's order the base is (in, out), A (in, rank), B (rank, out)."""
    base = model.tensors[name].shape
    if len(base) != 2 or a.shape[0] != base[0] or b.shape[1] != base[1] or a.shape[1] != b.shape[0]:
        raise AdapterError(
            f"{header.path} does not fit {model.path.name}: the shapes of {name!r:.80} are {a.shape} and {b.shape} "
            f"over {base}.",
            _made_for(header),
        )
    return a.shape[1]


def _made_for(header: GGUFFile) -> str:
    name = header.text("general.base_model.0.name") or header.text("general.name")
    return f"It was made for {name:.80}." if name else "Choose the model that it was trained on."
