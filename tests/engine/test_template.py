"""Chat templates as models bring them."""

import pytest

from assistant.engine.template import ChatTemplate
from assistant.errors import ModelError

SYSTEM, QUESTION = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}
STRICT = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
    "<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"
)


def render(source, *turns):
    return ChatTemplate(source).render(list(turns), bos="<s>", eos="</s>")


def test_a_model_without_template_gets_chatml():
    assert render("", SYSTEM, QUESTION) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_template_that_knows_no_system_role_gets_its_text_with_the_question():
    assert render(STRICT, SYSTEM, QUESTION) == "<user>Be brief.\n\nWhy?"


def test_turns_of_one_role_are_joined_where_roles_must_alternate():
    answer = {"role": "assistant", "content": "So."}
    assert render(STRICT, QUESTION, QUESTION, answer, QUESTION) == "<user>Why?\n\nWhy?<assistant>So.<user>Why?"
    assert render("{% for m in messages %}{{ m.content }};{% endfor %}", QUESTION, QUESTION) == "Why?;Why?;"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}", "<s>Why?</s>"),
        ("{{ messages[0] | tojson }}", '{"role": "user", "content": "Why?"}'),
        ("{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}", "Why?"),
        ("{% for i in range(9) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "01"),
        ("{% if tools is not none %}tools{% endif %}{% if add_generation_prompt %}go{% endif %}", "go"),
        ("{{ strftime_now('%%') }}", "%"),
        ("{% if true %}\n  line\n{% endif %}", "  line\n"),
    ],
)
def test_templates_find_what_they_expect(source, expected):
    assert render(source, QUESTION) == expected


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ cycler.__init__.__globals__ }}",
        "{% include '/etc/passwd' %}",
        "{% for i in range(10 ** 9) %}x{% endfor %}",
        "{{ raise_exception('no') }}",
        "{{ 1 // 0 }}",
        "{{ messages[7].content }}{{ nothing.there }}",
        "{% if %}",
        "{{ unclosed",
    ],
)
def test_a_template_that_misbehaves_is_a_model_error(source):
    with pytest.raises(ModelError, match="chat template"):
        render(source, QUESTION)
