"""`export`: a model as a folder that runs without AQFusion."""

from pathlib import Path

import click

from aqfusion.cli.options import (
    SERVED,
    Choice,
    PathText,
    UsageError,
    json_option,
    model_option,
    print_json,
    report,
    served_model,
)

FORMATS = ("onnx",)


@click.command(short_help="Write a model as a folder that runs without AQFusion.")
@click.option(
    "--format",
    "format_",
    type=Choice(FORMATS),
    default=FORMATS[0],
    help="format of the image encoder (default: onnx)",
)
@click.option(
    "--out",
    required=True,
    type=PathText(file_okay=False),
    metavar="FOLDER",
    help="the folder to write; an earlier export in it is replaced",
)
@model_option(SERVED)
@click.option("--int8", is_flag=True, help="compute the backbone in whole numbers of 8 bits")
@click.option(
    "--calibration",
    type=PathText(file_okay=False),
    metavar="FOLDER",
    help="photos by which --int8 chooses its ranges (default: the rendered scenes)",
)
@click.option(
    "--data",
    type=PathText(file_okay=False),
    metavar="FOLDER",
    help="data folder on which --int8 measures what it costs, in the layout of the public data set",
)
@json_option
def export(
    format_: str,
    out: str,
    model: str | None,
    int8: bool,
    calibration: str | None,
    data: str | None,
) -> None:
    """Write a model as a folder with a predict.py that needs numpy, onnxruntime and Pillow alone.

    With --int8 the backbone is quantised, and the folder is written only where that costs less than
    1 AQI of RMSE on days that the judging heads have not seen; so --int8 needs --data.
    """
    for option, value in (("--calibration", calibration), ("--data", data)):
        if value is not None and not int8:
            raise UsageError(f"{option} needs --int8")
    if int8 and data is None:
        raise UsageError(
            "--int8 needs --data: what it costs is measured on photos with a measured AQI, "
            "and without them nobody knows"
        )
    from aqfusion.edge.export import ExportedModel, export_place, write_folder

    place = export_place(Path(out))  # refused now, not after minutes
    exported = ExportedModel.of(served_model(model))
    if data is not None:
        from aqfusion.edge.int8 import quantised

        photos = None if calibration is None else Path(calibration)
        exported = quantised(exported, photos, Path(data), report)
    print_json(write_folder(place, exported))
