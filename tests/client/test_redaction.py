"""What counts as a secret, and that nothing else is touched."""

from __future__ import annotations

import copy
import time

import pytest

from tracker.redaction import Redactor, is_secret_name

NOTHING_KNOWN = Redactor({})
OTHER_NAMES = """
    num_tokens max_tokens tokens tokenizer token_count token_type pad_token eos_token author keyboard monkey
    hidden_keys key_dim key keys public_key primary_key PWD OLDPWD SSH_AUTH_SOCK password_file GOOGLE_CREDENTIALS_PATH
    TOKENIZERS_PARALLELISM no_auth passes bypass lr model.key_proj authority"""
PRIVATE_KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nq3zr/x+y==\n-----END RSA PRIVATE KEY-----"
SECRET_NAMES = """
    password PASSWD db_password dbPassword PGPASSWORD my.secret client-secret token hf_token HF_TOKEN accessToken
    api_key apikey OPENAI_API_KEY openaiApiKey AWS_SECRET_ACCESS_KEY aws_access_key_id private_key credentials auth
    basic_auth bearer sentry_dsn connection_string api_keys DB_PASS db_pwd password_2 secret_key_base
    --wandb-api-key"""


@pytest.mark.parametrize(
    "name",
    SECRET_NAMES.split(),
)
def test_a_secret_is_known_by_its_name(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    OTHER_NAMES.split(),
)
def test_a_name_that_only_sounds_secret_is_none(name):
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("AKIA" + "IOSFODNN7EXAMPLE", id="aws access key"),
        pytest.param("ghp_" + "a1B2" * 9, id="github"),
        pytest.param("github_pat_" + "a1B2" * 9, id="github fine-grained"),
        pytest.param("glpat-" + "a1B2" * 5, id="gitlab"),
        pytest.param("xoxb-" + "1234567890-abcdef", id="slack"),
        pytest.param("sk-" + "proj-a1B2c3D4e5F6g7H8i9", id="openai"),
        pytest.param("sk-ant-" + "api03-a1B2c3D4e5F6g7H8i9", id="anthropic"),
        pytest.param("hf_" + "a1B2" * 8, id="hugging face"),
        pytest.param("AIza" + "a1B2c" * 7, id="google"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxIn0.c2lnbmF0dXJl", id="jwt"),
    ],
)
def test_a_key_of_a_known_shape_is_found_in_any_text(secret):
    assert NOTHING_KNOWN.text(f"using ({secret}), ok") == "using ([redacted]), ok"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("password=hunter2", "password=[redacted]"),
        ('{"password": "x y z", "lr": 1}', '{"password": "[redacted]", "lr": 1}'),
        (r"{\"password\": \"x y\", \"lr\": 1}", r"{\"password\": \"[redacted]\", \"lr\": 1}"),
        ("passwords: ['a', 'b'], x=['c']", "passwords: ['[redacted]', '[redacted]'], x=['c']"),
        ('password: str = "abc"', 'password: str = "[redacted]"'),
        ('config["password"] = "x"', 'config["password"] = "[redacted]"'),
        ("train --api-key abcd1234 --lr 3", "train --api-key [redacted] --lr 3"),
        ("API key: abc123def", "API key: [redacted]"),
        ("Server=x;Password=abc;Database=y", "Server=x;Password=[redacted];Database=y"),
        ("https://h/x?token=abcd&step=5", "https://h/x?token=[redacted]&step=5"),
        ("Authorization: Basic dXNlcjpwdw==", "Authorization: [redacted]"),
        ("Cookie: a=b; c=d", "Cookie: [redacted]"),
        ("sent Bearer 0123456789abcdef0", "sent Bearer [redacted]"),
        ("postgres://ada:pa55@h/db", "postgres://ada:[redacted]@h/db"),
        ("postgres://ada:p@55@h/db", "postgres://ada:[redacted]@h/db"),
        (f"https://{'0a' * 16}@o1.example.org/1", "https://[redacted]@o1.example.org/1"),
        (f"wandb login {'0a' * 20}", "wandb login [redacted]"),
        ("machine h login ada password abc", "machine h login ada password [redacted]"),
    ],
)
def test_only_the_secret_is_replaced(text, kept):
    assert NOTHING_KNOWN.text(text) == kept
    assert NOTHING_KNOWN.text(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "epoch 3 loss=0.12 lr=1e-4 tokens/s=1234 max_tokens=4096 token: 5 next token: 151643",
        "pad_token='<pad>' eos_token: \"</s>\"",
        "fit(api_key=api_key, password=args.password, token=get_token(), auth=None)",
        "def fit(token: str, secret: Optional[str] = None): ...",
        "secret = os.environ['X']; token = tokenizer.next(); if token == 'x': pass",
        "auth: ok, forward pass: 12 ms, author=bob, monkey: see, keyboard=us",
        "postgres://ada:${PASSWORD}@h/db and password='${PASSWORD}'",
        "https://example.org:8080/x@y and git@example.org:group/x.git",
        "KeyError: 'layers.3.key_proj.weight', missing keys: ['a', 'b']",
        "commit 0123456789abcdef0123456789abcdef01234567 of task-0123456789abcdef0123",
    ],
)
def test_ordinary_text_stays_as_it_is(text):
    assert NOTHING_KNOWN.text(text) == text


