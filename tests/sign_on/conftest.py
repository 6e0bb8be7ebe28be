"""A registry that signs on through a provider, real or forging, and the browser that goes between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import psycopg
import pytest

from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.registry import API, Registry, settled_database

CLIENT_ID = "qingling"
REDIRECT_URL = "http://localhost/api/v1/session/sign-on/callback"


def sign_on_settings(issuer: str) -> dict[str, Any]:
    """What the operator sets."""
    return {
        "sign_on_issuer": issuer,
        "sign_on_client_id": CLIENT_ID,
        "sign_on_client_secret": "not-a-secret-anywhere",
        "sign_on_redirect_url": REDIRECT_URL,
    }


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[TestDatabase]:
    """The demo's city, for the tests of a file."""
    with settled_database(cluster) as prepared:
        yield prepared


@dataclass
class Browser:
    """Somebody's browser: it keeps the cookie between the way out and the way back."""

    registry: Registry

    def begin(self) -> dict[str, str]:
        """Sent to the provider: what the address says."""
        answer = self.registry.client.get(f"{API}/session/sign-on", follow_redirects=False)
        assert answer.status_code == 302, answer.text
        location = urlsplit(answer.headers["location"])
        said = {name: values[0] for name, values in parse_qs(location.query).items()}
        return said | {"address": f"{location.scheme}://{location.netloc}{location.path}", "url": location.geturl()}

    def come_back(self, **said: str) -> httpx2.Response:
        """Back at the callback with what the provider said."""
        answer: httpx2.Response = self.registry.client.get(f"{API}/session/sign-on/callback", params=said)
        return answer


def bind(registry: Registry, login: str, issuer: str, subject: str) -> int:
    """Binds the provider's subject to somebody's account; the identity's id."""
    listed = registry.get("/accounts?limit=200", by="system-admin").body["items"]
    account = next(one["id"] for one in listed if one["login_name"] == login)
    sent = {"issuer": issuer, "subject": subject}
    return int(registry.post(f"/accounts/{account}/sign-on-identities", sent, by="system-admin")["id"])


def as_superuser(registry: Registry, statement: str) -> list[tuple[Any, ...]]:
    """A statement beside the application: what is kept, or time gone by."""
    with psycopg.connect(libpq_address(registry.database.superuser_url)) as connection:
        done = connection.execute(statement.encode())
        return done.fetchall() if done.description else []
