"""`train`, `evaluate`, `cards`, `features`, `fetch-data`, `render-scenes`: makers of files."""

import importlib
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aqfusion.cli.options import (
    PathText,
    UsageError,
    WholeNumber,
    cache_option,
    data_folder,
    data_option,
    json_option,
    licence_option,
    model_option,
    print_json,
    report,
    typed_options,
)
from aqfusion.settings import ASSETS, load_settings

if TYPE_CHECKING:
    from aqfusion.csv_table.errors import TableFault
    from aqfusion.data.dataset_folder import DatasetRow
    from aqfusion.network.aqfusion_net import AQFusionNet
    from aqfusion.training.recipe import Recipe

ALL = "all"
HANDLE = "adarshrouniyar/air-pollution-image-dataset-from-india-and-nepal"
HUB, NONE = "hub", "none"
_MOST_FAULTS = 20  # in lines
_OF_PROTOCOLS = ("--backbone", "--weights", "--cache", "--out")

weights_option = click.option(
    "--weights",
    type=PathText(file_okay=False),
    metavar="FOLDER",
    help="folder with pretrained NAME.safetensors, 'hub' for timm's hub (needs internet), "
    "'none' for random ones (default: AQFUSION_WEIGHTS, or none)",
)


class WeightsOption:
    """What `--weights` names; calling it fills a network's trunk."""

    def __init__(self, text: str | None) -> None:
        """Take the option, else the settings; a folder that is absent raises `UsageError`."""
        self.source = text or str(load_settings().weights or NONE)
        if self.source not in (HUB, NONE) and not Path(self.source).is_dir():
            rule = "--weights must be hub, none or a folder that exists"
            raise UsageError(f"{rule}, got {self.source!r}")

    def __call__(self, network: "AQFusionNet", name: str) -> None:
        """Fill the trunk of backbone `name`; one that is distilled stays random."""
        from aqfusion.network.trunks import download_pretrained, load_pretrained

        if self.source == HUB:
            download_pretrained(network.image_encoder.trunk, name)
        elif self.source != NONE and not self._distilled(name):
            load_pretrained(network.image_encoder.trunk, name, Path(self.source))

    def recipe(self, name: str, protocol: str, seed: int) -> "Recipe":
        """The recipe of a backbone under a protocol that suits the weights at hand."""
        from aqfusion.training.recipe import recipe_for

        distilled = self._distilled(name)
        if distilled:
            report(f"{name}: no pretrained weights, so it is distilled from other backbones")
        return recipe_for(name, protocol, seed, distilled=distilled)

    def _distilled(self, name: str) -> bool:
        from aqfusion.training.recipe import TEACHERS

        if self.source in (HUB, NONE) or name not in TEACHERS:
            return False
        return not (Path(self.source) / f"{name}.safetensors").is_file()


def read_rows(folder: Path, tell: Callable[[str], None] = report) -> "tuple[DatasetRow, ...]":
    """Read a data folder, and tell what is left out; `DataError` where nothing is good."""
    from aqfusion.data.dataset_folder import read_folder

    faults: list[TableFault] = []
    notes: list[str] = []
    rows = read_folder(folder, faults.append, notes.append)
    for line in [*notes, *faults[:_MOST_FAULTS]]:
        tell(str(line))
    if len(faults) > _MOST_FAULTS:
        tell(f"and {len(faults) - _MOST_FAULTS} more")
    lost = len({fault.line for fault in faults if not fault.row_kept})
    cells = sum(fault.row_kept for fault in faults)
    if faults:
        tell(f"{len(rows)} rows are read; {lost} rows and {cells} cells of other rows are left out")
    return rows


@dataclass(frozen=True)
class _Training:
    """The options of `train`, by their names."""

    data: str | None
    out: str
    backbone: str
    epochs: int | None
    seed: int
    weights: str | None
    cross_validate: bool
    licence: str
    cache: str | None


