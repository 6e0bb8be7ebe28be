"""A legal town as of today, and the actors an adversary may play there."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

from tests.oracle.town import Town, legal_town
from tests.support.acts import Actor
from tests.support.adversary import Front
from tests.support.cluster import TestDatabase, libpq_address

_AGE: Final = timedelta(days=20)


@dataclass(frozen=True)
class Arena:
    """The database under attack, the superuser's address to judge by, and the front of the attack."""

    superuser: str
    front: Front
    town: Town

    def refill_posts(self) -> None:
        """Appoint again, as of now, whoever the attack has put out of post."""
        with self.connect() as connection:
            city = replace(self.town.city, connection=connection, now=datetime.now(UTC))
            connection.execute("SET session_replication_role = replica")
            for key, actor in self.front.actors.items():
                ended = connection.execute(
                    "SELECT post_id FROM appointment WHERE id = %s AND valid_until <= clock_timestamp()",
                    [actor.appointment],
                ).fetchone()
                if ended is not None:
                    self.front.actors[key] = replace(actor, appointment=city.appoint(actor.person, ended[0]))

    def connect(self) -> psycopg.Connection[Any]:
        """The judge's connection."""
        return psycopg.connect(self.superuser)


def build_arena(database: TestDatabase) -> Arena:
    """Fill a fresh database with every kind of legal history, ending some days ago."""
    superuser = libpq_address(database.superuser_url)
    with psycopg.connect(superuser) as connection:
        town = legal_town(connection, datetime.now(UTC) - _AGE)
        connection.execute("UPDATE session SET last_seen_at = now()")
        outsider, account = town.city.person()[0], town.city.identity["proposer"]
        town.city.insert("person_disablement", person_id=outsider, for_cause=True, reason="违纪", account_id=account)
    return Arena(superuser, front_of(town, libpq_address(database.app_url)), town)


def front_of(town: Town, address: str) -> Front:
    """Who may be played: every holder of a post, named by organisation, kind and seat."""
    names = {town.city.identity[name]: name for name in ("lead", "office", "own1", "higher", "other_lead", "township")}
    enterprise = town.city.identity["enterprise1"]
    actors = {}
    for (organisation, kind, seat), holder in town.city.holders.items():
        own = names[organisation] == "own1"
        actors[names[organisation], kind, seat] = Actor(
            "enterprise" if own else "official",
            holder.account,
            holder.person,
            holder.appointment,
            organisation,
            holder.session,
            enterprise if own else None,
        )
    for seat, name in enumerate(("proposer", "confirmer")):
        identity = town.city.identity
        actors["administrator", name, seat] = Actor(
            "administrator",
            identity[name],
            identity[f"{name}_person"],
            identity[f"{name}_appointment"],
            identity["city_office"],
            identity[f"{name}_session"],
        )
    units = ",".join(str(town.city.identity[unit]) for unit in ("city", "district", "town"))
    return Front(address, actors, units)
