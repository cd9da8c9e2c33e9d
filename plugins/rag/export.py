"""sentence-transformers model to ONNX, once, in a worker: the only place that imports torch."""

import contextlib
from typing import Any

from assistant.api import need


def export(value: dict[str, str], data: bytes) -> dict[str, Any]:
    """Write the transformer of the model folder `value["model"]` as `value["target"]` (fp32, opset 17).

    Inputs are input_ids, attention_mask and token_type_ids (batch, tokens); the output is the last hidden
    state (batch, tokens, dimensions). Pooling is done by the reader.
    """
    del data
    torch = need("torch")
    sentence_transformers = need("sentence_transformers")
    model = sentence_transformers.SentenceTransformer(value["model"], device="cpu")
    transformer = model[0].auto_model.eval()
    names = ["input_ids", "attention_mask", "token_type_ids"]

    class Hidden(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.inner = transformer

        def forward(self, *inputs: Any) -> Any:
            return self.inner(**dict(zip(names, inputs, strict=True))).last_hidden_state

    tokens = torch.ones((2, 8), dtype=torch.long)
    axes = {name: {0: "batch", 1: "tokens"} for name in [*names, "hidden"]}
    with torch.no_grad(), contextlib.redirect_stdout(None):
        torch.onnx.export(
            Hidden(), (tokens, tokens, tokens * 0), value["target"], input_names=names, output_names=["hidden"],
            dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip
    return {"dimensions": int(model.get_embedding_dimension())}
