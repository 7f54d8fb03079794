"""Parameters of networks and of their training; apart from them, so that reading is quick."""

from typing import Literal, Self

from pydantic import Field, model_validator

from audio.params import Section


class Autoencoder(Section):
    """Content encoder, style encoder and decoder: what `vqvae` and `glow` stand on."""

    channels: int = Field(ge=8, multiple_of=8)  # of content encoder and decoder
    content_dim: int = Field(ge=1)  # of the narrow code that the notes pass through
    pitch_front: bool  # show the content encoder peaks and harmonic combs beside the mel
    content_noise: float = Field(ge=0)  # added to the normalised code in training
    note_weight: float = Field(ge=0)  # of telling the notes from the code, where they are known
    loudness_weight: float = Field(ge=0)  # how much more a value 20 dB louder counts
    distance_weight: float = Field(ge=0)  # of the log-spectral distance
    power_weight: float = Field(ge=0)  # of each frame's power, which lifts the peaks
    peaks_db: float = Field(ge=0)  # below a frame's loudest bin: what is lifted; 0: nothing
    style_channels: int = Field(ge=1)
    style_dim: int = Field(ge=1)
    style_pooling: Literal["statistics", "gru"]
    style_heads: int = Field(ge=0)  # of attention to style frames; 0: the vector alone
    retrieval_heads: int = Field(ge=0)  # that fetch the style clip's own mel frames; 0: none
    fine_dilations: list[int]  # of the decoder's blocks at the mel's full frame rate
    fitting_steps: int = Field(ge=0)  # in which a style is fitted to its clip; 0: it is not
    fitting_rate: float = Field(gt=0)
    encoder_dilations: list[int]
    decoder_dilations: list[int]


class Quantizer(Section):
    """Grouped vector quantisation of the content code."""

    groups: int = Field(ge=1)  # the code is cut into this many parts, each with a codebook
    codes: int = Field(ge=2)  # entries of a codebook
    decay: float = Field(gt=0, lt=1)  # of the moving averages
    commitment: float = Field(ge=0)  # weight of the commitment loss
    restart_below: float = Field(ge=0)  # uses a step, averaged; less than that is a dead code


class Flow(Section):
    """The conditional Glow over the frozen autoencoder."""

    levels: int = Field(ge=1, le=3)  # squeeze, steps, split
    steps: int = Field(ge=1)  # of flow in a level
    hidden: int = Field(ge=1)  # channels inside a coupling
    kernel: int = Field(ge=1)  # of the Gated Tanh Unit, odd; 1 sees no time
    layers: int = Field(ge=1)  # Gated Tanh Units in a coupling
    condition: int = Field(ge=8, multiple_of=8)  # channels of the condition
    residual: bool  # model what the autoencoder's output lacks, not the whole mel
    dither: float = Field(gt=0)  # standard deviation of noise on the quantised mel, normalised
    max_log_scale: float = Field(gt=0)  # bound of a coupling's log scale
    temperature: float = Field(ge=0)  # of the base density when transferring

    @model_validator(mode="after")
    def _odd(self) -> Self:
        if self.kernel % 2 == 0:
            raise ValueError(f"an odd kernel expected, got kernel: {self.kernel}")
        return self


class TimbreNet(Section):
    """The metric's net."""

    channels: int = Field(ge=1)  # of each block, and of the embedding
    floor_db: float = Field(gt=0)  # what is so far below a clip's loudest value is not looked at
    margin: float = Field(gt=0)  # of the triplet hinge, in cosine similarity
    family_weight: float = Field(ge=0)  # of telling the instrument's family
    equalizer_db: float = Field(ge=0)  # deviation of gains drawn in training, to make timbres
    roughness_db: float = Field(ge=0)  # noise put on mels in training, as a vocoder's, at most


class Augmentation(Section):
    """What happens to the mels of a batch in training, by chance; 0 is nothing."""

    equalizer_db: float = Field(ge=0)  # deviation of the gains over frequency, at most
    level_db: float = Field(ge=0)  # louder or softer by this, at most
    noise: float = Field(ge=0, le=1)  # share of the clips that get noise
    noise_db: float = Field(ge=-120, le=0)  # level of the noise in a band, at most


class Optimization(Section):
    """How weights are found; everything is a function of the seed and the step."""

    steps: int = Field(ge=1)
    batch_size: int = Field(ge=2)  # over all devices
    crop_frames: int = Field(ge=8, multiple_of=8)  # of content and target
    optimizer: Literal["adamw", "muon"]  # muon: of the matrices, and adamw of all else
    learning_rate: float = Field(gt=0)  # peak, of adamw
    muon_rate: float = Field(gt=0)  # peak, of the matrices; unused by adamw
    warmup_steps: int = Field(ge=0)
    weight_decay: float = Field(ge=0)
    max_grad_norm: float = Field(gt=0)
    ema: float = Field(ge=0, lt=1)  # decay of the averaged weights, which are kept; 0: the last
    valid_every: int = Field(ge=1)  # steps; also how often progress is saved
    patience: int = Field(ge=0)  # validations without a lower loss that end it early; 0: never

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.steps % self.valid_every:
            raise ValueError(
                "steps that is a multiple of valid_every expected, "
                f"got steps: {self.steps}, valid_every: {self.valid_every}"
            )
        return self


