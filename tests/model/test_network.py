"""The network: shapes, what missing means, what the gate weighs, and that it learns."""

from copy import deepcopy

import pytest
import torch

from aqfusion.model.architecture import (
    BACKBONES,
    EMBED_DIM,
    HAZE_STATISTICS,
    Architecture,
    WeightsError,
    backbone,
)
from aqfusion.network.aqfusion_net import AlignedGate, AQFusionNet, SensorEncoder
from aqfusion.network.haze_features import haze_features
from aqfusion.network.image_encoder import HazeEncoder
from aqfusion.network.torch_bins import smoothed_targets
from aqfusion.network.trunks import create_trunk, feature_count, load_pretrained, normalise
from aqfusion.training.calibration import CalibrationBatch, pooled
from aqfusion.training.holdout_predictions import MASKS, HoldoutPredictions
from aqfusion.training.losses import distribution_loss

NAN = float("nan")
MEANS = (4.0, 4.5, 3.0, 0.7, 2.0, 3.0)
READINGS = torch.tensor([[60.0, 100.0, 20.0, 1.0, 5.0, 30.0], [8.0, NAN, NAN, 0.0, NAN, 2.0]])


@pytest.fixture(scope="module")
def network() -> AQFusionNet:
    torch.manual_seed(0)
    network = AQFusionNet(Architecture("mobilenetv2_100", MEANS, (1.0,) * 6))
    torch.nn.init.normal_(network.gate.weight.weight, std=0.5)
    torch.nn.init.normal_(network.gate.sharpness.weight, std=0.1)
    return network.eval().requires_grad_(False)


