"""PINs and invitations, of which the store keeps only what cannot be turned back."""

import base64
import hashlib
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from aqfusion.errors import InputError

__all__ = [
    "LEAST_CHARACTERS",
    "MOST_CHARACTERS",
    "hashed_pin",
    "new_token",
    "pin_fits",
    "renewed_pin",
    "token_digest",
]

# Argon2id as OWASP's cheat sheet on password storage asks at the least: 19 MiB and some 50 ms for
# each guess. A PIN is short, so the store limits the guesses too.
_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1
LEAST_CHARACTERS, MOST_CHARACTERS = 4, 256  # a setting asks for more on public servers
# What PINs were hashed with before: checked as long as such a hash is there, never made.
_SCRYPT, _SCRYPT_COST, _SCRYPT_BLOCK, _SCRYPT_LANES = "scrypt$", 2**14, 8, 1


def hashed_pin(pin: str, least: int = LEAST_CHARACTERS) -> str:
    """Return a salted Argon2id hash; a PIN that is too short or too long raises `InputError`."""
    if not least <= len(pin) <= MOST_CHARACTERS:
        raise InputError(f"PIN must have {least} to {MOST_CHARACTERS} characters, got {len(pin)}")
    return _hasher().hash(_bytes(pin))


def pin_fits(pin: str, hashed: str | None) -> bool:
    """Tell whether this is the PIN; it takes as long where there is none."""
    if hashed is not None and hashed.startswith(_SCRYPT):
        return _fits_scrypt(pin, hashed)
    try:
        return _hasher().verify(hashed or _no_pin(), _bytes(pin))
    except (VerificationError, InvalidHashError):
        return False


def renewed_pin(pin: str, hashed: str) -> str | None:
    """Return a new hash of a PIN that fits `hashed`, where that is of an older kind or cost."""
    if not hashed.startswith(_SCRYPT) and not _hasher().check_needs_rehash(hashed):
        return None
    return _hasher().hash(_bytes(pin))


def new_token() -> str:
    """Return a secret to put into a link."""
    return secrets.token_urlsafe(24)


def token_digest(token: str) -> str:
    """Return what the store keeps of a secret that nobody could guess."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _hasher() -> PasswordHasher:
    return PasswordHasher(_PASSES, _MEMORY_KIB, _LANES)


def _no_pin() -> str:
    """A hash that no PIN has, at the cost of the others."""
    cost = f"m={_MEMORY_KIB},t={_PASSES},p={_LANES}"
    return f"$argon2id$v=19${cost}${'A' * 22}${'A' * 43}"


def _fits_scrypt(pin: str, hashed: str) -> bool:
    try:
        salt, wanted = map(base64.b64decode, hashed.removeprefix(_SCRYPT).split("$"))
    except ValueError:  # damaged
        return False
    made = hashlib.scrypt(_bytes(pin), salt=salt, n=_SCRYPT_COST, r=_SCRYPT_BLOCK, p=_SCRYPT_LANES)
    return hmac.compare_digest(made, wanted)


def _bytes(pin: str) -> bytes:
    return pin[:MOST_CHARACTERS].encode("utf-8", "replace")