class Training(Optimization):
    """How a model of content, style and target is trained."""

    style_frames: int = Field(ge=8, multiple_of=4)  # of the longest style clip
    style_frames_min: int = Field(ge=8, multiple_of=4)  # of the shortest
    style_pieces: int = Field(ge=1)  # a style clip is cut into, at most, and shuffled; 1: none
    style_view: Literal["style", "target"]  # where style is heard: other music, or the target's
    content_view: Literal["cross", "self"]  # the content's timbre: another one, or the target's
    augmentation: Augmentation

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.style_frames_min > self.style_frames:
            raise ValueError(
                "style_frames_min of at most style_frames expected, "
                f"got style_frames_min: {self.style_frames_min}, style_frames: {self.style_frames}"
            )
        return self


class TrainAutoencoder(Training):
    """Section `train.autoencoder`."""

    network: Autoencoder


class TrainVQVAE(Training):
    """Section `train.vqvae`: a quantiser is put into the trained autoencoder."""

    network: Quantizer


class SelfSupervised(Section):
    """The network of `vqvae_self`: all of a VQ-VAE at once."""

    autoencoder: Autoencoder
    quantizer: Quantizer


class TrainVQVAESelf(Training):
    """Section `train.vqvae_self`: the paper's own training, from nothing."""

    network: SelfSupervised


class TrainGlow(Training):
    """Section `train.glow`: a flow over the trained, frozen autoencoder."""

    network: Flow


class TrainTimbre(Training):
    """Section `train.timbre`: the net that measures timbre, apart from all that it judges."""

    network: TimbreNet

    @model_validator(mode="after")
    def _alike(self) -> Self:
        if not self.crop_frames == self.style_frames == self.style_frames_min:
            raise ValueError(
                "style_frames and style_frames_min that equal crop_frames expected, "
                f"got style_frames: {self.style_frames}, style_frames_min: {self.style_frames_min}"
            )
        return self


class Train(Section):
    """Section `train`: one for each model, by its name."""

    autoencoder: TrainAutoencoder
    vqvae_self: TrainVQVAESelf
    vqvae: TrainVQVAE
    glow: TrainGlow
    timbre: TrainTimbre


class Frames(Section):
    """How a short-time spectrum is taken."""

    n_fft: int = Field(ge=64, multiple_of=2)  # samples, also the length of the Hann window
    hop_length: int = Field(ge=16)  # samples

    @model_validator(mode="after")
    def _overlapping(self) -> Self:
        if self.n_fft < 2 * self.hop_length:
            raise ValueError(f"n_fft of at least 2 hops expected, got n_fft: {self.n_fft}")
        return self


class EqMatch(Frames):
    """Section `systems.eq_match`."""


class Ulyanov(Frames):
    """Section `systems.ulyanov`."""

    filters: int = Field(ge=1)  # twice as many as bins at least, else bins are left to chance
    kernel: int = Field(ge=1)  # frames
    style_weight: float = Field(gt=0)  # the content's weight is 1
    iterations: int = Field(ge=1)  # of L-BFGS
    griffin_lim_iterations: int = Field(ge=1)


class Musaicing(Frames):
    """Section `systems.musaicing`; in brackets the paper's letters."""

    iterations: int = Field(ge=1)  # L
    repetition: int = Field(ge=0)  # r, frames to each side in which a template comes once
    polyphony: int = Field(ge=1)  # p, templates that sound at once
    continuity: int = Field(ge=0)  # c, frames to each side in which a template's neighbours follow


class Systems(Section):
    """Section `systems`: those with settings of their own that learn nothing, by their names."""

    eq_match: EqMatch
    ulyanov: Ulyanov
    musaicing: Musaicing


class GriffinLim(Section):
    """Section `vocoder.griffin_lim`, which needs no training."""

    iterations: int = Field(ge=1)
    momentum: float = Field(ge=0, lt=1)
    mel_iterations: int = Field(ge=1)  # of the inversion of the mel filters


class Vocos(Section):
    """The network that makes a short-time spectrum of a mel, and what it is held to."""

    n_fft: int = Field(ge=64, multiple_of=2)  # samples, of the spectrum it makes
    channels: int = Field(ge=1)
    hidden: int = Field(ge=1)  # channels inside a block
    layers: int = Field(ge=1)  # blocks
    noise_db: float = Field(ge=0)  # deviation of the noise put on mels in training, at most
    smear: int = Field(ge=0)  # frames and bands to each side that mels are blurred over in training
    resolutions: list[float] = Field(min_length=1)  # ms, windows of the spectra that are compared
    mel_weight: float = Field(ge=0)  # of the mels that are compared


class TrainVocos(Optimization):
    """Section `vocoder.vocos`: how the network is trained."""

    model_mels: float = Field(ge=0, le=1)  # share of the mels that a transfer model made

    network: Vocos


class Refinement(Section):
    """What is done to the audio of any vocoder."""

    iterations: int = Field(ge=0)  # of the correction by its mel


class Vocoder(Section):
    """Section `vocoder`: what makes audio of mels."""

    kind: Literal["griffin_lim", "vocos"]
    refinements: int = Field(ge=0)  # corrections of the audio by its mel
    griffin_lim: GriffinLim
    vocos: TrainVocos