def test_a_private_key_loses_its_lines_and_keeps_their_number():
    text = f"before\n{PRIVATE_KEY}\nafter: (1)\n"
    assert NOTHING_KNOWN.text(text) == (
        "before\n-----BEGIN RSA PRIVATE KEY-----\n[redacted]\n[redacted]\n-----END RSA PRIVATE KEY-----\nafter: (1)\n"
    )


def test_a_private_key_in_a_patch_leaves_a_patch():
    patch = "@@ -0,0 +1,4 @@\n+" + PRIVATE_KEY.replace("\n", "\n+") + "\n"
    assert NOTHING_KNOWN.text(patch) == (
        "@@ -0,0 +1,4 @@\n+-----BEGIN RSA PRIVATE KEY-----\n+[redacted]\n+[redacted]\n+-----END RSA PRIVATE KEY-----\n"
    )


def test_a_private_key_that_a_cut_text_ends_in_is_replaced():
    assert "MIIE" not in NOTHING_KNOWN.text(PRIVATE_KEY[:60])
    assert "MIIE" not in NOTHING_KNOWN.text(repr(PRIVATE_KEY))


def test_a_long_text_is_searched_to_its_end():
    text = "x = 1\n" * 100_000
    assert NOTHING_KNOWN.text(text + "password = 'a b'\n") == text + "password = '[redacted]'\n"


def test_the_value_of_a_secret_variable_is_replaced_wherever_it_stands():
    redactor = Redactor({"TRACKER_API_KEY": "pony-express", "LR": "0.00000001", "DB_TOKEN": "short"})
    assert redactor.text("got ponypony-express/0.00000001, short") == "got pony[redacted]/0.00000001, short"


def test_a_value_that_is_told_of_is_replaced_too():
    assert Redactor({}, also=["from-the-file", None]).text("is from-the-file") == "is [redacted]"


def test_a_variable_with_several_lines_is_known_line_by_line():
    redactor = Redactor({"DEPLOY_KEY": "0123456789abcdefgh\nijklmnopqrstuvwxyz\n"})
    assert redactor.text("a ijklmnopqrstuvwxyz") == "a [redacted]"


def test_a_config_is_copied_without_its_secrets():
    config = {
        "lr": 0.1,
        "token": 5,
        "use": {"password": "x", "auth": ["a", {"user": "b", "port": 1}], "secret": None, "empty_password": ""},
        "notes": ["postgres://ada:pa55@h/db", ("a", "b")],
        "max_tokens": 4096,
        "pad_token": "<pad>",
    }
    before = copy.deepcopy(config)
    assert NOTHING_KNOWN.mapping(config) == {
        "lr": 0.1,
        "token": 5,
        "use": {
            "password": "[redacted]",
            "auth": ["[redacted]", {"user": "[redacted]", "port": 1}],
            "secret": None,
            "empty_password": "",
        },
        "notes": ["postgres://ada:[redacted]@h/db", ["a", "b"]],
        "max_tokens": 4096,
        "pad_token": "<pad>",
    }
    assert config == before


@pytest.mark.parametrize(
    ("argv", "kept"),
    [
        (["train.py", "--api-key", "a b", "--lr", "3"], ["train.py", "--api-key", "[redacted]", "--lr", "3"]),
        (["--password=a,b c"], ["--password=[redacted]"]),
        (["--password", "-dashed"], ["--password", "[redacted]"]),
        (["+db.password=hunter2", "db.port=1"], ["+db.password=[redacted]", "db.port=1"]),
        (["--password", "123456"], ["--password", "[redacted]"]),
        (["--token", "--fast"], ["--token", "--fast"]),
        (["--max-tokens", "4096", "--key-dim=64"], ["--max-tokens", "4096", "--key-dim=64"]),
        (["--config", '{"password": "x"}'], ["--config", '{"password": "[redacted]"}']),
        (["--db", "postgres://ada:pa55@h/db"], ["--db", "postgres://ada:[redacted]@h/db"]),
    ],
)
def test_a_command_line_loses_its_secrets(argv, kept):
    assert NOTHING_KNOWN.arguments(argv) == kept


@pytest.mark.parametrize(
    "unit",
    [
        "password=", "key", "sk-", "eyJ", "eyJ-", "://a:", "://a:@", "https://" + "a" * 30, "password='",
        'password="\\',
        "-----BEGIN PRIVATE KEY-----", "bearer ", "Bearer 0123456789", "wandb ", "wandb 0123456789abcdef", "token:",
        "token: a= ", "token=,a", 'token="]]', 'tokens:["a",', "key ", "--token ", "a" * 1000 + "key=", "token='''",
        "machine password ", "?sig=", "token=1.", "x.", "İkey=",
    ],
)  # fmt: skip
def test_no_line_holds_a_program_up(unit):
    line = (unit * 65536)[:65536]
    started = time.process_time()
    NOTHING_KNOWN.text(line)
    assert time.process_time() - started < 1.0  # it takes a fiftieth; what grows with the square takes minutes
