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
    "constant": ("Always the same answer", "nothing"),
}

# Simpler methods trained on the same days; "with place" they know which are the site's own.
HISTORY_BASELINES = {
    "constant": "Always the same answer",
    "place_mean": "Mean of the place's days",
    "ridge": "Ridge regression",
    "ridge_place": "Ridge regression with place",
    "extra_trees": "Extra trees",
    "extra_trees_place": "Extra trees with place",
    "gaussian_process": "Gaussian process",
}
# Without the place's days, these days alone, with them.
KNOWN_PLACE_BASELINES = {
    "Always the same answer": ("constant", None, None),
    "Mean of the place's days": (None, "place_mean", None),
    "Ridge regression": ("ridge", None, "ridge_place"),
    "Extra trees": ("extra_trees", None, "extra_trees_place"),
    "Gaussian process": ("gaussian_process", None, None),
}
WITH_HISTORY = ("leak-safe", "place")  # protocols that measure the gain by a site's days

LEAKAGE = (
    "**What leakage is:** a random split puts frames of the same video, with the same readings and "
    "the same AQI, on both sides, so that a mere look-up table of the readings reaches RMSE 0. "
    "A leak-safe split keeps a place's whole day on one side and asks what a new day will ask."
)
FIGURES = (
    "**Accuracy**: share that gets the right one of six categories. **Macro F1**: the same, every "
    "category counting alike. **Kappa**: agreement beyond chance, far misses counting more; 1 is "
    "perfect, 0 is chance. **RMSE**, **MAE**: typical error in AQI points; in RMSE big misses "
    "weigh more. **R²**: share of the ups and downs explained; below 0 is worse than always saying "
    "the mean. **Session RMSE**: of each session's mean prediction. Small print: 95 % intervals, "
    "by drawing whole place-days again."
)

# Title and explanation, by the noun that names an exhibit's widgets and files.
EXHIBITS = {
    "scores": (
        "Against simpler methods",
        "A model is only worth its trouble if it beats what is simpler. All are judged alike.",
    ),
    "history": (
        "What a place's own days are worth",
        "The error at a place that was left out of the training, once some of its days are known; "
        "lower is better. Thin lines and small print are 95 % intervals over places: with so few "
        "places they are wide. Ridge, trees and process go by the readings; with place, they are "
        "told which days are its own.",
    ),
    "history-steps": (
        "How sure it is with few days",
        "With fewer known days the 90 % interval should grow wider, not wrong. The days are drawn "
        "several times; each row is a mean over all draws.",
    ),
    "known-places": (
        "What the history of a known place is worth",
        "Session RMSE with and without what the place's other days were like; lower is better. "
        "RMSE, accuracy and interval are of the answer that knows them.",
    ),
    "sessions": (
        "Predicted against measured",
        "Each mark is a session: the photos of one place and hour. On the dashed line the two "
        "agree; in a strong square the category is right. Lines are 90 % intervals.",
    ),
    "confusion": (
        "Which category is taken for which",
        "Of the photos measured in a row's category: how many percent, and how many, were "
        "predicted in each column's. A perfect model fills the diagonal only.",
    ),
    "reliability": (
        "Does it know what it knows?",
        "When the model says 70 %, is it right in 70 of 100 cases? Then its marks lie on the "
        "dashed line; below it the model is too sure. Larger marks hold more photos.",
    ),
    "coverage-by-place": (
        "Does the interval hold, place by place?",
        "The 90 % interval should hold the measured AQI in nine cases out of ten: the dashed line. "
        "In the green band, 87 to 93 %, it is on target.",
    ),
    "coverage-by-readings": (
        "Does the interval hold as readings go missing?",
        "The same, by how many of the six readings are shown. With fewer readings the interval "
        "should grow wider, not wrong.",
    ),
    "missing-readings": (
        "What the photo is worth as readings go missing",
        "Error of the sessions' means, over all choices of that many readings; lower is better. "
        "The kind of input chosen above makes no difference here.",
    ),
    "places": (
        "Place by place",
        "A place with few sessions has figures of chance: read them with care.",
    ),
    "backbones": (
        "The three backbones",
        "The backbone is the part that looks at the photo. Figures are for photo and readings, "
        "every photo counting alike.",
    ),
    "false-alarms": (
        "The guard: false alarms",
        "Fit photos that the guard warns of, though nothing is wrong with them.",
    ),
    "catches": (
        "The guard: catches",
        "Pictures that show no sky by day: how many the guard notices, by where they come from.",
    ),
    "heat-maps": (
        "Can the heat maps be trusted?",
        "A good map marks what the AQI rests on. **ROAD** puts that to the test: the most marked "
        "pixels of a photo are painted over with what surrounds them, then the least marked ones "
        "instead, and the score is half of how many more AQI points are lost with the marked. "
        "A **random map** marks by lot, as coarsely; a method that scores like it says little. "
        "An **untrained network** has learned nothing: a method whose maps are much like its "
        "maps, near 1, shows what the photo looks like rather than what the model knows.",
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
        f"Judged on {data.photos} photos of {data.sessions} sessions at {len(data.places)} places: "
        f"{data.source} ({data.licence})."
    )
