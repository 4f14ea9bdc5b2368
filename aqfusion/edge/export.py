"""Writes the folder: predict.py, a copy of what it imports, and a model in self-contained ONNX."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

from safetensors.numpy import save

from aqfusion import __version__
from aqfusion.edge.onnx_weights import with_weights
from aqfusion.edge.source_files import sources_of
from aqfusion.errors import InputError
from aqfusion.io.atomic_files import new_folder, replace_file
from aqfusion.model.checkpoint import CARD, CONFIG, METRICS, WEIGHTS, read_model
from aqfusion.model.config import read_json
from aqfusion.model.image_session import read_graph
from aqfusion.model.predictor import model_folder
from aqfusion.settings import ASSETS, ROOT

__all__ = ["CHECKSUMS", "ExportedModel", "ModelExportError", "export_place", "write_folder"]

CHECKSUMS, ABOUT, SCRIPT = "SHA256SUMS", "export.json", "predict.py"
FORMAT = 1
_TRUNK = "network.image_encoder.trunk."
# Of the copy: what `predict.py` imports, and what is imported by its name alone.
_MODULES = ("aqfusion.edge.predict", "aqfusion.io.plain_validation")
_TABLES = ("standards/*.json", "stations/stations.json")
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")
_TEMPLATES = Path(__file__).parent / "templates"
_CACHES = "__pycache__"


class ModelExportError(InputError):
    """A folder that cannot be written, or a model that cannot be exported so."""


@dataclass(frozen=True, eq=False)
class ExportedModel:
    """A model to export: its folder, and its graph with the weights inside.

    `about` says of the graph's precision what there is to say.
    """

    folder: Path
    graph: bytes
    about: Mapping[str, Any]

    @classmethod
    def of(cls, model: str) -> "ExportedModel":
        """The model as the app computes it; a bad one raises `ModelError`."""
        folder = model_folder(model)
        files = read_model(folder)
        graph = with_weights(read_graph(files.config.architecture.backbone), files.arrays)
        return cls(folder.resolve(), graph, {"precision": "float32, weights stored as float16"})


def export_place(out: Path) -> Path:
    """Where an export may be written, made absolute; else `ModelExportError`.

    What is there is replaced, so it must be nothing but an earlier export.
    """
    out = out.absolute()
    rule = "--out must be new, empty or hold nothing but an export"
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise ModelExportError(f"{rule}, got the file {out}")
    if out == Path(out.anchor) or out == Path.cwd():
        raise ModelExportError(f"{rule}, got {out}")
    own = _listed(out / CHECKSUMS) | {CHECKSUMS}
    for path in out.rglob("*"):  # which ends at the first that is no export's
        name = path.relative_to(out).as_posix()
        if name not in own and not path.is_dir() and _CACHES not in path.parts:
            raise ModelExportError(f"{rule}, got {out} with {name!r} in it")
    return out


def _listed(sums: Path) -> set[str]:
    """The files that an export's list of checksums names; of no list, none."""
    if not sums.is_file():
        return set()
    lines = sums.read_text(encoding="utf-8", errors="replace").splitlines()
    return {match[2] for line in lines if (match := _LINE.fullmatch(line))}


def write_folder(out: Path, model: ExportedModel) -> dict[str, Any]:
    """Write the folder whole or not at all; returns what `export.json` says, and its size."""
    out = export_place(out)
    contents = _contents(model)
    sums = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(contents.items())
    )
    with new_folder(out, replace=True) as temporary:
        for name, data in {**contents, CHECKSUMS: sums.encode()}.items():
            replace_file(temporary / name, data, sync=False)  # the whole folder is, at the end
    size = sum(map(len, contents.values()))
    return {"folder": str(out), **json.loads(contents[ABOUT]), "bytes": size}


def _contents(model: ExportedModel) -> dict[str, bytes]:
    """All files by their places in the folder."""
    files, name = read_model(model.folder), model.folder.name
    small = {key: values for key, values in files.arrays.items() if not key.startswith(_TRUNK)}
    weights = save(dict(small))
    config = read_json(model.folder / CONFIG) | {
        "sha256": {WEIGHTS: hashlib.sha256(weights).hexdigest()}
    }
    about = {
        "format": FORMAT,
        "model": name,
        "weights_sha256": files.sha256,
        "backbone": files.config.architecture.backbone,
        "code_version": __version__,
        **model.about,
    }
    place = f"assets/models/{name}"
    contents = {path: file.read_bytes() for path, file in sources_of(*_MODULES).items()}
    for pattern in _TABLES:
        for file in sorted(ASSETS.glob(pattern)):
            contents[f"assets/{file.relative_to(ASSETS).as_posix()}"] = file.read_bytes()
    contents |= {
        SCRIPT: (_TEMPLATES / "predict.py.txt").read_bytes(),
        "README.md": _readme(about).encode(),
        "requirements.txt": _requirements().encode(),
        f"assets/graphs/{about['backbone']}.onnx": model.graph,
        f"{place}/{WEIGHTS}": weights,
        f"{place}/{CONFIG}": _json(config),
        f"{place}/{METRICS}": _json(files.metrics),
        ABOUT: _json(about),
    }
    card, licence = model.folder / CARD, _licence()
    if card.is_file():  # a model that was trained here has none yet
        contents["MODEL_CARD.md"] = card.read_bytes()
    if licence is not None:
        contents["LICENSE"] = licence.encode()
    return contents


def _readme(about: Mapping[str, Any]) -> str:
    text = (_TEMPLATES / "README.md").read_text(encoding="utf-8")
    return text.replace("{MODEL}", str(about["model"])).replace("{PRECISION}", about["precision"])


def _requirements() -> str:
    """The three packages, in the versions that this export was tried with, or later of their kind.

    >>> _requirements().splitlines()[0].partition("~=")[0]
    'numpy'
    """
    versions = {name: version(name).split(".")[:2] for name in ("numpy", "onnxruntime", "pillow")}
    return "".join(f"{name}~={'.'.join(parts)}\n" for name, parts in versions.items())


def _licence() -> str | None:
    """The licence of the code, which an installed package has among its own files."""
    file = ROOT / "LICENSE"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    try:
        return distribution("aqfusion").read_text("licenses/LICENSE")
    except PackageNotFoundError:
        return None


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
