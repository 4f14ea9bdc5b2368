"""The labelling interface of Label Studio, whose controls exports and imports both name."""

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from aqfusion.air.aqi import STANDARDS, standard
from aqfusion.labels.answer import CANT_TELL

PHOTO_CONTROL = "photo"
CONTROLS = {key: "category" if key == "us" else f"category_{key}" for key in STANDARDS}
CANT_TELL_CONTROL = "cant_tell"
ANSWERED_BY = "answered_by"  # JSON-MIN has an `annotator` of its own


def labelling_interface() -> str:
    """Return the interface whose controls the tasks' results are of."""
    lines = ["<View>", f'  <Image name="{PHOTO_CONTROL}" value="$image" zoom="true"/>']
    for key, control in CONTROLS.items():
        names = [category.name for category in standard(key).categories]
        lines += _choices(control, standard(key).short_name, names)
    lines += [
        '  <Header value="AQI, if known"/>',
        f'  <Number name="aqi" toName="{PHOTO_CONTROL}" min="0" max="500" step="1"/>',
    ]
    lines += _choices(CANT_TELL_CONTROL, "Can't tell", CANT_TELL)
    lines += [
        f'  <TextArea name="note" toName="{PHOTO_CONTROL}" placeholder="Note"/>',
        f'  <TextArea name="{ANSWERED_BY}" toName="{PHOTO_CONTROL}" editable="false"/>',
        "</View>",
    ]
    return "\n".join(lines) + "\n"


def _choices(control: str, title: str, names: Iterable[str]) -> list[str]:
    return [
        f"  <Header value={quoteattr(title)}/>",
        f'  <Choices name="{control}" toName="{PHOTO_CONTROL}" choice="single" showInline="true">',
        *(f"    <Choice value={quoteattr(name)}/>" for name in names),
        "  </Choices>",
    ]
