"""Losses of the autoencoder: each term counts by its weight, and power is told apart."""

import numpy as np
import pytest
import torch

from tests import tiny
from timbre.evaluation.metrics import distances as metrics
from timbre.models.autoencoder import model as autoencoder
from timbre.models.autoencoder.power import frame_power


def build(**network: object) -> autoencoder.Model:
    model = tiny.build("autoencoder", **network)
    assert isinstance(model, autoencoder.Model)
    return model


def test_without_weights_the_total_is_the_error() -> None:
    losses = build(loudness_weight=0.0, note_weight=0.0, power_weight=0.0)(*tiny.mels(2))
    assert losses["total"].shape == ()
    torch.testing.assert_close(losses["total"], losses["reconstruction"])


def test_the_notes_add_to_the_total_by_their_weight() -> None:
    notes = torch.zeros(2, 128, tiny.FRAMES)
    torch.manual_seed(0)
    model = build(note_weight=3.0).eval()
    known, unknown = model(*tiny.mels(2), notes), model(*tiny.mels(2))
    torch.testing.assert_close(known["total"], unknown["total"] + 3 * known["notes"])


def test_an_error_where_the_target_is_loud_counts_more() -> None:
    model, (content, style, target) = build(loudness_weight=1.0).eval(), tiny.mels(1)
    target = torch.full_like(target, -60.0)
    loud = target.clone()
    loud[:, 0] = -20.0  # one loud band, in which the output is far off
    losses = model(content, style, loud)
    assert losses["total"] > losses["reconstruction"]


def test_the_distance_is_the_one_that_is_measured() -> None:
    model = build(distance_weight=2.0, note_weight=0.0).eval()
    content, style, target = tiny.mels(2)
    losses = model(content, style, target)
    code = model.encode(model.normalize(content))
    made = model.denormalize(model.decoder(code, model.style_encoder(model.normalize(style))))
    measured = [
        metrics.lsd(output.numpy(), wanted.numpy())
        for output, wanted in zip(made.detach(), target, strict=True)
    ]
    decibels = losses["distance"].item() * tiny.AUDIO.db_std
    assert decibels == pytest.approx(np.mean(measured), rel=0.01)
    torch.testing.assert_close(losses["total"], losses["reconstruction"] + 2 * losses["distance"])


def test_power_adds_to_the_total_by_its_weight() -> None:
    model = build(power_weight=2.0, note_weight=0.0, peaks_db=10.0).eval()
    losses = model(*tiny.mels(2))
    assert losses["power"] > 0
    torch.testing.assert_close(losses["total"], losses["reconstruction"] + 2 * losses["power"])


def test_telling_the_power_changes_nothing_but_what_tells_it() -> None:
    gradients = []
    for weight in (0.0, 5.0):
        model = build(power_weight=weight, peaks_db=10.0).eval()
        model(*tiny.mels(2))["total"].backward()
        gradients.append(
            {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
        )
    alone, beside = gradients
    for name, gradient in alone.items():
        same = torch.equal(gradient, beside[name])
        assert same != name.startswith("power_head")


@torch.no_grad()
def test_before_any_training_the_power_told_is_that_of_the_output() -> None:
    model, (content, style, _) = build(peaks_db=10.0).eval(), tiny.mels(2)
    plain = build(peaks_db=0.0).eval()
    plain.load_state_dict(model.state_dict(), strict=False)
    made, other = (each.transfer(content, style) for each in (model, plain))
    torch.testing.assert_close(made, other, atol=0.01, rtol=0)


@torch.no_grad()
def test_an_output_has_the_power_that_is_told() -> None:
    model, (content, style, _) = build(peaks_db=10.0).eval(), tiny.mels(2)
    assert model.power_head is not None
    assert model.power_head.bias is not None
    model.power_head.bias.fill_(3 / tiny.AUDIO.db_std)
    louder = frame_power(model.transfer(content, style))
    model.power_head.bias.zero_()
    asis = frame_power(model.transfer(content, style))
    torch.testing.assert_close(louder, asis + 3, atol=0.02, rtol=0)
