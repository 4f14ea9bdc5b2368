"""The haze branch's evidence by part of the frame; a saliency map shows the CNN's alone."""

import numpy as np
import torch

from aqfusion.images.photo import Photo
from aqfusion.model.haze_features import BAND_OF_STATISTIC, COARSE_BANDS
from aqfusion.model.image_features import extract_features
from aqfusion.model.pixels import stack
from aqfusion.model.predictor import Embedding, Predictor

HEIGHTS = ("top quarter", "upper middle", "lower middle", "bottom quarter")


def haze_evidence(predictor: Predictor, photo: Photo) -> tuple[float, ...]:
    """AQI points that the haze in each of `HEIGHTS` adds to what the photo itself suggests.

    Measured by putting the mean of the training photos in place of what this photo shows there;
    the CNN's part of the embedding stays.
    """
    images = stack([photo], predictor.checkpoint.config.image_size)
    encoder = predictor.checkpoint.network.image_encoder
    features, statistics = extract_features(encoder, images)
    with torch.no_grad():
        plain = [
            torch.where(BAND_OF_STATISTIC.eq(band), encoder.haze.mean, statistics)
            for band in range(COARSE_BANDS)
        ]
        embeddings = [encoder.combine_branches(features, row) for row in (statistics, *plain)]
    answers = [_photo_alone(predictor, Embedding(vector, None)) for vector in embeddings]
    return tuple(answers[0] - without for without in answers[1:])


def _photo_alone(predictor: Predictor, embedding: Embedding) -> float:
    """By the haze score, if there is one: what is common, or a site, has no part in it."""
    haze = predictor.haze(embedding)
    if haze is not None:
        return haze.suggested
    prediction_batch = predictor.ask(embedding, np.array([True]), np.full((1, 6), np.nan))
    return float(prediction_batch.aqi[0])
