"""All that is known of one prediction and why it came out so, to keep and to repeat."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aqfusion
from aqfusion.air.aqi import STANDARDS, IndexResult, Standard, standard
from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.readings import Reading
from aqfusion.explain.attribution import (
    AblatedPrediction,
    Attribution,
    ablations,
    coalitions,
    contributions,
)
from aqfusion.explain.explanation_text import DISCLAIMER, basis, place_sentence
from aqfusion.explain.saved_report import FORMAT, SavedSite, instant
from aqfusion.images.photo import Photo
from aqfusion.model.prediction import Prediction
from aqfusion.model.predictor import Embedding, Predictor, Result
from aqfusion.sites.landmark_evidence import LandmarkEvidence

_DIGITS = 6


@dataclass(frozen=True)
class Inputs:
    """The inputs of a prediction; `trust_photo` uses a photo that the screening refuses.

    Without `units_stated` the units of the readings are unknown, and no formula applies.
    """

    reading: Reading
    photo: Photo | None = None
    trust_photo: bool = False
    units_stated: bool = True


@dataclass(frozen=True)
class PredictionReport:
    """One prediction with its explanation; `model` and `sha256` name the weights it came from.

    `formula` has the index of each standard by key, `made_at` is in UTC; `taken_at` is when
    photo and readings were taken, where known; `extinction` is what the photo shows at the
    site's landmarks, by name.
    """

    inputs: Inputs
    model: str
    sha256: str
    version: str
    made_at: datetime
    result: Result
    ablations: tuple[AblatedPrediction, ...]
    contributions: Attribution
    formula: Mapping[str, IndexResult]
    taken_at: datetime | None = None
    extinction: Mapping[str, float] = field(default_factory=dict)

    @property
    def photo_used(self) -> bool:
        """Whether there is a photo and the prediction rests on it."""
        return self.result.image_only is not None


def report_of(
    predictor: Predictor, inputs: Inputs, now: datetime, embedding: Embedding | None = None
) -> PredictionReport:
    """Predict and explain; `embedding` is that of the photo, where it is known already.

    A predictor at a site explains that too. `now` must name its time zone. Nothing to go on, as
    where a refused photo is all there is, raises `NothingKnownError`.
    """
    if now.tzinfo is None:
        raise ValueError(f"now must name its time zone, got {now}")
    predictor = predictor.seeing(inputs.photo)
    if inputs.photo is None:
        embedding = None
    elif embedding is None:
        embedding = predictor.embed(inputs.photo)
    result = predictor.predict(inputs.reading, embedding, trust_photo=inputs.trust_photo)
    used = embedding if result.image_only is not None else None
    all_coalitions = coalitions(
        partial(predictor.ask, used),
        inputs.reading,
        used is not None,
        predictor.knows_site,
        result.landmarks is not None,
    )
    return PredictionReport(
        inputs=inputs,
        model=predictor.name,
        sha256=predictor.checkpoint.sha256,
        version=aqfusion.__version__,
        made_at=now.astimezone(UTC),
        result=result,
        ablations=ablations(all_coalitions),
        contributions=contributions(all_coalitions),
        formula={key: _index(inputs, standard(key)) for key in STANDARDS},
        taken_at=predictor.taken_at,
        extinction=predictor.extinction or {},
    )


def _index(inputs: Inputs, index_standard: Standard) -> IndexResult:
    if inputs.units_stated or not inputs.reading.present:
        return index_standard.index(inputs.reading)
    name = index_standard.short_name
    why = f"The {name} cannot be calculated: the units of these readings are not stated."
    return IndexResult(None, None, None, {}, why, beyond=False)


def as_json(report: PredictionReport) -> dict[str, Any]:
    """The report as JSON; `saved_report` reads it back. All numbers are finite.

    - `format`: 2; it changes when a key changes its meaning. Format 1 knew no sites: it has no
      `site`, `taken_at`, `extinction`, `site_only`, `site_share`, `haze`, `landmarks`, `in_words`
      and no points of site and landmarks
    - `made_at`: ISO 8601 in UTC; `program`: `name` and `version`; `note`: the disclaimer
    - `model`: `name`, and `sha256` of its weights file
    - `inputs`: `readings` by pollutant, null where not given, in `units`; `photo`, null or its
      `digest` (SHA-256 of size and pixels as decoded) and `original_size` [width, height];
      `trust_photo`; `units_stated`, whether the units of the readings are known, without which
      there is no index of a formula; `site`, null or its `name`, its `days`, the model's own name
      of it if it `learned_as` one, and the `digest` of its days; `taken_at`, null or when (ISO
      8601 in UTC); `extinction`, what the photo shows at the site's landmarks, by name
    - `prediction`: `fused`, `image_only`, `sensors_only` and `site_only`, each null or `aqi`,
      `low`, `high` (the 90 % interval), `category` and `probabilities`; `photo_share` and
      `site_share`, their weights from 0 to 1; `photo_problem`, null or why the photo is left out;
      `haze`, null or the photo's `score` of 0 to 100 and the AQI it has `suggested`;
      `landmarks`, null or what they say: the log AQI less the site's level as `shift` and `std`,
      its `slope` and `slope_std` over the extinction, and the `days` it was learned from
    - `explanation`: `ablations`, each the inputs `left`, the one it is `without`, if one, and its
      `prediction`; `contributions`, Shapley values in AQI points: `base` (nothing known), `aqi`
      (before rounding) and `points` by input, which add up to `aqi` less `base`
    - `in_words`: sentences, which another version may put otherwise
    - `formula`: by standard `aqi`, `category`, `dominant`, `sub_indices`, `incomplete`, `beyond`
    """
    inputs, result, shares = report.inputs, report.result, report.contributions
    photo, haze = inputs.photo, result.haze
    return {
        "format": FORMAT,
        "made_at": report.made_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "program": {"name": "AQFusion", "version": report.version},
        "note": DISCLAIMER,
        "model": {"name": report.model, "sha256": report.sha256},
        "inputs": {
            "readings": {name: getattr(inputs.reading, name) for name in POLLUTANTS},
            "units": {name: pollutant(name).unit for name in POLLUTANTS},
            "photo": photo and {"digest": photo.digest, "original_size": list(photo.original_size)},
            "trust_photo": inputs.trust_photo,
            "units_stated": inputs.units_stated,
            "site": None if result.site is None else asdict(SavedSite.of(result.site)),
            "taken_at": None if report.taken_at is None else instant(report.taken_at),
            "extinction": {name: _figure(value) for name, value in report.extinction.items()},
        },
        "prediction": {
            "fused": result.fused.as_json(),
            "image_only": _prediction(result.image_only),
            "sensors_only": _prediction(result.sensors_only),
            "site_only": _prediction(result.site_only),
            "photo_share": _figure(result.photo_share),
            "site_share": _figure(result.site_share),
            "photo_problem": result.photo_problem,
            "haze": haze and {"score": haze.score, "suggested": _figure(haze.suggested)},
            "landmarks": _landmarks(result.landmarks),
        },
        "explanation": {
            "ablations": [
                {
                    "left": list(row.left),
                    "without": row.lacking[0] if len(row.lacking) == 1 else None,
                    "prediction": row.prediction.as_json(),
                }
                for row in report.ablations
            ],
            "contributions": {
                "base": _figure(shares.base),
                "aqi": _figure(shares.aqi),
                "points": {name: _figure(value) for name, value in shares.points.items()},
            },
        },
        "formula": {key: index.as_json() for key, index in report.formula.items()},
        "in_words": [
            sentence
            for sentence in (basis(result), place_sentence(result, report.sha256))
            if sentence
        ],
    }


def _prediction(prediction: Prediction | None) -> dict[str, Any] | None:
    return None if prediction is None else prediction.as_json()


def _landmarks(evidence: LandmarkEvidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    return {
        name: value if isinstance(value, int) else _figure(value)
        for name, value in asdict(evidence).items()
    }


def _figure(value: float) -> float:
    return round(value, _DIGITS) + 0.0  # no -0.0
