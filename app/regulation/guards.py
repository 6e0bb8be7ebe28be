"""Every guard of the lifecycle by name; the conditions themselves stand in the four files beside, by phase."""

from app.regulation import guards_rectification, guards_reporting, guards_sign_off, guards_supervision
from app.regulation.case import Guard, guards_in

GUARDS: dict[str, Guard] = {
    **guards_in(vars(guards_reporting)),
    **guards_in(vars(guards_supervision)),
    **guards_in(vars(guards_rectification)),
    **guards_in(vars(guards_sign_off)),
}
