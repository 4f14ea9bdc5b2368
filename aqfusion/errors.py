"""The one family of errors whose message is a sentence for the person who gave the input."""


class InputError(ValueError):
    """Bad input: the message names the field, the rule and the value, and is shown as it is.

    Where the message names files, hosts or users of the server, `public` is what a page says of it
    instead; the message is then for the terminal and the log.
    """

    for_strangers: str | None = None  # of a whole class of errors about the server's own files

    def __init__(self, message: str = "", *, public: str | None = None) -> None:
        """Keep both sentences; without `public` the message is for everybody."""
        super().__init__(message)
        self._public = self.for_strangers if public is None else public

    @property
    def public(self) -> str:
        """The sentence for a stranger."""
        return str(self) if self._public is None else self._public
