"""Which of the passages found are worth the model's attention."""

from assistant.api import Passage
from assistant.chat.retrieval import relevant


def passage(text, cosine=None, heading=None):
    scores = {} if cosine is None else {"cosine": cosine}
    return Passage("n:1", "notes", "/notes.txt", text, text, 0, len(text), heading=heading, scores=scores)


def test_small_talk_needs_no_documents():
    far = passage("The kettle has a warranty of two years.", cosine=0.05)
    assert relevant([far], "Hello, how are you today?") == ()
    assert relevant([far], "Tell me a joke about the weather.") == ()


def test_near_in_meaning_stays():
    near = passage("It may be returned within 24 months.", cosine=0.45)
    assert relevant([near], "How long is the warranty?") == (near,)


def test_an_identifier_stays_however_little_it_means_to_the_embedder():
    part = passage("Order BX-7741-K from the depot in Lund.", cosine=0.12)
    other = passage("Order the red one from the depot in Oslo.", cosine=0.12)
    assert relevant([part, other], "where is BX-7741-K?") == (part,)


def test_most_of_the_words_are_enough():
    words = passage("Ferrante keeps the beacon logbook.", cosine=0.2)
    assert relevant([words], "Who keeps the logbook of Ferrante?") == (words,)
    assert relevant([words], "Which logbook did the harbour master of Genoa burn?") == ()


def test_a_source_without_an_embedder_is_believed():
    plain = passage("Anything.")
    assert relevant([plain], "Unrelated?") == (plain,)
