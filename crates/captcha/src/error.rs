/// What a caller can hand over that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not a version-4 UUID of 36 characters.
    #[error("a key is a version-4 UUID such as a9859757-5b5a-42d1-bc85-c560b0141ec1")]
    MalformedKey,
    /// The text is not 64 hexadecimal digits.
    #[error("a secret is 64 hexadecimal digits")]
    MalformedSecret,
    /// The text is not a token: it has other characters, or the wrong length.
    #[error("a token is up to 512 letters, digits, hyphens and underscores")]
    MalformedToken,
    /// Host name, action and data of a pass are too long together.
    #[error("a pass has at most 255 bytes of data, and with action and host name as many as fit into a token")]
    PassTooLong,
    /// The text is not 1 to 8 letters A-Z and digits.
    #[error("an answer is 1 to 8 letters A-Z and digits")]
    MalformedAnswer,
    /// The alphabet is not known.
    #[error("an alphabet is standard or digits")]
    Alphabet,
    /// The picture would be smaller than 120×40 or larger than 480×160 pixels.
    #[error("a picture is 120 to 480 pixels wide and 40 to 160 pixels high")]
    PictureSize,
    /// The scale is not 1, 2 or 3.
    #[error("a scale is 1, 2 or 3")]
    Scale,
    /// The theme is not known.
    #[error("a theme is light or dark")]
    Theme,
    /// The text is not `#` and six hexadecimal digits.
    #[error("a colour is # and six hexadecimal digits such as #0b6e4f")]
    Colour,
    /// Letters would not stand out enough from such a ground.
    #[error(
        "a ground is as light as #dcdcdc or lighter in the light theme, as dark as #252525 or darker in the dark one"
    )]
    Ground,
    /// The difficulty is not 1 to 5.
    #[error("a difficulty is 1 to 5")]
    Difficulty,
    /// The format of pictures is not known.
    #[error("a format of pictures is gif or jpeg")]
    PictureFormat,
    /// The pace is not known.
    #[error("a pace is normal or slow")]
    Pace,
    /// The format of sounds is not known.
    #[error("a format is pcm or mulaw")]
    Format,
    /// The algorithm is not computed here.
    #[error("an algorithm is PBKDF2/SHA-256, SHA-256 or SCRYPT")]
    Algorithm,
    /// The language is not spoken.
    #[error("a language is ko, en, ja or zh")]
    Language,
}
