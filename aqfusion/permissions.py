"""Who acts, and the roles that people have; what a role may do is checked where it is written."""

from dataclasses import dataclass, field

from aqfusion.errors import InputError

__all__ = ["GIVEN_ROLES", "ROLES", "Actor", "RoleError"]

# Each may what those before it may. An operator holds the terminal and with it the database;
# nobody signs in as one.
ROLES = ("visitor", "annotator", "expert", "admin", "operator")
GIVEN_ROLES = ROLES[:-1]  # those of people


class RoleError(InputError):
    """Somebody asked for what their role does not let them do."""


@dataclass(frozen=True)
class Actor:
    """A person who has signed in; `role` is what it was then, the store looks it up anew.

    `sign_in` is the kept sign-in by which they came; once that has ended they may do nothing.
    `epoch` is the account's of then: with another PIN or role the account has a new one.
    """

    id: int
    name: str
    role: str
    sign_in: int | None = field(default=None, compare=False)
    epoch: int | None = field(default=None, compare=False)

    def may(self, role: str) -> bool:
        """Tell whether a page should offer what needs `role`."""
        return self.role in ROLES and ROLES.index(self.role) >= ROLES.index(role)
