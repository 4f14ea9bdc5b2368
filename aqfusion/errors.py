"""The one family of errors whose message is a sentence for the person who gave the input."""


class InputError(ValueError):
    """Bad input: the message names the field, the rule and the value, and is shown as it is."""