@click.command(short_help="Train a model on a data folder.")
@data_option
@click.option(
    "--out",
    required=True,
    type=PathText(file_okay=False),
    metavar="FOLDER",
    help="the model folder to write",
)
@click.option(
    "--backbone", default="mobilenetv2_100", metavar="NAME", help="timm name of the backbone"
)
@click.option(
    "--epochs", type=WholeNumber(1, 1000), metavar="N", help="1 to 1000 (default: the recipe's)"
)
@click.option(
    "--seed",
    type=WholeNumber(0, 2**31 - 1),
    default=0,
    metavar="N",
    help="seed of all random choices",
)
@weights_option
@click.option(
    "--cross-validate",
    is_flag=True,
    help="metrics from five fold models, final weights from all sessions (six times slower)",
)
@licence_option
@cache_option("a folder beside --out until the model is written")
@json_option
def train(**options: str | int | bool | None) -> None:
    """Train a model on a data folder and print its leak-safe metrics as JSON.

    A training that was interrupted continues when it is started again.
    """
    _train(_Training(**options))  # type: ignore[arg-type]  # click has checked them


def _train(options: _Training) -> None:
    weights = WeightsOption(options.weights)
    folder = data_folder(options.data)

    from aqfusion.release.train_model import train as train_model

    recipe = weights.recipe(options.backbone, "leak-safe", options.seed)
    if options.epochs is not None:
        recipe = replace(recipe, epochs=options.epochs)
    metrics = train_model(
        read_rows(folder),
        recipe,
        Path(options.out),
        pretrained=weights,
        cross_validate=options.cross_validate,
        about={"data_licence": options.licence},
        report=report,
        cache=Path(options.cache) if options.cache else None,
    )
    print_json({"model": options.out, "recipe": asdict(recipe), **metrics})


@dataclass(frozen=True)
class _Evaluation:
    """The options of `evaluate`, by their names."""

    data: str | None
    model: str | None
    protocol: str | None
    backbone: str | None
    weights: str | None
    cache: str | None
    licence: str
    out: str | None


@click.command(short_help="Score a model on photos with a measured AQI.")
@data_option
@model_option()
@click.option("--protocol", metavar="NAME", help="leak-safe, place, paper or all")
@click.option(
    "--backbone", metavar="NAME", help="timm name of the backbone, or all (with --protocol)"
)
@weights_option
@cache_option("evaluation/ in AQFUSION_HOME")
@licence_option
@click.option(
    "--out",
    type=PathText(),
    metavar="FILE",
    help="metrics file to update (default: assets/metrics.json)",
)
@json_option
@click.pass_context
def evaluate(context: click.Context, /, **texts: str | None) -> None:
    """Score a model on a data folder, fused and each modality alone, as JSON.

    seen_in_training counts the sessions on which it was trained. With --protocol, backbones are
    trained on parts of the folder and scored on the rest, and a metrics file is written; an
    evaluation that was interrupted continues when it is started again.
    """
    options = _Evaluation(**texts)  # type: ignore[arg-type]  # --licence has a default
    if options.protocol is not None:
        _evaluate_protocols(options, options.protocol)
        return
    for name in typed_options(context):
        if name in _OF_PROTOCOLS:
            rule = f"{name} needs --protocol: leak-safe, place, paper or all"
            raise UsageError(f"{rule}, got none")

    from aqfusion.evaluation.model_evaluation import evaluate as evaluate_model
    from aqfusion.model.predictor import load_model

    rows = read_rows(data_folder(options.data))
    predictor = load_model(options.model or load_settings().model)
    print_json(evaluate_model(predictor, rows, report))


def _evaluate_protocols(options: _Evaluation, asked: str) -> None:
    if options.model is not None:
        raise UsageError(
            f"--model is not allowed with --protocol, which trains its own, got {options.model!r}"
        )
    from aqfusion.evaluation.saliency_faithfulness import saliency_faithfulness
    from aqfusion.model.architecture import BACKBONES, backbone
    from aqfusion.release.measure_metrics import MetricsMeasurement
    from aqfusion.training.protocols import PROTOCOLS, protocol

    trunk = options.backbone or ALL
    protocols = list(PROTOCOLS) if asked == ALL else [protocol(asked).name]
    backbones = list(BACKBONES) if trunk == ALL else [backbone(trunk).name]
    cache = Path(options.cache) if options.cache else load_settings().home / "evaluation"
    out = Path(options.out) if options.out else ASSETS / "metrics.json"
    weights = WeightsOption(options.weights)
    rows = read_rows(data_folder(options.data))
    runs = [(protocol, backbone) for protocol in protocols for backbone in backbones]
    MetricsMeasurement(rows, options.licence, weights, cache, report, saliency_faithfulness).run(
        runs, out
    )
    print_json({"wrote": str(out), "protocols": protocols, "backbones": backbones})


