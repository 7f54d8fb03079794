"""Near-duplicates: pieces that are the same music, whatever their files make of it.

What is compared is what each pitched track plays, as a sequence of pitch classes in the order of
its notes. That does not change with the tempo, with transposition by octaves, with programs,
velocities and names, nor with the order of the tracks.
"""

import hashlib

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from timbre.core.notes import Track, content_key

SHINGLE_NOTES = 12  # notes in a row
MIN_NOTES = 64  # notes, and different shingles: below it chance would find likenesses
HASH_COUNT, BAND_HASHES = 64, 2  # of a signature, and of a band of it
ALIKE_SHARE = 0.5  # share of equal hashes from which two pieces are near duplicates

Signature = NDArray[np.uint64]


def music_key(tracks: list[Track]) -> str:
    """Fingerprint of the music: equal for files that differ only in what the module leaves out.

    In a piece of fewer than `MIN_NOTES` notes, times and octaves count as well.
    """
    lines = _lines(tracks)
    if sum(map(len, lines)) < MIN_NOTES:
        return content_key(tracks)
    digest = hashlib.sha256()
    for line in sorted(line.tobytes() for line in lines):
        digest.update(len(line).to_bytes(8, "little") + line)
    return digest.hexdigest()[:32]


def signature(tracks: list[Track]) -> Signature:
    """MinHash of a piece's shingles: two pieces agree in about the share of shingles they share.

    One permutation, cut into bins (Li, Owen and Zhang, "One Permutation Hashing", NIPS 2012); an
    empty bin takes the next one's value (Shrivastava and Li, "Densifying One Permutation Hashing
    via Rotation", ICML 2014).

    Returns:
        `(HASH_COUNT,)`; of length 0 if the piece has fewer than `MIN_NOTES` shingles.
    """
    hashes = [_shingles(line) for line in _lines(tracks) if len(line) >= SHINGLE_NOTES]
    shingles = np.unique(np.concatenate(hashes)) if hashes else np.empty(0, np.uint64)
    if len(shingles) < MIN_NOTES:
        return np.empty(0, np.uint64)
    # the highest bits number the bins, so that the sorted hashes lie bin by bin, the least first
    bins = shingles >> np.uint64(64 - HASH_COUNT.bit_length() + 1)
    full, first = np.unique(bins, return_index=True)
    nearest = np.searchsorted(full, np.arange(HASH_COUNT, dtype=np.uint64)) % len(full)
    densified: Signature = shingles[first][nearest]
    return densified


def clusters(signatures: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Number the clusters of near duplicates: pieces that a chain of likeness connects.

    Candidates agree in all hashes of a band (locality-sensitive hashing: Leskovec, Rajaraman and
    Ullman, "Mining of Massive Datasets", chapter 3), and then in `ALIKE_SHARE` of all.

    Args:
        signatures: `(N, HASH_COUNT)`.

    Returns:
        `(N,)`: equal numbers for pieces of one cluster.
    """
    count = len(signatures)
    pairs = []
    for start in range(0, HASH_COUNT, BAND_HASHES):
        # sorted by some more hashes than the band's, the most alike become neighbours
        keys = np.take(signatures, range(start, start + 4 * BAND_HASHES), axis=1, mode="wrap")
        order = np.lexsort(keys.T[::-1])
        band = keys[order, :BAND_HASHES]
        equal = (band[1:] == band[:-1]).all(axis=1)
        pairs.append(np.stack([order[:-1][equal], order[1:][equal]]))
    left, right = np.concatenate(pairs, axis=1)
    alike = (signatures[left] == signatures[right]).mean(axis=1) >= ALIKE_SHARE
    links = scipy.sparse.coo_array(
        (np.ones(alike.sum(), bool), (left[alike], right[alike])), shape=(count, count)
    )
    labels: NDArray[np.int32] = connected_components(links, directed=False)[1]
    return labels


def _lines(tracks: list[Track]) -> list[NDArray[np.uint8]]:
    """The pitch classes of each pitched track, in the order of its notes."""
    return [track.notes["pitch"] % 12 for track in tracks if not track.is_drum]


def _shingles(line: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """A well mixed number for each run of `SHINGLE_NOTES` pitch classes."""
    packed = np.zeros(len(line) - SHINGLE_NOTES + 1, np.uint64)
    for shift in range(SHINGLE_NOTES):
        packed = packed * np.uint64(12) + line[shift : shift + len(packed)]
    # the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), a bijection
    packed = (packed ^ (packed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    packed = (packed ^ (packed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return packed ^ (packed >> np.uint64(31))
