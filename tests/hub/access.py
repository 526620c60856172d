"""Write access to the loopback Hub, and the owner of a token."""

from __future__ import annotations

from tests.hub.answers import Answer, refusal
from tests.hub.received import Received

USER = "ftspec-tests"


class Access:
    """Writes are open to all, until a test asks for any token or for one of a few."""

    def __init__(self) -> None:
        self._token_is_required = False
        self._tokens: frozenset[str] = frozenset()

    def require_token(self, *tokens: str) -> None:
        """Take writes with one of these tokens only; with any token where none is given."""
        self._token_is_required = True
        self._tokens = frozenset(tokens)

    def clear(self) -> None:
        self._token_is_required = False
        self._tokens = frozenset()

    def refuse_token(self, request: Received) -> Answer | None:
        """The Hub refuses a wrong token even where no token is needed."""
        if request.token is None or not self._tokens or request.token in self._tokens:
            return None
        # The client knows these words: without them it takes a 401 for a missing repository.
        return refusal(401, "", "Invalid credentials in Authorization header")

    def refuse_write(self, request: Received) -> Answer | None:
        if not self._token_is_required or request.token is not None:
            return None
        # A 401 about a repository makes the client raise RepositoryNotFoundError, but it looks
        # at https URLs only. The code makes it raise the same over http.
        is_about_repository = not request.path.startswith("/api/repos/")
        code = "RepoNotFound" if is_about_repository else ""
        return refusal(401, code, "Invalid username or password.")

    def whoami(self, request: Received) -> Answer:
        if request.token is None:
            return refusal(401, "", "Invalid username or password.")
        token = {"displayName": "tests", "role": "write", "createdAt": "2024-01-01T00:00:00.000Z"}
        return Answer(
            document={
                "type": "user",
                "id": "0" * 24,
                "name": USER,
                "fullname": USER,
                "isPro": False,
                "orgs": [],
                "auth": {"type": "access_token", "accessToken": token},
            }
        )