@click.command(short_help="Write the cards of the shipped models.")
@json_option
def cards() -> None:
    """Write assets/models/*/README.md from each model's config.json and assets/metrics.json."""
    from aqfusion.release.model_card import write_cards

    print_json({"wrote": [str(path) for path in write_cards()]})


@click.command(
    short_help="Extract features of training photos, so that retraining needs no photos."
)
@data_option
@model_option()
@licence_option
@click.option(
    "--out",
    type=PathText(),
    metavar="FILE",
    help="file to write (default: features.safetensors beside the model)",
)
@json_option
def features(data: str | None, model: str | None, licence: str, out: str | None) -> None:
    """Extract features of the photos of a data folder, up to 8 of each session.

    They are made with a model's backbone. The file holds numbers, no photos and no file names.
    """
    from aqfusion.model.checkpoint import FEATURES
    from aqfusion.model.predictor import model_folder
    from aqfusion.network.checkpoint import load_checkpoint
    from aqfusion.network.training_features import save_features
    from aqfusion.retraining.features import write_features

    name = model or load_settings().model
    rows = read_rows(data_folder(data))
    folder = model_folder(name)
    checkpoint = load_checkpoint(folder)
    file = Path(out) if out else folder / FEATURES
    extracted = write_features(checkpoint, rows, licence, report)
    print_json(
        {
            "wrote": str(file),
            "sha256": save_features(file, extracted),
            "trunk_sha256": extracted.trunk,
            "sessions": len(extracted.sessions),
            "frames": len(extracted.owner),
            "fingerprints": len(extracted.fingerprints),
        }
    )


@click.command(short_help="Download the public data set (needs internet and a Kaggle account).")
@click.option(
    "--out",
    required=True,
    type=PathText(file_okay=False),
    metavar="FOLDER",
    help="the data folder to make",
)
def fetch_data(out: str) -> None:
    """Download the Air Pollution Image Dataset from India and Nepal with kagglehub, and check it.

    The data set is by A. Rouniyar et al., CC BY-NC-SA 3.0 IGO; kagglehub must be installed.
    """
    folder = Path(out)
    if folder.exists():
        raise UsageError(f"--out must not exist yet, got {folder}")
    downloaded = _download()

    from aqfusion.data.dataset_folder import read_folder
    from aqfusion.io.atomic_files import new_folder

    faults: list[TableFault] = []
    rows = read_folder(downloaded, faults.append)
    lost = [fault for fault in faults if not fault.row_kept]
    if lost:  # bad rows of somebody's own folder are left out, but this data set is whole
        raise UsageError(f"The download has {len(lost)} bad rows, the first: {lost[0]}")
    with new_folder(folder) as temporary:
        shutil.copytree(downloaded, temporary, dirs_exist_ok=True)
    report(f"{len(rows)} photos are in {folder}; set AQFUSION_DATA={folder.resolve()}")


def _download() -> Path:
    try:
        kagglehub = importlib.import_module("kagglehub")
    except ImportError:
        raise UsageError("fetch-data needs kagglehub: pip install kagglehub") from None
    try:
        return Path(kagglehub.dataset_download(HANDLE))
    except (OSError, RuntimeError, ValueError) as error:
        # requests' errors are OSErrors; kagglehub's own ones for credentials are ValueErrors
        raise UsageError(f"the data set could not be downloaded: {error}") from error


@click.command(short_help="Paint the sample scenes again (about a minute).")
@click.option(
    "--out", type=PathText(file_okay=False), default=str(ASSETS / "scenes"), metavar="FOLDER"
)
def render_scenes(out: str) -> None:
    """Paint the sample scenes again, as assets/scenes/scenes.json says."""
    from aqfusion.synthetic_scenes import write_scenes

    write_scenes(Path(out))
    if Path(out) == ASSETS / "scenes":  # the guidelines' examples: same view, other air
        examples = ASSETS / "label" / "examples"
        write_scenes(examples, examples, (320, 240))
    report(f"painted the scenes into {out}")