def embeddings(count: int, seed: int = 3) -> torch.Tensor:
    return torch.randn(count, EMBED_DIM, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_gives_one_embedding_per_photo(name):
    architecture = Architecture(name, MEANS, (1.0,) * 6)
    network = AQFusionNet(architecture).eval()
    images = normalise(torch.zeros(2, 3, 64, 64, dtype=torch.uint8), name)
    with torch.no_grad():
        assert network.image_encoder.trunk(images).shape == (2, feature_count(create_trunk(name)))
        assert network.image_encoder(images).shape == (2, EMBED_DIM)
        assert network(images, READINGS).shape == (2, 50)


def test_unknown_backbone_is_refused_with_the_known_ones():
    with pytest.raises(WeightsError, match=r"one of mobilenetv2_100, .*, got 'vgg16'"):
        backbone("vgg16")


def test_pretrained_weights_that_are_absent_or_do_not_fit_are_refused_by_name(tmp_path):
    trunk = create_trunk("mobilenetv2_100")
    with pytest.raises(WeightsError, match=r"mobilenetv2_100\.safetensors does not exist"):
        load_pretrained(trunk, "mobilenetv2_100", tmp_path)
    (tmp_path / "mobilenetv2_100.safetensors").write_bytes(b"not weights")
    with pytest.raises(WeightsError, match=r"mobilenetv2_100\.safetensors does not fit"):
        load_pretrained(trunk, "mobilenetv2_100", tmp_path)


def test_normalise_brings_mean_pixels_to_zero():
    for name, chosen in BACKBONES.items():
        pixel = torch.tensor(chosen.mean)[None, :, None, None] * 255
        assert normalise(pixel, name).abs().max().item() == pytest.approx(0, abs=1e-5)


def test_a_missing_reading_is_neither_zero_nor_the_mean(network):
    encoder = network.sensor_encoder
    missing, zero, mean = READINGS[:1].repeat(3, 1)
    missing[0], zero[0], mean[0] = NAN, 0.0, torch.tensor(MEANS[0]).expm1()
    said = encoder(encoder.standardise(torch.stack([missing, zero, mean])))
    assert (said[0] - said[1]).abs().max() > 0.01
    assert (said[0] - said[2]).abs().max() > 0.01


def test_each_missing_reading_has_a_token_that_learns():
    encoder = SensorEncoder(Architecture("mobilenetv2_100", MEANS, (1.0,) * 6))
    encoder(encoder.standardise(READINGS[1:]))[0, 0].backward()
    learns = encoder.missing.grad.abs().sum(1) > 0
    assert torch.equal(learns, READINGS[1].isnan())
    assert torch.equal(encoder.offset.grad.abs().sum(1) > 0, ~READINGS[1].isnan())


def test_missing_readings_give_finite_embeddings_and_stay_nan_until_then(network):
    encoder = network.sensor_encoder
    nothing = torch.full((1, 6), NAN)
    standardised = encoder.standardise(torch.cat([READINGS, nothing]))
    assert torch.equal(standardised.isnan(), torch.cat([READINGS, nothing]).isnan())
    assert bool(encoder(standardised).isfinite().all())


def test_standardise_is_of_log1p(network):
    reading = torch.tensor([MEANS]).expm1()
    assert network.sensor_encoder.standardise(reading) == pytest.approx(torch.zeros(1, 6), abs=1e-5)


def test_photo_alone_weighs_one_and_readings_alone_weigh_nothing(network):
    has_image = torch.tensor([True, False, True])
    present = torch.tensor([[False] * 6, [True] * 6, [True] + [False] * 5])
    _, weight = network.fuse(embeddings(3), embeddings(3, 4), has_image, present)
    assert weight[:2].tolist() == [1.0, 0.0]
    assert 0 < weight[2] < 1


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_image_embedding_is_the_two_branches_by_the_haze_share(network, share):
    encoder = deepcopy(network.image_encoder)
    encoder.haze_share.fill_(share)
    images = torch.randint(256, (2, 3, 64, 64), generator=torch.Generator().manual_seed(0)).byte()
    cnn, haze = encoder.embed_cnn(images), encoder.haze(haze_features(images))
    assert encoder(images) == pytest.approx((1 - share) * cnn + share * haze, abs=1e-4)
    assert (cnn - haze).abs().max() > 0.1


def test_the_haze_share_and_the_statistics_of_training_are_kept_with_the_weights(network):
    names = {"haze_share", "haze.mean", "haze.std"}
    kept = network.state_dict()
    assert {f"image_encoder.{name}" for name in names} <= set(kept)


def test_a_picture_unlike_all_photos_flings_the_haze_embedding_nowhere():
    torch.manual_seed(0)
    encoder = HazeEncoder().eval()
    encoder.mean.fill_(0.5)
    encoder.std.fill_(0.1)
    far = torch.tensor([1e6, -1e6])[:, None].expand(2, HAZE_STATISTICS)
    edge = torch.tensor([1.0, 0.0])[:, None].expand(2, HAZE_STATISTICS)  # five deviations off
    with torch.no_grad():
        assert torch.equal(encoder(far), encoder(edge))
        assert not torch.equal(encoder(edge), encoder(edge * 0.9 + 0.05))


def gate_on(image: torch.Tensor, sensors: torch.Tensor, gate: AlignedGate):
    everything = torch.ones(len(image), 6, dtype=torch.bool)
    return gate(image, sensors, torch.ones(len(image), dtype=torch.bool), everything)


def test_a_fresh_gate_is_even_handed():
    image, sensors = torch.randn(2, 3, 50, generator=torch.Generator().manual_seed(0))
    logits, weight = gate_on(image, sensors, AlignedGate().requires_grad_(False))
    assert weight.tolist() == [0.5] * 3
    middle = ((image + sensors) / 2).softmax(1)
    assert logits.softmax(1) == pytest.approx(middle, abs=1e-6)


def test_what_an_absent_modality_holds_does_not_matter(network):
    nothing, everything = torch.zeros(1, 6, dtype=torch.bool), torch.ones(1, 6, dtype=torch.bool)
    photo, no_photo = torch.tensor([True]), torch.tensor([False])
    here = embeddings(1)
    for junk in (torch.zeros(1, EMBED_DIM), 100 * embeddings(1, 9)):
        alone, _ = network.fuse(here, junk, photo, nothing)
        assert torch.equal(alone, network.fuse(here, -junk + 1, photo, nothing)[0])
        alone, _ = network.fuse(junk, here, no_photo, everything)
        assert torch.equal(alone, network.fuse(-junk + 1, here, no_photo, everything)[0])


def test_mixing_logits_is_mixing_embeddings(network):
    """The head is linear: the photo's share of the logits is its share of the embedding."""
    has_image, present = torch.ones(4, dtype=torch.bool), torch.ones(4, 6, dtype=torch.bool)
    image, sensors = embeddings(4), embeddings(4, 8)
    plain = deepcopy(network)
    torch.nn.init.zeros_(plain.gate.sharpness.weight)
    logits, weight = plain.fuse(image, sensors, has_image, present)
    mixed = weight[:, None] * image + (1 - weight[:, None]) * sensors
    assert weight.std() > 1e-4
    assert (logits.softmax(1) - plain.head(mixed).softmax(1)).abs().max() < 1e-5


def test_calibration_sees_what_the_network_will_say(network):
    """`calibrate.pooled` over kept logits is `fuse` over embeddings."""
    encoder = network.sensor_encoder
    shown = READINGS[:, None].masked_fill(~MASKS, NAN)  # (2, 64, 6)
    sensors = encoder(encoder.standardise(shown.flatten(0, 1)))  # (128, E)
    images = embeddings(3)
    haze = embeddings(3, 5)
    held_out = HoldoutPredictions(
        cnn_logits=network.head(images),
        haze_logits=network.head(haze),
        session=torch.tensor([0, 0, 1]),
        sensor_logits=network.head(sensors).unflatten(0, (2, 64)),
        present=~READINGS.isnan(),
        aqi=torch.zeros(2),
        fold=torch.zeros(2, dtype=torch.long),
    )
    photo = torch.arange(3).repeat_interleave(64 * 2)  # every photo, mask and kind
    mask = torch.arange(64).repeat(6)
    has_image = torch.tensor([True, False]).repeat_interleave(64).repeat(3)
    from_logits, weight = pooled(
        network.gate, 0.3, held_out, CalibrationBatch(photo, mask, has_image)
    )
    session = held_out.session[photo]
    from_embeddings, same_weight = network.fuse(
        (0.7 * images + 0.3 * haze)[photo],
        sensors.unflatten(0, (2, 64))[session, mask],
        has_image,
        held_out.present[session] & MASKS[mask],
    )
    assert (from_logits - from_embeddings).abs().max() < 1e-5
    assert (weight - same_weight).abs().max() < 1e-5


def test_it_learns_a_batch_and_then_both_inputs_matter():
    """Two skies times two readings, four AQIs: neither input alone tells which."""
    torch.manual_seed(0)
    network = AQFusionNet(
        Architecture("mobilenetv2_100", MEANS, (1.0,) * 6)
    ).eval()  # batch norm at rest
    skies = 255 * torch.rand(2, 3, 64, 64)
    images = skies[[0, 0, 1, 1]]
    readings = torch.tensor([[10.0] * 6, [200.0] * 6]).repeat(2, 1)
    aqi = torch.tensor([40.0, 160.0, 280.0, 400.0])
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    for _ in range(30):
        loss = distribution_loss(network(images, readings), smoothed_targets(aqi, 15.0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        best = network(images, readings).argmax(1)
        other_sky = network(images.flip(0), readings).argmax(1)
        other_readings = network(images, readings.flip(0)).argmax(1)
    target = smoothed_targets(aqi, 15.0).argmax(1)
    assert (best - target).abs().max() <= 1
    assert (other_sky - best).abs().min() >= 3
    assert (other_readings - best).abs().min() >= 3
