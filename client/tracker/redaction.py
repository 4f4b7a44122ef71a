"""Finding secrets in names, text, arguments and configs, and putting `[redacted]` in their places.

What always holds: it looks for two things, the names that secrets have and the shapes that keys of known services have;
only the secret is replaced, and nothing is ever raised. Every pattern takes time that grows with the text alone, so no
line that a program prints can hold it up; a line with no word that a secret stands beside costs about a microsecond.
Nothing is compiled before the first text is looked at. This is best effort: a secret without a name or shape is not
found. docs/design/capture.md lists the rules.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

REDACTED: Final = "[redacted]"
SHORTEST_KNOWN_SECRET: Final = 8

_BLOCK_CHARS: Final = 16 * 1024
_LONGEST_NAME: Final = 80


def _all(words: str) -> frozenset[str]:
    return frozenset(words.split())


_STRONG: Final = _all(
    "password passwords passwd passphrase passphrases secret secrets credential credentials apikey apikeys"
)
_STRONG_ENDINGS: Final = (
    "password", "passwd", "passphrase", "apikey", "accesskey", "secretkey", "privatekey", "authtoken", "accesstoken",
    "apitoken", "clientsecret", "credentials", "connectionstring",
)  # fmt: skip
_LAST: Final = _all("token auth authorization bearer dsn jwt cookie cookies")
_KEYS: Final = _all(
    """access account aes anthropic api app application auth aws azure cipher client cohere comet consumer decryption
    deploy developer dsa ecdsa encryption encrypt ed25519 gcp gemini google gpg groq hf hmac huggingface langsmith
    license master mistral mlflow neptune openai openrouter pem pgp pinecone private replicate rsa secret security
    sendgrid service session shared sign signing ssh ssl storage stripe subscription tls together tracker wandb
    webhook"""
)
_PASSES: Final = _all("db database smtp mysql pg postgres redis ftp mail email ssh admin login http proxy")
_PLURAL_TOKENS: Final = _all("access api auth bearer refresh secret session")
_OTHER_TOKENS: Final = _all(
    """additional audio begin blank bos by class cls control ctc cur current decoder delimiter distillation each
    encoder end eos every extra fim first generated image img input lang language last mask max memory middle min n
    new newline next num output pad padding patch per placeholder predicted prefix prev previous prompt query register
    sep separator sot space special start stop suffix target text time top trigger unk unknown video vocab
    word"""
)
_ABOUT: Final = _all(
    """arn column count dim dir directory enabled endpoint env expires expiry field file filename folder helper hint
    host id length len limit manager max method min mode name path policy port prompt provider ref required reset
    rotation size sock socket source store strength timeout ttl type uri url user username version"""
)
_TRAILERS: Final = _all(
    "b64 base64 dev encrypted hash hex new old plain prod production raw staging str test text value"
)
_FLAGS: Final = _all("disable enable has is needs no require requires skip without")
_PLAIN_WORDS: Final = _all("disabled optional password required undefined")

_STEMS: Final = (
    "key", "token", "secret", "pass", "pwd", "auth", "cred", "bearer", "dsn", "conn", "cookie", "jwt", "signature"
)  # fmt: skip


@functools.lru_cache(4096)
def is_secret_name(name: str) -> bool:
    """Whether what has this name, in snake, camel, dotted or dashed case, is likely to be a secret.

    Names that only count or describe secrets, as `max_tokens`, `password_file` or `token_type`, are not of that kind.
    """
    words = [word.lower() for word in _words().findall(name[-_LONGEST_NAME:])]
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _TRAILERS or words[-2:] == ["key", "id"]):
        words.pop()
    if not words or words[0] in _FLAGS or words[-1] in _ABOUT:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last == "token":
        return before not in _OTHER_TOKENS
    return (
        last in _LAST
        or any(word in _STRONG or word.endswith(_STRONG_ENDINGS) for word in words)
        or _is_secret_pair(before, last)
    )


def _is_secret_pair(before: str, last: str) -> bool:
    return (
        (last in ("key", "keys") and before in _KEYS)
        or (last in ("string", "conn") and before in ("connection", "conn"))
        or (last == "pwd" and before != "")
        or (last == "pass" and before in _PASSES)
        or (last == "tokens" and before in _PLURAL_TOKENS)
        or (last == "signature" and before in ("access", "amz"))
    )


class Redactor:
    """Takes secrets out of what leaves the machine.

    It also knows the values that variables of `environ` with secret names have when it is made, and those in `also`,
    from eight characters on, and replaces them wherever they stand.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ, *, also: Iterable[str | None] = ()) -> None:
        named = (value for name, value in environ.items() if is_secret_name(name))
        found = {part for value in (*named, *also) if value for part in _known_parts(value)}
        self._known = tuple(sorted(found, key=lambda value: (-len(value), value)))

    def text(self, value: str) -> str:
        """The same text without its secrets."""
        for known in self._known:
            if known in value:
                value = value.replace(known, REDACTED)
        if len(value) > _BLOCK_CHARS:
            value = _without_private_keys(value) if _holds_private_key(value.lower()) else value
            return "".join(map(_without_secrets, _blocks(value)))
        return _without_secrets(value)

    def mapping(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of a JSON-like mapping without its secrets; the original is not changed.

        Below a secret's name all text is replaced; numbers, booleans and None stay.
        """
        return {key: self._under(key, value) for key, value in values.items()}

    def arguments(self, argv: Iterable[str]) -> list[str]:
        """A command line without its secrets: `--api-key X`, `--api-key=X`, `api_key=X` and what `text` finds."""
        kept: list[str] = []
        option = ""
        for argument in argv:
            name, equals, value = argument.partition("=")
            if option and not argument.startswith("--"):
                kept.append(argument if _is_kept(option, argument, is_loose=False) else REDACTED)
            elif equals and " " not in name and is_secret_name(name) and not _is_kept(name, value, is_loose=False):
                kept.append(f"{name}={REDACTED}")
            else:
                kept.append(self.text(argument))
            option = argument if not equals and argument.startswith("-") and is_secret_name(argument) else ""
        return kept

    def _under(self, name: str, value: Any) -> Any:
        if is_secret_name(name):
            return _hidden(value)
        return self._anything(value)

    def _anything(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self.mapping(value)
        if isinstance(value, list | tuple):
            return [self._anything(item) for item in value]
        return value


def _hidden(value: Any) -> Any:
    """What stands under a secret's name: its shape and its numbers."""
    if isinstance(value, str):
        return REDACTED if value else value
    if isinstance(value, Mapping):
        return {key: _hidden(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(item) for item in value]
    return value


def _known_parts(value: str) -> Iterator[str]:
    """A secret value as it would stand in text: of one with several lines, each line that is long enough to tell."""
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= 2 * SHORTEST_KNOWN_SECRET and not line.startswith("-----"))
    elif len(value) >= SHORTEST_KNOWN_SECRET and value.lower() not in _PLAIN_WORDS:
        yield value


def _blocks(text: str) -> Iterator[str]:
    """Long text in pieces that end with a line, so that other threads get their turn between two of them."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + _BLOCK_CHARS) + 1 or len(text)
        yield text[start:end]
        start = end


class _Rule(NamedTuple):
    """How secrets of one kind are taken out of a text that has `mark` in it, in lower case."""

    mark: str
    apply: Callable[[str], str]


def _without_secrets(text: str) -> str:
    low = text.lower()
    found = [rule for rule in _rules() if rule.mark in low]
    for rule in found:
        text = rule.apply(text)
    for stem in _STEMS:
        if stem in low:
            return _without_assigned(text)
    return text


def _holds_private_key(low: str) -> bool:
    return "private key" in low


@functools.cache
def _rules() -> tuple[_Rule, ...]:
    """The shapes of known keys. No pattern can fail after a run of characters that another match may start in."""
    whole = [
        ("akia", r"\bAKIA[0-9A-Z]{16}\b"),
        ("asia", r"\bASIA[0-9A-Z]{16}\b"),
        ("ghp_", r"\bghp_[A-Za-z0-9]{20,}"),
        ("gho_", r"\bgho_[A-Za-z0-9]{20,}"),
        ("ghu_", r"\bghu_[A-Za-z0-9]{20,}"),
        ("ghs_", r"\bghs_[A-Za-z0-9]{20,}"),
        ("ghr_", r"\bghr_[A-Za-z0-9]{20,}"),
        ("github_pat_", r"\bgithub_pat_\w{20,}"),
        ("glpat-", r"\bglpat-[\w-]{16,}"),
        ("xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
        ("xapp-", r"\bxapp-[A-Za-z0-9-]{10,}"),
        ("sk-", r"\bsk-[\w-]{20,}"),
        ("hf_", r"\bhf_[A-Za-z0-9]{20,}"),
        ("aiza", r"\bAIza[\w-]{35}"),
        ("ya29.", r"\bya29\.[\w-]{20,}"),
        ("eyj", r"(?<![\w-])eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+)?"),
    ]
    inside = [
        ("bearer", r"(?i)(\bbearer[ \t]{1,4})[A-Za-z0-9._~+/-]{16,}=*"),
        ("hooks.slack.com/", r"(hooks\.slack\.com/\w{1,20}/)[\w/]+"),
        ("wandb", r"(?i)(\bwandb\b[^\n]{0,80}?(?<![0-9a-f]))[0-9a-f]{40}(?![0-9a-f])"),
        ("machine", r"(\bpassword[ \t]{1,4})[^\s]+(?=\s|\Z)"),
        ("sig=", r"(?i)([?&]sig=)[^\s&\"']+"),
        ("@", r"(://[^\s/?#@:\"'<>]{0,256}:)(?![${<%][^\s/]{0,256}@|\[redacted\]@)[^\s/?#\"']{1,512}(?=@)"),
        ("@", r"(https?://)[^\s/?#@:\"'<>{}$]{20,512}(?=@)"),
    ]
    return (
        _Rule("private key", _without_private_keys),
        *(_Rule(mark, functools.partial(re.compile(shape).sub, REDACTED)) for mark, shape in whole),
        *(_Rule(mark, functools.partial(re.compile(shape).sub, rf"\1{REDACTED}")) for mark, shape in inside),
    )


@functools.cache
def _words() -> re.Pattern[str]:
    return re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@functools.cache
def _private_key() -> re.Pattern[str]:
    """A key in PEM armour, up to its end, the end of the text, or the first character that no key has."""
    return re.compile(
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"[A-Za-z0-9+/=\s\\:,\"'-]*?(?:-----END [A-Z0-9 ]{0,60}-----|(?=[^A-Za-z0-9+/=\s\\:,\"'-])|\Z)"
    )


@functools.cache
def _key_line() -> re.Pattern[str]:
    """A line within a key's armour; in a patch, the character before it belongs to the patch."""
    return re.compile(r"(\n(?![ +-]?-----)[ +-]?)[^\n]+")


def _without_private_keys(text: str) -> str:
    return _private_key().sub(_armour_alone, text)


def _armour_alone(found: re.Match[str]) -> str:
    """As many lines as before, because a patch counts them."""
    key = found[0]
    if "\n" in key:
        return _key_line().sub(rf"\1{REDACTED}", key)
    begin = key.index("-----", 5) + 5
    return key[:begin] + REDACTED


class _Assignments(NamedTuple):
    """The patterns that names and their values are read with."""

    name: re.Pattern[str]
    name_before: re.Pattern[str]
    quoted: re.Pattern[str]
    next_quoted: re.Pattern[str]
    bare: re.Pattern[str]
    line: re.Pattern[str]
    kept: re.Pattern[str]
    number: re.Pattern[str]


@functools.cache
def _assignments() -> _Assignments:
    # Atomic groups in place of possessive repeats of a group: before Python 3.11.5 these match too little (gh-106052).
    string = r"[fFrRbBuU]{0,2}(\"\"\"|'''|\\?[\"'])((?>(?:(?!\1)(?:\\.|[^\n]))*))"
    return _Assignments(
        name=re.compile(
            r"(?:key|token|secret|pass|pwd|auth|cred|bearer|dsn|conn|cookie|jwt|sig)[\w.-]{0,60}+"
            r"(?:[\"'\\\]]{0,4}[ \t]{0,4}"
            r"(?::[ \t]{0,4}[a-z_][\w.\[\]| ]{0,40}?[ \t]{0,4}=(?=[ \t]{0,4}[fbru]{0,2}[\"'])"
            r"|:=|=>|=(?![=~])|:(?![:/]))[ \t]{0,4}|(?P<flag>[ \t]{1,4}(?![-=:])))"
        ),
        name_before=re.compile(r"[\w.-]*(?: [\w.-]+)?"),
        quoted=re.compile(r"\[?[ \t]{0,4}" + string),
        next_quoted=re.compile(r"(?:\\?[\"'])?[ \t]{0,4},[ \t]{0,4}" + string),
        bare=re.compile(
            r"(?:(?i:bearer|basic|digest|token)[ \t]+)?"
            r"(?P<value>(?>(?:[^\s\"'`&,;]|[,;](?!\s?[A-Za-z_][\w.-]{0,40}\s?[=:]))+))"
        ),
        line=re.compile(r"(?P<value>[^\n\"']++)"),
        kept=re.compile(
            r"[$<%{*].*|\[redacted.*|None|null|true|false|True|False|yes|no|str|int|float|bytes|string|Any|object|Optional"
            r"|[A-Za-z_][\w.]*[\[(].*|(?:self|args|opts?|options|cfg|config|conf|settings|env|os|params)(?:\.[A-Za-z_]\w*)+",
            re.DOTALL,
        ),
        number=re.compile(r"[-+]?[\d.]{1,20}(?:e[-+]?\d{1,4})?%?"),
    )


def _without_assigned(text: str) -> str:
    """Without the values of names that secrets have: `name=value`, `name: value`, `"name": "value"`, `--name value`."""
    patterns = _assignments()
    low = text.lower()
    if len(low) != len(text):  # some letters grow when they are lowered
        low = "".join(lowered if len(lowered := letter.lower()) == 1 else letter for letter in text)
    parts: list[str] = []
    at = done = 0
    while (found := patterns.name.search(low, at)) is not None:
        at = found.end()
        name = _whole_name(text, low, found)
        if not is_secret_name(name) or (found["flag"] and not name.split(" ")[-1].startswith("--")):
            continue
        for start, end in _value_spans(text, found.end(), name):
            parts += [text[done:start], REDACTED]
            at = done = end
    return "".join((*parts, text[done:])) if parts else text


def _whole_name(text: str, low: str, found: re.Match[str]) -> str:
    """The name that a stem was found in, from its beginning; of `API key` both words."""
    start = found.start()
    before = text[max(0, start - _LONGEST_NAME) : start][::-1]
    begin = _assignments().name_before.match(before)
    name = (begin[0][::-1] if begin else "") + text[start : found.end()]
    return name.rstrip(" \t:=>\"'\\]")


def _value_spans(text: str, at: int, name: str) -> Iterator[tuple[int, int]]:
    """Where the secrets that follow a name begin and end."""
    patterns = _assignments()
    quoted = patterns.quoted.match(text, at)
    if quoted is not None:
        is_list = quoted[0].startswith("[")
        while quoted is not None:
            if quoted[2] and not _is_template(quoted[2]):
                yield quoted.span(2)
            quoted = patterns.next_quoted.match(text, quoted.end()) if is_list else None
        return
    is_header = name.lower().endswith(("authorization", "cookie"))
    bare = (patterns.line if is_header else patterns.bare).match(text, at)
    if bare is None:
        return
    value = bare["value"].rstrip(",;)]}>.\\")
    is_loose = text[at - 1] in " \t" or text[at - 1] == ":"
    if value and not _is_kept(name, value, is_loose=is_loose):
        yield bare.start("value"), bare.start("value") + len(value)


def _is_template(value: str) -> bool:
    """Whether a text in quotes only says where the secret goes."""
    return value.startswith(("${", "{", "<", "%(", REDACTED)) and value.endswith(("}", ">", ")s", REDACTED))


def _is_kept(name: str, value: str, *, is_loose: bool) -> bool:
    """Whether a bare value is a number, a place for a secret, or an expression of code, rather than a secret.

    A word after a space or a colon is taken for a sentence's, as in "auth: ok", unless it is long or has a digit.
    """
    if not value or _assignments().kept.fullmatch(value):
        return True
    if _assignments().number.fullmatch(value):
        return len(value) < (4 if "pass" in name.lower() else 8)
    has_digit = any(letter.isdigit() for letter in value[:_LONGEST_NAME])
    if not has_digit and len(value) < _LONGEST_NAME and value.replace("_", "").replace(".", "").isalpha():
        return (is_loose and len(value) < 8) or is_secret_name(value)
    return False
