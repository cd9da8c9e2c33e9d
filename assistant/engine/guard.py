"""What llama.cpp must not see: it aborts or segfaults on headers that it should refuse.

Every model and adapter passes here first, in the child before loading and in the program before adding.
"""

import math
from pathlib import Path

from assistant.api import AdapterFacts
from assistant.engine.gguf_file import GGUFFile, TensorInfo, read_gguf
from assistant.errors import AdapterError, ModelError

LORA_TYPES = ("F32", "F16", "BF16", "Q8_0")
HALVES = (".lora_a", ".lora_b")


def check_model(path: Path) -> GGUFFile:
    """Make sure that a file can be a chat model. Raises `ModelError`."""
    header = read_gguf(path)
    kind = header.metadata.get("general.type", "model")
    if kind == "adapter":
        raise ModelError(f"{path} is an adapter, not a model.", f"Add it with: assistant adapters add {path}")
    if not isinstance(kind, str) or header.types.get("general.architecture") != "string":
        raise ModelError(f"{path} does not say what architecture it has.", "It is no language model, or damaged.")
    if not header.tensors:
        raise ModelError(f"{path} holds no tensors.", "It is no language model, or only a part of one.")
    if "tokenizer.ggml.model" not in header.metadata:
        raise ModelError(f"{path} has no vocabulary.", "It is no language model, or only a part of one.")
    return header


def check_adapter(path: Path, model: GGUFFile) -> AdapterFacts:
    """Make sure that a GGUF LoRA can be laid over a model and say what it is. Raises `AdapterError`."""
    try:
        header = read_gguf(path)
    except ModelError as error:
        raise AdapterError(error.message, error.hint) from error
    _check_kind(path, header, model)
    alpha = header.metadata.get("adapter.lora.alpha")
    if header.types.get("adapter.lora.alpha") != "f32" or not isinstance(alpha, float) or not math.isfinite(alpha):
        raise AdapterError(f"{path} has no usable alpha (it must be a finite 32-bit float).", "Convert it again.")
    pairs = _pairs(path, header)
    if not pairs:
        raise AdapterError(f"{path} holds no LoRA tensors.", "Convert it again.")
    ranks = set()
    for name, (a, b) in pairs.items():
        if name not in model.tensors:
            raise AdapterError(f"{path} was made for another model: {model.path.name} has no tensor {name!r:.80}.")
        if name == "token_embd.weight":
            # With tied embeddings the output shares the name, and llama.cpp aborts at the first decode.
            raise AdapterError(f"{path} adapts the token embedding, which is not supported.", "Train it without.")
        ranks.add(_check_shapes(path, name, a, b, model.tensors[name], model))
    return AdapterFacts(
        architecture=header.architecture,
        rank=max(ranks),
        alpha=alpha,
        tensors=len(header.tensors),
        targets=tuple(sorted({name.split(".")[-2] for name in pairs})),
        size_bytes=header.size_bytes,
        precision="/".join(sorted({tensor.type for tensor in header.tensors.values()})),
        metadata={k: str(v) for k, v in header.metadata.items() if isinstance(v, str)},
    )


def _check_kind(path: Path, header: GGUFFile, model: GGUFFile) -> None:
    for key, wanted in (("general.type", "adapter"), ("adapter.type", "lora")):
        if header.types.get(key) != "string" or header.metadata[key] != wanted:
            raise AdapterError(
                f"{path} is no LoRA adapter ({key} is not {wanted!r}).",
                "A model is added with: assistant models add FILE",
            )
    if header.types.get("general.architecture") != "string" or header.architecture != model.architecture:
        raise AdapterError(
            f"{path} was made for the architecture {header.architecture!r:.40}, and {model.path.name} has "
            f"{model.architecture!r}.",
            "Choose the model that it was trained on.",
        )
    for key in ("adapter.lora.task_name", "adapter.lora.prompt_prefix", "general.name"):
        if key in header.types and header.types[key] != "string":
            raise AdapterError(f"{path} is damaged: {key} is no string.", "Convert it again.")
    if "adapter.alora.invocation_tokens" in header.metadata:
        raise AdapterError(f"{path} is an activated LoRA (aLoRA), which is not supported.", "Use a plain LoRA.")


def _pairs(path: Path, header: GGUFFile) -> dict[str, tuple[TensorInfo, TensorInfo]]:
    names: dict[str, dict[str, TensorInfo]] = {}
    for tensor in header.tensors.values():
        base, dot, half = tensor.name.rpartition(".")
        if dot + half not in HALVES:
            raise AdapterError(f"{path} holds a tensor that is no LoRA half: {tensor.name!r:.80}.", "Convert it again.")
        if tensor.type not in LORA_TYPES:
            raise AdapterError(
                f"{path} stores {tensor.name!r:.80} as {tensor.type}.", f"It must be {', '.join(LORA_TYPES)}."
            )
        if len(tensor.shape) != 2:
            raise AdapterError(f"{path} has a half that is no matrix: {tensor.name!r:.80}.", "Convert it again.")
        names.setdefault(base, {})[half] = tensor
    for base, halves in names.items():
        if len(halves) != 2:
            raise AdapterError(f"{path} lacks one half of {base!r:.80}.", "Convert it again.")
    return {base: (halves["lora_a"], halves["lora_b"]) for base, halves in names.items()}


def _check_shapes(path: Path, name: str, a: TensorInfo, b: TensorInfo, base: TensorInfo, model: GGUFFile) -> int:
    """ggml's order: base (in, out), A (in, rank), B (rank, out)."""
    inner, outer = (base.shape[0], base.shape[1]) if len(base.shape) == 2 else (0, 0)
    if a.shape[0] != inner or b.shape[1] != outer or a.shape[1] != b.shape[0]:
        raise AdapterError(
            f"{path} does not fit {model.path.name}: the shapes of {name!r:.80} are {a.shape} and {b.shape} over "
            f"{base.shape}.",
            "Choose the model that it was trained on.",
        )
    return a.shape[1]
