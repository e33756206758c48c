"""Ways to make a picture easier for software that reads print: dark on white, one polarity, larger, cut in rows.

Every way maps luminance (0 to 255, height by width, uint8) to luminance. What stands in polarity bands, half of each
letter dark and half light, is met by the ways that follow edges or local contrast rather than gray values.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

cv2.setNumThreads(1)

Way = Callable[[np.ndarray], np.ndarray]
MARGIN = 6


def gray(picture: np.ndarray) -> np.ndarray:
    """Stretched to full contrast, and turned so that most of it is light."""
    low, high = np.percentile(picture, (1, 99))
    stretched = np.clip((picture.astype(np.float32) - low) * 255 / max(high - low, 8), 0, 255).astype(np.uint8)
    return 255 - stretched if np.median(stretched) < 128 else stretched


def inverted(picture: np.ndarray) -> np.ndarray:
    """Turned so that most of it is dark."""
    return 255 - gray(picture)


def otsu(picture: np.ndarray) -> np.ndarray:
    """Two tones, parted by Otsu's threshold."""
    return cv2.threshold(gray(picture), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]


def lightest(picture: np.ndarray) -> np.ndarray:
    """Two tones, the lightest against all others."""
    return _above(picture, 0.75)


def darkest(picture: np.ndarray) -> np.ndarray:
    """Two tones, the darkest against all others."""
    return _above(picture, 0.25)


def middle_tone(picture: np.ndarray) -> np.ndarray:
    """Two tones, those in the middle against the light and the dark ones, specks taken out."""
    smooth = gray(cv2.medianBlur(picture, 3)).astype(np.float32)
    return np.where(np.abs(smooth - 128) < 48, 0, 255).astype(np.uint8)


def three_grounds(picture: np.ndarray) -> np.ndarray:
    """Light, middle and dark ground told apart by what fills the neighbourhood; what has another tone is ink."""
    smooth = gray(cv2.medianBlur(picture, 3)).astype(np.float32)
    tones = np.digitize(smooth, (64, 192)).astype(np.uint8) * 100
    around = np.stack([cv2.blur((tones == tone).astype(np.float32), (25, 25)) for tone in (0, 100, 200)])
    ground = around.argmax(0).astype(np.uint8) * 100
    return np.where(tones == ground, 255, 0).astype(np.uint8)


def median(picture: np.ndarray) -> np.ndarray:
    """Specks taken out, then two tones."""
    return otsu(cv2.medianBlur(picture, 3))


def closing(picture: np.ndarray) -> np.ndarray:
    """Blurred until hollow letters fill, then two tones."""
    return otsu(cv2.GaussianBlur(picture, (0, 0), 1.2))


def adaptive(picture: np.ndarray) -> np.ndarray:
    """Darker or lighter than the neighbourhood's mean."""
    smooth = cv2.GaussianBlur(gray(picture), (0, 0), 0.7)
    return cv2.adaptiveThreshold(smooth, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 25, 6)


def flattened(picture: np.ndarray) -> np.ndarray:
    """Brought to the same mean and contrast everywhere, which takes shades out of the ground, then two tones."""
    smooth = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.7)
    mean = cv2.GaussianBlur(smooth, (0, 0), 20)
    contrast = np.sqrt(cv2.GaussianBlur((smooth - mean) ** 2, (0, 0), 20)) + 1
    return otsu(np.clip(128 + 64 * (smooth - mean) / contrast, 0, 255).astype(np.uint8))


def flattened_gray(picture: np.ndarray) -> np.ndarray:
    """The same, with all its tones."""
    mean = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 20)
    contrast = np.sqrt(cv2.GaussianBlur((picture - mean) ** 2, (0, 0), 20)) + 1
    return gray(np.clip(128 + 64 * (picture - mean) / contrast, 0, 255).astype(np.uint8))


def local_contrast(picture: np.ndarray) -> np.ndarray:
    """How far each pixel is from its neighbourhood's median, whichever way: one polarity out of both."""
    picture = cv2.medianBlur(gray(picture), 3)
    ground = cv2.medianBlur(picture, 31)
    return _dark_on_white(cv2.absdiff(picture, ground))


