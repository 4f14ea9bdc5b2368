"""PINs and invitations, of which the store keeps only what cannot be turned back."""

import base64
import hashlib
import hmac
import secrets

from aqfusion.errors import InputError

__all__ = ["NO_PIN", "hashed_pin", "new_token", "pin_fits", "token_digest"]

# 16 MB and some 50 ms for each guess; a PIN is short, so the store limits the guesses too.
_COST, _BLOCK, _PARALLEL = 2**14, 8, 1


def hashed_pin(pin: str) -> str:
    """Return a salted scrypt hash; a PIN of other than 4 to 64 characters raises `InputError`."""
    if not 4 <= len(pin) <= 64:
        raise InputError(f"PIN must have 4 to 64 characters, got {len(pin)}")
    salt = secrets.token_bytes(16)
    return "$".join(("scrypt", _text(salt), _text(_scrypt(pin, salt))))


def pin_fits(pin: str, hashed: str | None) -> bool:
    """Tell whether this is the PIN; it takes as long where there is none."""
    _, salt, wanted = (hashed or NO_PIN).split("$")
    found = _scrypt(pin[:64], base64.b64decode(salt))
    return hmac.compare_digest(found, base64.b64decode(wanted))


def new_token() -> str:
    """Return a secret to put into a link."""
    return secrets.token_urlsafe(24)


def token_digest(token: str) -> str:
    """Return what the store keeps of a secret that nobody could guess."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _scrypt(pin: str, salt: bytes) -> bytes:
    given = pin.encode("utf-8", "replace")
    return hashlib.scrypt(given, salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


NO_PIN = "$".join(("scrypt", _text(bytes(16)), _text(bytes(64))))
