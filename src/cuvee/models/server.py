"""A server of chat models: where it is, how it is treated, how a reply is drawn, and what comes back."""

import os
from dataclasses import dataclass, field
from importlib.util import find_spec

from cuvee.errors import ConfigError, MissingExtraError
from cuvee.names import may_read

KEY_VARIABLE = "OPENAI_API_KEY"
SECRET = 8  # characters from which a key is searched for in texts


@dataclass(frozen=True)
class Server:
    """An OpenAI-compatible server and how to treat it.

    url: up to and including /v1; several of the same model, with commas between, are asked in turn. key_variable: the
    environment variable that holds the key; a server without keys needs none. concurrency: requests at one time, at every
    URL. timeout: seconds for a whole request. tries: per question. backoff: seconds before the second try, doubled for each
    further one. per_minute: requests in all, None for no limit.
    """

    url: str
    model: str
    key_variable: str = KEY_VARIABLE
    concurrency: int = 8
    timeout: float = 120.0
    tries: int = 5
    backoff: float = 0.5
    per_minute: float | None = None

    @property
    def urls(self) -> list[str]:
        """Every URL, without a slash at its end."""
        return [url.strip().rstrip("/") for url in self.url.split(",") if url.strip()]

    @property
    def at_once(self) -> int:
        """Requests at one time in all."""
        return self.concurrency * max(1, len(self.urls))

    @property
    def key(self) -> str:
        """The key, or an empty text."""
        return os.environ.get(self.key_variable, "").strip()

    def clean(self, text: str) -> str:
        """Return a server's text without our key, should it stand there."""
        return text.replace(self.key, "[key]") if len(self.key) >= SECRET else text


@dataclass(frozen=True)
class ReplySampling:
    """How a reply is drawn. max_tokens: of a reply, at most. more: further fields of the request, such as top_p.

    limit: the request's field for max_tokens; some models take only "max_completion_tokens".
    """

    temperature: float = 0.0
    max_tokens: int = 512
    limit: str = "max_tokens"
    more: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What a model said. finish: why it ended ("stop", "length", ...). Tokens are None where the server counted none."""

    text: str
    finish: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None


def require(purpose: str) -> None:
    """Raise MissingExtraError where the client's libraries are not installed."""
    for library in ("openai", "tenacity"):
        if find_spec(library) is None:
            raise MissingExtraError(library, "api", purpose)


def check(server: Server) -> None:
    """Raise ConfigError for a server that cannot be asked, or whose settings would put a secret on disk."""
    from urllib.parse import urlsplit

    for url in server.urls or [""]:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError("the base URL is not one of a server", "write it as http://localhost:8000/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ConfigError("the base URL holds a user, a password or a query", "put the key into the environment")
    if not server.model:
        raise ConfigError("no chat model is named", "name it with --judge-model")
    may_read(server.key_variable)
    if server.key_variable != KEY_VARIABLE and not server.key:  # not repeated here: it may be the key itself
        raise ConfigError("the environment variable that key names is not set", "give its name, not the key")
