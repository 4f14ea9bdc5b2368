"""The haze branch's evidence by part of the frame; a saliency map shows the CNN's alone."""

import numpy as np

from aqfusion.images.photo import Photo
from aqfusion.model.architecture import COARSE_HAZE_BANDS
from aqfusion.model.encoders import BAND_OF_STATISTIC
from aqfusion.model.predictor import Embedding, Predictor

HEIGHTS = ("top quarter", "upper middle", "lower middle", "bottom quarter")


def haze_evidence(predictor: Predictor, photo: Photo) -> tuple[float, ...]:
    """AQI points that the haze in each of `HEIGHTS` adds to what the photo itself suggests.

    Measured by putting the mean of the training photos in place of what this photo shows there;
    the CNN's part of the embedding stays.
    """
    model = predictor.checkpoint
    figures = model.session(predictor.pixels(photo)[None])
    statistics = figures.haze_statistics
    plain = [
        np.where(band == BAND_OF_STATISTIC, model.branches.mean, statistics)
        for band in range(COARSE_HAZE_BANDS)
    ]
    embeddings = [model.branches.embed(figures.features, row) for row in (statistics, *plain)]
    answers = [_photo_alone(predictor, Embedding(vector, None)) for vector in embeddings]
    return tuple(answers[0] - without for without in answers[1:])


def _photo_alone(predictor: Predictor, embedding: Embedding) -> float:
    """By the haze score, if there is one: what is common, or a site, has no part in it."""
    haze = predictor.haze(embedding)
    if haze is not None:
        return haze.suggested
    prediction_batch = predictor.ask(embedding, np.array([True]), np.full((1, 6), np.nan))
    return float(prediction_batch.aqi[0])
