"""The one family of errors whose message is a sentence for the person who gave the input."""


class InputError(ValueError):
    """Bad input: the message names the field, the rule and the value, and is shown as it is.

    Where the message names files, hosts or users of the server, `public` is what a page says of it
    instead; the message is then for the terminal and the log.
    """

    # Of errors about the server's own files: what a page says where the message has a path in it.
    for_strangers: str | None = None

    def __init__(self, message: str = "", *, public: str | None = None) -> None:
        """Keep both sentences; without `public` the message is for everybody."""
        super().__init__(message)
        self._public = public

    @property
    def public(self) -> str:
        """The sentence for a stranger."""
        if self._public is not None:
            return self._public
        return self.for_strangers if self.for_strangers and "/" in str(self) else str(self)


class UsageError(InputError):
    """A command line that cannot be understood."""
