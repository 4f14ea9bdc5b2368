"""Who acts, and the roles that people have; what a role may do is checked where it is written."""

from dataclasses import dataclass, field

from aqfusion.errors import InputError

__all__ = ["ROLES", "Actor", "RoleError"]

# Each may what those before it may. An operator holds the terminal and with it the database;
# nobody signs in as one.
ROLES = ("visitor", "annotator", "expert", "admin", "operator")


class RoleError(InputError):
    """Somebody asked for what their role does not let them do."""


@dataclass(frozen=True)
class Actor:
    """A person who has signed in; `role` is what it was then, the store looks it up anew.

    `sign_in` is the kept sign-in by which they came; once that has ended they may do nothing.
    """

    id: int
    name: str
    role: str
    sign_in: int | None = field(default=None, compare=False)

    def may(self, role: str) -> bool:
        """Tell whether a page should offer what needs `role`."""
        return ROLES.index(self.role) >= ROLES.index(role)
