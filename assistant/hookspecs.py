"""The hooks a plugin can implement, each with an example that a test runs.

All `register_*` hooks return an iterable of frozen values and do no work beyond listing; every argument may
be left out of an implementation.
"""

from collections.abc import Iterable

import pluggy

from assistant.api import (
    Adapter,
    Command,
    DocumentLoader,
    Embedder,
    Host,
    KnowledgeSource,
    ModelSource,
    Reply,
    Turn,
)

hookspec = pluggy.HookspecMarker("assistant")


@hookspec
def register_models(host: Host) -> Iterable[ModelSource]:  # type: ignore[empty-body]
    """Offer models: a GGUF file, a remote endpoint, a test double.

    ```python
    from pathlib import Path
    from assistant.api import ModelSource, hookimpl

    @hookimpl
    def register_models(host):
        for file in sorted((host.data_folder / "my-models").glob("*.gguf")):
            yield ModelSource(file.stem, path=file)
    ```
    """


@hookspec
def register_embedders(host: Host) -> Iterable[Embedder]:  # type: ignore[empty-body]
    """Offer embedders: text to unit-length float32 vectors.

    ```python
    from assistant.api import hookimpl, need

    class Letters:
        name, dimensions, fingerprint = "letters", 26, "letters-1"

        def embed(self, texts):
            np = need("numpy")
            counts = np.array([[t.lower().count(chr(97 + i)) for i in range(26)] for t in texts], dtype="float32")
            return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)

        def embed_query(self, text):
            return self.embed([text])[0]

    @hookimpl
    def register_embedders():
        return [Letters()]
    ```
    """


@hookspec
def register_loaders(host: Host) -> Iterable[DocumentLoader]:  # type: ignore[empty-body]
    """Offer document loaders: file to text with places.

    ```python
    from assistant.api import Block, Document, DocumentLoader, hookimpl

    def load(data, path):
        text = data.decode("utf-8", "replace")
        return Document(text, (Block(0, len(text)),), title=path.stem)

    @hookimpl
    def register_loaders():
        return [DocumentLoader("log", (".log",), load)]
    ```
    """


@hookspec
def register_knowledge(host: Host) -> Iterable[KnowledgeSource]:  # type: ignore[empty-body]
    """Offer sources of knowledge: question to passages with exact places.

    ```python
    from assistant.api import Found, NotFound, Passage, hookimpl

    class Motto:
        name = "motto"

        def collections(self):
            return ["motto"]

        def search(self, query, *, collections=(), k=10):
            if collections and "motto" not in collections:
                raise NotFound(f"There is no collection named {collections[0]!r}.")
            text = "Festina lente."
            return Found((Passage("motto:1", "motto", "motto", text, text, 0, len(text), score=1.0),))

        def surroundings(self, ref, chars=1200):
            return "", ""

    @hookimpl
    def register_knowledge():
        return [Motto()]
    ```
    """


@hookspec
def register_adapters(host: Host) -> Iterable[Adapter]:  # type: ignore[empty-body]
    """Offer LoRA adapters with their facts.

    ```python
    from assistant.api import Adapter, hookimpl

    @hookimpl
    def register_adapters(host):
        model = host.default_model()
        for file in sorted((host.data_folder / "my-adapters").glob("*.gguf")):
            if model is not None:
                yield Adapter(file.stem, file, host.check_adapter(file, model))
    ```
    """


@hookspec
def register_commands(host: Host) -> Iterable[Command]:  # type: ignore[empty-body]
    """Offer commands: "/name" in the chat and "assistant name" in the shell.

    ```python
    from assistant.api import Command, hookimpl

    def shell():
        import click

        @click.command(help="Say hello.")
        @click.argument("name", default="you")
        def hello(name):
            click.echo(f"Hello, {name}.")

        return hello

    def chat(chat, argument):
        return f"Hello, {argument or 'you'}: this is {chat.model}."

    @hookimpl
    def register_commands():
        return [Command("hello", "Say hello.", "[NAME]", shell=shell, chat=chat)]
    ```
    """


@hookspec
def on_reply(turn: Turn, reply: Reply, host: Host) -> None:
    """Hear of every stored answer.

    ```python
    from assistant.api import hookimpl

    @hookimpl
    def on_reply(turn, reply, host):
        if turn.passages and not reply.citations:
            host.notify("No passage supports this answer.")
    ```
    """


@hookspec
def on_stop(host: Host) -> None:
    """Hear that the program ends: close what is open.

    ```python
    from assistant.api import hookimpl

    @hookimpl
    def on_stop(host):
        host.notify("Good night.")
    ```
    """
