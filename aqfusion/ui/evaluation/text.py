"""Titles on the Evaluation page, and their meaning in plain words."""

from aqfusion.metrics import Data

NOT_YET = "not computed yet"

PROTOCOLS = {
    "leak-safe": "Leak-safe",
    "place": "Leave one place out",
    "paper": "As in the paper",
}
BACKBONES = {
    "mobilenetv2_100": "MobileNetV2",
    "resnet18": "ResNet18",
    "efficientnet_b0": "EfficientNet-B0",
}
KINDS = {
    "fused": "Photo and readings",
    "image_only": "Photo only",
    "sensors_only": "Readings only",
}
HISTORY_KINDS = {**KINDS, "nothing": "Only the place's days"}
LATE_FUSION = "Late fusion of the two answers"
BASELINES = {
    "extra_trees": ("Extra trees", "readings"),
    "gaussian_process": ("Gaussian process", "readings"),
    "ridge": ("Ridge regression", "readings"),
    "haze_trees": ("Trees on haze features", "photo"),
    "us_formula": ("US EPA formula", "readings"),
    "constant": ("Constant prediction", "nothing"),
}

# Simpler methods trained on the same days; "with place" they know which are the site's own.
HISTORY_BASELINES = {
    "constant": "Constant prediction",
    "place_mean": "Mean of the place's days",
    "ridge": "Ridge regression",
    "ridge_place": "Ridge regression with place",
    "extra_trees": "Extra trees",
    "extra_trees_place": "Extra trees with place",
    "gaussian_process": "Gaussian process",
}
# Without the place's days, these days alone, with them.
KNOWN_PLACE_BASELINES = {
    "Constant prediction": ("constant", None, None),
    "Mean of the place's days": (None, "place_mean", None),
    "Ridge regression": ("ridge", None, "ridge_place"),
    "Extra trees": ("extra_trees", None, "extra_trees_place"),
    "Gaussian process": ("gaussian_process", None, None),
}
WITH_HISTORY = ("leak-safe", "place")  # protocols that measure the gain by a site's days

LEAKAGE = (
    "**Data leakage:** a random split puts frames of the same video, with the same readings and "
    "the same AQI, into both the training data and the test data, so that a simple look-up table "
    "of the readings reaches RMSE 0. A leak-safe split keeps the whole day of a place on one "
    "side and shows what to expect on a new day."
)
FIGURES = (
    "**Accuracy**: share of photos in the right one of six categories. **Macro F1**: mean of the "
    "F1 scores of all categories, weighted equally. **Kappa**: agreement beyond chance, with "
    "large errors weighted more; 1 is perfect, 0 is chance. **RMSE**, **MAE**: typical error in "
    "AQI points; RMSE gives large errors more weight. **R²**: share of the variance that is "
    "explained; below 0 is worse than always predicting the mean. **Session RMSE**: RMSE of the "
    "mean prediction of each session. Small print: 95 % intervals by bootstrap over place-days."
)

# Title and explanation, by the noun that names an exhibit's widgets and files.
EXHIBITS = {
    "scores": (
        "Comparison with simpler methods",
        "A complex model is only useful if it is better than simpler methods. All methods are "
        "evaluated in the same way.",
    ),
    "history": (
        "Benefit of the measured days of a place",
        "The error at a place that was left out of the training, when some of its days are "
        "known; lower is better. Thin lines and small print are 95 % intervals over places: with "
        "so few places they are wide. Ridge regression, trees and Gaussian process use the "
        "readings; the methods with place also use which days belong to the place.",
    ),
    "history-steps": (
        "Uncertainty with few known days",
        "With fewer known days the 90 % interval should become wider, but still be correct. The "
        "days are drawn several times; each row is a mean over all draws.",
    ),
    "known-places": (
        "Benefit of the history of a known place",
        "Session RMSE with and without the other days of the place; lower is better. RMSE, "
        "accuracy and interval are those of the prediction that uses these days.",
    ),
    "sessions": (
        "Predicted and measured AQI",
        "Each mark is a session: the photos of one place and hour. On the dashed line the two "
        "are equal; in a coloured square the category is right. Lines are 90 % intervals.",
    ),
    "confusion": (
        "Confusion matrix",
        "Of the photos measured in the category of a row: the percentage and the number "
        "predicted in the category of each column. A perfect model has values only on the "
        "diagonal.",
    ),
    "reliability": (
        "Calibration of the probabilities",
        "If the model states a probability of 70 %, is it right in 70 of 100 cases? Then its "
        "marks lie on the dashed line; below the line the model is too confident. Larger marks "
        "stand for more photos.",
    ),
    "coverage-by-place": (
        "Coverage of the interval by place",
        "The 90 % interval should contain the measured AQI in nine cases out of ten (dashed "
        "line). In the green band, 87 to 93 %, the coverage is on target.",
    ),
    "coverage-by-readings": (
        "Coverage of the interval with missing readings",
        "The same, by the number of readings given, out of six. With fewer readings the interval "
        "should become wider, but still be correct.",
    ),
    "missing-readings": (
        "Benefit of the photo with missing readings",
        "Error of the session means, over all choices of that many readings; lower is better. "
        "The kind of input chosen above does not change this chart.",
    ),
    "places": (
        "Results by place",
        "The results of a place with few sessions depend strongly on chance.",
    ),
    "backbones": (
        "Comparison of the three backbones",
        "The backbone is the part of the network that processes the photo. The results are for "
        "photo and readings, with every photo weighted equally.",
    ),
    "false-alarms": (
        "Photo screening: false alarms",
        "Suitable photos that photo screening warns about, although nothing is wrong with them.",
    ),
    "catches": (
        "Photo screening: detections",
        "Pictures that do not show a sky by day: how many of them photo screening detects, by "
        "source.",
    ),
    "heat-maps": (
        "Faithfulness of the saliency maps",
        "A good map marks what the predicted AQI is based on. **ROAD** tests this: the most "
        "marked pixels of a photo are painted over with their surroundings, then the least "
        "marked pixels instead. The score is half of the difference: how many more AQI points "
        "are lost without the most marked pixels. A **random map** marks pixels at random, "
        "equally coarsely; a method with a similar score explains little. An **untrained "
        "network** has learned nothing: a method whose maps are very similar to its maps (near "
        "1) shows what the photo looks like rather than what the model has learned.",
    ),
}


def in_line(title: str) -> str:
    """A title within a sentence.

    >>> in_line("Photo only")
    'photo only'
    """
    return title[:1].lower() + title[1:]


def source(data: Data) -> str:
    """A sentence on the source of all metrics."""
    return (
        f"Evaluated on {data.photos} photos of {data.sessions} sessions at {len(data.places)} "
        f"places: {data.source} ({data.licence})."
    )
