"""Batches with audio: pure functions of seed and step, whose mels are of their sounds."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests import sounding, tiny
from timbre.audio.mel import dequantize, mel_spectrogram
from timbre.core.errors import InputError
from timbre.store.audio_batches import AudioBatch, AudioDataset, ModelMels
from timbre.store.store import INT16, Split

CROP, COUNT, HEARD = 16, 11, 9  # the last shard keeps one, and there are examples that keep none


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    path = tmp_path_factory.mktemp("data") / "store"
    return Split(sounding.write_store(path, keep_audio=HEARD, train=COUNT), "train")


def equal(one: AudioBatch, other: AudioBatch) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_memory_and_disk_give_equal_batches(split: Split) -> None:
    memory, disk = (AudioDataset(split, CROP, in_memory=held) for held in (True, False))
    assert len(memory) == len(disk) == HEARD
    for step in (3, 0, 1, 2):  # in whatever order
        assert equal(memory.batch(1, step, 5), disk.batch(1, step, 5))
    assert equal(memory.in_order(6, 5), disk.in_order(6, 5))
    assert len(memory.in_order(6, 5).mel) == 3


def test_other_seeds_and_steps_give_other_batches(split: Split) -> None:
    batches = AudioDataset(split, CROP)
    first = batches.batch(0, 1, 4)
    assert equal(AudioDataset(split, CROP).batch(0, 1, 4), first)
    assert not equal(batches.batch(1, 0, 4), first)
    assert not equal(batches.batch(0, 2, 4), first)


def test_a_crop_is_a_place_in_a_view_that_is_heard(split: Split) -> None:
    hop, stored = tiny.AUDIO.hop_length, split.samples(0, HEARD)
    mels, places = split.mel(0, HEARD), set()
    for step in range(12):
        for mel, sound in zip(*AudioDataset(split, CROP).batch(0, step, 4), strict=True):
            assert mel.shape == (tiny.AUDIO.n_mels, CROP)
            assert sound.shape == (CROP * hop,)
            (place,) = [
                (number, view, first)
                for number in range(HEARD)
                for view in range(3)
                for first in range(tiny.FRAMES - CROP + 1)
                if np.array_equal(stored[number, view, first * hop :][: CROP * hop], sound)
            ]
            number, view, first = place
            assert np.array_equal(mels[number, view, :, first : first + CROP], mel)
            places.add(place)
    drawn = [{place[axis] for place in places} for axis in range(3)]
    assert (len(drawn[0]), len(drawn[1])) == (HEARD, 3)
    assert {0, tiny.FRAMES - CROP} <= drawn[2]


def test_the_mel_is_that_of_the_sound_away_from_the_ends(split: Split) -> None:
    batch = AudioDataset(split, CROP).in_order(0, 4)
    mel = mel_spectrogram(batch.target / INT16, tiny.AUDIO)
    edge = tiny.AUDIO.n_fft // 2 // tiny.AUDIO.hop_length
    inner = slice(edge, CROP - edge)
    error = np.abs(mel - dequantize(batch.mel, tiny.AUDIO))[..., inner]
    # as the audio is rounded too, what is very soft differs more
    assert np.median(error) <= tiny.AUDIO.db_step / 2
    assert len(AudioDataset(split, tiny.FRAMES).in_order(0, 1).mel[0, 0]) == tiny.FRAMES


def test_a_share_is_put_on_the_device_as_levels_and_audio(split: Split) -> None:
    batch, cpu = AudioDataset(split, CROP).batch(0, 0, 4), torch.device("cpu")
    (mel, target), known = batch.tensors(slice(1, None, 2), ("notes",), tiny.AUDIO, cpu)
    assert known == {}
    assert np.allclose(mel, dequantize(batch.mel[1::2], tiny.AUDIO))
    assert np.allclose(target * INT16, batch.target[1::2])


def test_a_split_without_audio_is_refused(tmp_path: Path) -> None:
    store = sounding.write_store(tmp_path / "store", keep_audio=0, train=3)
    with pytest.raises(InputError, match=r"found none; please set spectrograms\.keep_audio\.train"):
        AudioDataset(Split(store, "train"), CROP)


def test_a_crop_longer_than_a_segment_is_refused(split: Split) -> None:
    with pytest.raises(InputError, match=r"at most the 32 frames of a segment, got 40"):
        AudioDataset(split, 40)


def test_model_mels_come_with_the_sound_of_the_target(split: Split) -> None:
    made = split.mel(0, HEARD)[:, 2] ^ 1  # told from true ones by their last bit
    hop, stored = tiny.AUDIO.hop_length, split.samples(0, HEARD)
    counts = {True: 0, False: 0}
    batches = AudioDataset(split, CROP, model_mels=ModelMels(made, 0.5))
    for step in range(20):
        for mel, sound in zip(*batches.batch(0, step, 8), strict=True):
            (number, view, first), *_ = [
                (number, view, first)
                for number in range(HEARD)
                for view in range(3)
                for first in range(tiny.FRAMES - CROP + 1)
                if np.array_equal(stored[number, view, first * hop :][: CROP * hop], sound)
            ]
            is_made = np.array_equal(made[number, :, first : first + CROP], mel)
            true = split.mel(number, number + 1)[0, view, :, first : first + CROP]
            assert (view == 2) if is_made else np.array_equal(true, mel)
            counts[is_made] += 1
    assert 50 < counts[True] < 110


def test_with_model_mels_alone_validation_is_of_them(split: Split) -> None:
    made = split.mel(0, HEARD)[:, 2] ^ 1
    batch = AudioDataset(split, CROP, model_mels=ModelMels(made, 1.0)).in_order(0, HEARD)
    middle = (tiny.FRAMES - CROP) // 2
    assert np.array_equal(batch.mel, made[..., middle : middle + CROP])
    hop = tiny.AUDIO.hop_length
    wanted = split.samples(0, HEARD)[:, 2, middle * hop : (middle + CROP) * hop]
    assert np.array_equal(batch.target, wanted)
