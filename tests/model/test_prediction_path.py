"""Served, measured and retrained predictions are one: the same inputs give the same numbers."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from aqfusion.evaluation.calibrated_predictions import JudgedPhotos, calibrated_predictions
from aqfusion.model.predictor import Embedding, Predictor
from aqfusion.network.checkpoint import Checkpoint, checkpoint_of, load_checkpoint, served
from aqfusion.retraining.batch_prediction import predict_from_features
from aqfusion.training.calibration import Calibration
from aqfusion.training.holdout_predictions import MASKS, HoldoutPredictions

TEMPERATURE = {"fused": 0.7, "image_only": 1.3, "sensors_only": 1.9, "nothing": 2.6}
REACH = {"fused": 0.41, "image_only": 0.33, "sensors_only": 0.45, "nothing": 0.2}
SHOWN = {"fused": (0b101, True), "image_only": (0, True), "sensors_only": (0b111111, False)}


@pytest.fixture(scope="module")
def checkpoint(checkpoint_folder) -> Checkpoint:
    """Every kind of input has a temperature and a reach of its own, and the gate an opinion.

    The photo's embedding is the CNN's alone: a mix of embeddings and one of logits are equal, but
    for the last bits.
    """
    planted = load_checkpoint(checkpoint_folder)
    network, generator = planted.network, torch.Generator().manual_seed(0)
    for part in (network.gate.weight.weight, network.gate.sharpness.weight):
        part.data.normal_(0, 0.5, generator=generator)
    network.head.weight.data.normal_(0, 0.5, generator=generator)
    network.image_encoder.haze_share.fill_(0.0)
    config = replace(planted.config, temperature=TEMPERATURE, reach=REACH, sites=None)
    return checkpoint_of(
        served(replace(planted, config=config)).files
    )  # weights as a file has them


@pytest.mark.parametrize("kind", SHOWN)
@pytest.mark.parametrize("seed", range(5))
def test_measured_and_retrained_agree_to_the_last_bit_and_served_to_a_thousandth(
    checkpoint, kind, seed
):
    network, (mask, has_image) = checkpoint.network, SHOWN[kind]
    generator = torch.Generator().manual_seed(seed)
    encoder = network.image_encoder
    features = torch.rand(1, encoder.project.in_features, generator=generator)
    statistics = torch.rand(1, 108, generator=generator)
    readings = 100 * torch.rand(1, 6, generator=generator)
    shown = readings.masked_fill(~MASKS[mask], torch.nan)
    with torch.no_grad():
        embedding = Embedding(encoder.combine_branches(features, statistics).numpy(), None)
        sensors = [
            network.head(
                network.sensor_encoder(
                    network.sensor_encoder.standardise(readings.masked_fill(~row, torch.nan))
                )
            )
            for row in MASKS
        ]
        held_out = HoldoutPredictions(
            cnn_logits=network.head(encoder.norm(encoder.project(features))),
            haze_logits=network.head(encoder.haze(statistics)),
            session=torch.tensor([0]),
            sensor_logits=torch.stack(sensors, 1),
            present=torch.ones(1, 6, dtype=torch.bool),
            aqi=torch.tensor([100.0]),
            fold=torch.tensor([0]),
        )

    answer = Predictor("planted", served(checkpoint)).ask(
        embedding if has_image else None, np.array([has_image]), shown.double().numpy()
    )
    part = JudgedPhotos(held_out, Calibration(0.0, network.gate, TEMPERATURE, REACH))
    measured = calibrated_predictions([part], mask, has_image)
    with_readings = readings if kind == "image_only" else shown
    retrained = predict_from_features(network, TEMPERATURE, (features, statistics), with_readings)

    assert measured.aqi == retrained[kind]
    assert answer.aqi == pytest.approx(measured.aqi, abs=1e-3)  # by numpy, where torch trained
    assert (np.floor(answer.low), np.ceil(answer.high)) == (measured.low, measured.high)
    assert answer.categories == pytest.approx(measured.categories, abs=1e-5)
