"""The models on offer, to choose one that answers from now on."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from assistant.api import ModelSource
from assistant.plain_text import clean


class ModelsScreen(ModalScreen[str | None]):
    """Returns the name of the chosen model."""

    BINDINGS: ClassVar = [("escape", "dismiss", "Back")]

    def __init__(self, models: Sequence[ModelSource], current: str) -> None:
        super().__init__()
        self._models = models
        self._current = current

    def compose(self) -> ComposeResult:
        rows = [Option(self._row(model)) for model in self._models]
        with Vertical(id="models", classes="dialog") as box:
            box.border_title = "Models"
            box.border_subtitle = "Enter chooses · Esc closes"
            yield OptionList(*rows, markup=False, compact=True)

    def on_mount(self) -> None:
        names = [model.name for model in self._models]
        if names:
            self.query_one(OptionList).highlighted = names.index(self._current) if self._current in names else 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._models[event.option_index].name)

    def _row(self, model: ModelSource) -> str:
        mark = "●" if model.name == self._current else " "
        return clean(f"{mark} {model.name}" + (f"  {model.description}" if model.description else ""))