def edges(picture: np.ndarray) -> np.ndarray:
    """Strength of edges, which is the same for both polarities; outlines come out dark on white."""
    return _dark_on_white(_edge_strength(picture))


def thick_edges(picture: np.ndarray) -> np.ndarray:
    """Edges grown until a stroke's two sides meet, so that filled and hollow letters come out alike."""
    strong = cv2.threshold(_edge_strength(picture), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    return 255 - cv2.erode(cv2.morphologyEx(strong, cv2.MORPH_CLOSE, kernel), np.ones((2, 2), np.uint8))


def same_polarity(picture: np.ndarray) -> np.ndarray:
    """Pixels brought to one polarity: what differs from the tone that fills the wide neighbourhood is ink."""
    tones = otsu(cv2.medianBlur(picture, 3))
    ground = cv2.morphologyEx(tones, cv2.MORPH_OPEN, np.ones((13, 13), np.uint8))
    ground = cv2.morphologyEx(ground, cv2.MORPH_CLOSE, np.ones((13, 13), np.uint8))
    return 255 - cv2.absdiff(tones, ground)


def wide(picture: np.ndarray) -> np.ndarray:
    """Half as wide again, so that letters of a narrow word have more columns each."""
    return cv2.resize(gray(picture), None, fx=1.5, fy=1, interpolation=cv2.INTER_CUBIC)


def unrolled_arch(picture: np.ndarray) -> np.ndarray:
    """What stands along an arch, brought to a level line; letters turn back upright."""
    return _unrolled(picture, 1)


def unrolled_bowl(picture: np.ndarray) -> np.ndarray:
    """What stands along the lower side of a circle, brought to a level line."""
    return _unrolled(picture, -1)


def _unrolled(picture: np.ndarray, side: int) -> np.ndarray:
    height, width = picture.shape
    radius = 1.4 * height
    across, down = np.meshgrid(np.arange(width) - width / 2, np.arange(height) - height / 2)
    angle, distance = across / radius, radius - side * down
    columns = (width / 2 + distance * np.sin(angle)).astype(np.float32)
    rows = (height / 2 + side * (radius - distance * np.cos(angle))).astype(np.float32)
    return cv2.remap(gray(picture), columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _above(picture: np.ndarray, part: float) -> np.ndarray:
    smooth = cv2.GaussianBlur(gray(picture), (0, 0), 0.7)
    return np.where(smooth > 255 * part, 255, 0).astype(np.uint8)


def _edge_strength(picture: np.ndarray) -> np.ndarray:
    smooth = cv2.GaussianBlur(cv2.medianBlur(picture, 3).astype(np.float32), (0, 0), 0.8)
    strength = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    return np.clip(strength * 255 / (np.percentile(strength, 98) + 1e-3), 0, 255).astype(np.uint8)


def _dark_on_white(strength: np.ndarray) -> np.ndarray:
    return 255 - cv2.normalize(strength, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


WAYS: dict[str, Way] = {
    way.__name__: way
    for way in (
        gray,
        inverted,
        otsu,
        lightest,
        darkest,
        middle_tone,
        three_grounds,
        median,
        closing,
        adaptive,
        flattened,
        flattened_gray,
        wide,
        unrolled_arch,
        unrolled_bowl,
        local_contrast,
        edges,
        thick_edges,
        same_polarity,
    )
}


def enlarged(picture: np.ndarray, factor: int) -> np.ndarray:
    """The picture with more pixels, smoothly."""
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)


def framed(picture: np.ndarray, margin: int) -> np.ndarray:
    """The picture with a margin of its own ground, which readers of print expect."""
    return np.pad(picture, margin, constant_values=int(np.median(picture)))


def halves(picture: np.ndarray, cut: float) -> list[np.ndarray]:
    """Upper and lower part, cut at a share of the height; they overlap by little so that no letter loses its edge."""
    height = picture.shape[0]
    overlap = 0.02
    upper = picture[: round(height * (cut + overlap))]
    lower = picture[round(height * (cut - overlap)) :]
    return [framed(part, MARGIN) for part in (upper, lower)]
