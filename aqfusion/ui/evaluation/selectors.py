"""Selectors of protocol, backbone and input kind."""

from dataclasses import dataclass

import streamlit as st

from aqfusion.ui.evaluation import words


@dataclass(frozen=True)
class Choice:
    """Keys of protocol and backbone in the metrics."""

    protocol: str
    backbone: str

    @property
    def name(self) -> str:
        """The choice as part of a file's name."""
        return f"{self.protocol}-{self.backbone}"

    @property
    def title(self) -> str:
        """The choice as a person reads it."""
        return f"{words.PROTOCOLS[self.protocol]}, {words.BACKBONES[self.backbone]}"


def choose() -> Choice:
    """Draw the two selectors that rule all below them."""
    with st.container(horizontal=True, gap="medium", key="evaluation_choice"):
        protocol = _control("How the photos were split", words.PROTOCOLS, "evaluation_protocol")
        backbone = _control("Backbone", words.BACKBONES, "evaluation_backbone")
    return Choice(protocol, backbone)


def choose_kind() -> str:
    """Draw the selector for the kind of input."""
    return _control("Kind of input", words.KINDS, "evaluation_kind")


def _control(label: str, titles: dict[str, str], key: str) -> str:
    return st.segmented_control(
        label,
        list(titles),
        default=next(iter(titles)),
        required=True,
        format_func=titles.__getitem__,
        key=key,
    )
