"""A model with one sound built in as TorchScript, block by block, by the conventions of nn~.

nn~ (github.com/acids-ircam/nn_tilde) loads it in Max and Pure Data. It finds the method `forward`
and the attribute `strength` by `get_methods`, `get_attributes`, and the buffers `<name>_params`.

The networks look ahead, so a block waits for what comes after it: each time a block is full the
model hears the last seconds as a window, and what lies some way before its end is played.
"""

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from timbre.core.params import Audio
from timbre.export.baked import BakedModel, unit_samples

WINDOW_SECONDS, BLOCK_SECONDS, LOOK_AHEAD_SECONDS = 3.0, 0.5, 0.5  # rounded to what models take
FADE_FRAMES = 4  # of the mel, in which a window passes into the next
FLOAT_TYPE = 2  # nn~'s number of an attribute's type


class Window(nn.Module):
    """The part of a window that is played, and what the next one is faded into.

    Args:
        model: of whole sounds.
        begin: sample of the window where that part begins.
        count: its samples.
    """

    def __init__(self, model: BakedModel, begin: int, count: int) -> None:
        super().__init__()
        self.model, self.begin, self.count = model, begin, count

    def forward(self, heard: Tensor, strength: Tensor) -> Tensor:
        """Samples `(W,)` -> `(count,)`."""
        made: Tensor = self.model(heard[None, None], strength)
        return made[0, 0, self.begin : self.begin + self.count]


class Stream(nn.Module):
    """What nn~ runs: one channel in, one out, at the model's rate, in blocks of any length.

    Args:
        model: of whole sounds.
        audio: the mel's settings.
    """

    forward_params: Tensor
    strength_params: Tensor
    rising: Tensor
    heard: Tensor
    waiting: Tensor
    ready: Tensor
    tail: Tensor

    def __init__(self, model: BakedModel, audio: Audio) -> None:
        super().__init__()
        unit = unit_samples(audio)
        samples = [
            max(1, round(seconds * audio.sample_rate / unit)) * unit
            for seconds in (WINDOW_SECONDS, BLOCK_SECONDS, LOOK_AHEAD_SECONDS)
        ]
        self.window, self.block, self.look_ahead = samples
        fade = FADE_FRAMES * audio.hop_length
        assert fade <= self.look_ahead
        assert self.block + self.look_ahead <= self.window
        part = Window(model, self.window - self.look_ahead - self.block, self.block + fade)
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of what a trace fixes, as the window's length
            traced = torch.jit.trace(  # type: ignore[no-untyped-call]
                part.eval(), (torch.zeros(self.window), torch.ones(())), check_trace=False
            )
        self.part = traced
        self.sample_rate, self.fade = audio.sample_rate, fade
        self.methods, self.attributes = ["forward"], ["strength"]
        self.forward_input_labels = ["(signal) notes"]
        self.forward_output_labels = ["(signal) notes in the sound"]
        self.strength = (1.0,)
        # channels and samples a sample, of what comes in and goes out
        self.register_buffer("forward_params", torch.tensor([1, 1, 1, 1]))
        self.register_buffer("strength_params", torch.tensor([FLOAT_TYPE]))
        self.register_buffer("rising", torch.linspace(0, 1, fade + 2)[1:-1])
        self.register_buffer("heard", torch.zeros(self.window))
        self.register_buffer("waiting", torch.zeros(0))
        self.register_buffer("ready", torch.zeros(self.block))
        self.register_buffer("tail", torch.zeros(fade))

    @property
    def latency(self) -> int:
        """Samples by which what comes out lags behind."""
        return self.block + self.look_ahead

    def forward(self, x: Tensor) -> Tensor:
        """Samples `(B, 1, N)`, of which batches are mixed, -> `(B, 1, N)`, later by `latency`."""
        count = x.shape[2]
        self.waiting = torch.cat([self.waiting, x[:, 0].mean(dim=0)])
        while self.waiting.shape[0] >= self.block:
            self.heard = torch.cat([self.heard[self.block :], self.waiting[: self.block]])
            self.waiting = self.waiting[self.block :]
            made = self.part(self.heard, torch.tensor(self.strength[0]))
            joint = self.tail + self.rising * (made[: self.fade] - self.tail)
            self.ready = torch.cat([self.ready, joint, made[self.fade : self.block]])
            self.tail = made[self.block :]
        out = self.ready[:count]
        self.ready = self.ready[count:]
        return out[None, None].expand(x.shape[0], 1, count)

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Methods that nn~ may call."""
        return self.methods

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        """Attributes that nn~ may set."""
        return self.attributes

    @torch.jit.export
    def get_strength(self) -> float:
        """Strength, 0 to 1."""
        return self.strength[0]

    @torch.jit.export
    def set_strength(self, strength: float) -> int:
        """Set the strength; 0 says that it is done, -1 that it is out of range."""
        if strength < 0.0 or strength > 1.0:
            return -1
        self.strength = (strength,)
        return 0

    @torch.jit.export
    def get_sample_rate(self) -> int:
        """Sample rate in Hz that the model works at."""
        return self.sample_rate


def scripted(stream: Stream) -> Any:
    """The module as TorchScript."""
    with warnings.catch_warnings():
        # PyTorch would have other ways taken, but nn~ loads nothing else
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(stream.eval())
