"""The city's tenants: five enterprises in units above, beside and below each other, each with a canary of its own."""

from dataclasses import dataclass

from app.cli.demo_city import CHEMICAL_WORKS, COAL_MINE
from app.regulation.area import SHIPPED_AREA

CITY_CODE, DONGSHENG_CODE, JUNGAR_CODE, TOWNSHIP_CODE = "150600", "150602", "150622", "150602101"

# The shipped area names no township; this one stands below Dongsheng, with a body of its own.
AREA = (
    SHIPPED_AREA.read_text(encoding="utf-8")
    + f"""
[[units]]
key = "sample_town"
tier = 3
parent = "dongsheng"
name = "样例镇"
code = "{TOWNSHIP_CODE}"
code_system = "gb2260"

[[departments]]
key = "township"
kind = "township"
name = "人民政府"
tiers = [3]
sectors = []
"""
)


@dataclass(frozen=True, slots=True)
class Tenant:
    """An enterprise, where it is and who supervises it; people by login."""

    key: str
    canary: str
    code: str
    name: str
    unit_code: str
    sector: str
    inspectors: tuple[str, str]
    head: str
    """Determines and approves for the leading department."""
    clerk: str
    """Lists."""
    tier: int

    @property
    def enterprise(self) -> dict[str, str]:
        """As a report names it."""
        return {"code": self.code, "name": self.name}

    @property
    def site(self) -> str:
        """The canary of its site, which whoever answers for the territory knows even where the hazard is not theirs."""
        return self.canary.replace("canary", "site")

    @property
    def office_head(self) -> str:
        """Issues its office's letters."""
        return f"{self.clerk.split('-')[0]}-office-head"

    @property
    def penalty(self) -> str:
        """The canary of its penalty, which the whole territory knows whatever the sector."""
        return self.canary.replace("canary", "penalty")

    def login(self, post: str) -> str:
        """The login of one of the enterprise's posts."""
        return f"{self.key}-{post}"

    def says(self, what: str) -> str:
        """A text that nobody else has."""
        return f"{what}({self.canary})"


_DONGSHENG = (("dongsheng-inspector1", "dongsheng-inspector2"), "dongsheng-head", "dongsheng-clerk", 2)
CHEMICAL = Tenant(
    "chemical",
    "canary-chemical-5f0e",
    CHEMICAL_WORKS.code,
    CHEMICAL_WORKS.name,
    DONGSHENG_CODE,
    "hazardous_chemicals",
    *_DONGSHENG,
)
SECOND = Tenant(
    "second",
    "canary-second-91c7",
    "91150602MA0DEMC031",
    "东胜区样本二化工有限公司",
    DONGSHENG_CODE,
    "hazardous_chemicals",
    *_DONGSHENG,
)
TOWN = Tenant(
    "town",
    "canary-town-d24b",
    "91150602MA0DEMD04R",
    "样例镇样本三化工有限公司",
    TOWNSHIP_CODE,
    "hazardous_chemicals",
    *_DONGSHENG,
)
WORKS = Tenant(
    "works",
    "canary-works-3a68",
    "91150600MA0DEME05M",
    "市属样本四化工有限公司",
    CITY_CODE,
    "hazardous_chemicals",
    ("city-inspector1", "city-inspector2"),
    "city-emergency-head",
    "city-clerk1",
    1,
)
COAL = Tenant(
    "coal",
    "canary-coal-77e2",
    COAL_MINE.code,
    COAL_MINE.name,
    JUNGAR_CODE,
    "coal_mine",
    ("jungar-inspector1", "jungar-inspector2"),
    "jungar-head",
    "jungar-clerk",
    2,
)
TENANTS = (CHEMICAL, SECOND, TOWN, WORKS, COAL)
NEW = (SECOND, TOWN, WORKS)
"""Those the demo does not bring."""
