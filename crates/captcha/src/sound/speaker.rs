//! What is said when, by which voice and how.
//!
//! The speech is drawn from a stream of its own, so that the noise moves none of it.

use super::{
    bank::{MAX_VOICES, Voice, Word},
    stretch::Manner,
    studio::{Studio, samples_in},
    style::Style,
    tape::{self, Speed, Timbre},
    tones,
};
use crate::{Alphabet, Answer, Stream};

/// Says an answer of this alphabet after its lead-in, each character by another voice than the one before.
pub(crate) fn say_challenge(
    studio: &mut Studio,
    answer: &Answer,
    alphabet: Alphabet,
    voices: &[Voice],
    style: &Style,
    stream: &mut Stream,
) {
    let mut order: [usize; MAX_VOICES] = std::array::from_fn(|voice| voice);
    let order = &mut order[..voices.len()];
    let openers = voices.iter().filter(|voice| voice.can_open()).count();
    let mut speaker = Speaker::new(studio, style, stream);
    let opener = speaker.stream.below(openers as u32) as usize;
    match alphabet {
        Alphabet::Standard => {
            if let Some(opener) = voices.iter().filter(|voice| voice.can_open()).nth(opener) {
                speaker.open(opener.word(lead_in_word(answer)).unwrap_or_default());
            }
        }
        Alphabet::Digits => speaker.open(tones::rising()),
    }
    speaker.stream.shuffle(order);
    if let Some(voice) = style.only_voice {
        order.fill(usize::from(voice).min(voices.len() - 1));
    }
    for (&voice, &character) in order.iter().cycle().zip(answer.characters()) {
        speaker.say(voices[voice].character(character));
    }
    speaker.finish();
}

/// Says an answer after the word "test", all by one voice.
pub(crate) fn say_test(studio: &mut Studio, answer: &Answer, voices: &[Voice], style: &Style, stream: &mut Stream) {
    let mut speaker = Speaker::new(studio, style, stream);
    if let Some(voice) = voices.iter().find(|voice| voice.can_open()) {
        speaker.open(voice.word(Word::Test).unwrap_or_default());
        for &character in answer.characters() {
            speaker.say(voice.character(character));
        }
    }
    speaker.finish();
}

/// Says one clip as it is in the bank.
pub(crate) fn say_notice(studio: &mut Studio, clip: &[i16], style: &Style, stream: &mut Stream) {
    let mut speaker = Speaker::new(studio, style, stream);
    speaker.open(clip);
    speaker.finish();
}

fn lead_in_word(answer: &Answer) -> Word {
    let counted = Word::LeadIn(answer.characters().len() as u8);
    if Word::LEAD_INS.contains(&counted) { counted } else { Word::LeadIn(0) }
}

/// Says one thing after another.
struct Speaker<'a> {
    studio: &'a mut Studio,
    style: &'a Style,
    stream: &'a mut Stream,
    /// The end of what was said last.
    end: usize,
    /// The earliest start of what is said next.
    next: usize,
}

impl<'a> Speaker<'a> {
    fn new(studio: &'a mut Studio, style: &'a Style, stream: &'a mut Stream) -> Self {
        let head_secs = stream.uniform(style.head_secs.0, style.head_secs.1);
        Self { studio, style, stream, end: 0, next: samples_in(head_secs) }
    }

    fn draw(&mut self, ends: (f32, f32)) -> f32 {
        self.stream.uniform(ends.0, ends.1)
    }

    fn open(&mut self, clip: &[i16]) {
        tape::play_as_it_is(clip, &mut self.studio.played);
        self.place(1.0);
        self.next = self.end + samples_in(self.draw(self.style.lead_in_pause_secs));
    }

    fn say(&mut self, clip: &[i16]) {
        let style = self.style;
        let (ratio, pitch, glide) = (self.draw(style.stretch), self.draw(style.pitch), self.draw(style.glide));
        let (gain, tilt) = (self.draw(style.speech_gain), self.draw(style.tilt));
        let (delay, share) = (samples_in(self.draw(style.colour_secs)), self.draw(style.colour_gain));
        let Studio { frames, stretched, played, coloured, .. } = &mut *self.studio;
        frames.find(clip, ratio, Manner::CLIP);
        frames.lay_out(clip, stretched);
        tape::play(stretched, Speed::gliding(pitch, pitch * glide), played);
        let gain = gain * tape::shade(played, coloured, Timbre { tilt, delay, share });
        let start = self.next;
        self.place(gain);
        self.reflect(start, gain);
        let period = samples_in(self.draw(style.period_secs));
        self.next = (start + period).max(self.end + samples_in(style.shortest_gap_secs));
    }

    fn place(&mut self, gain: f32) {
        self.end = self.next + self.studio.played.len();
        self.studio.lay_down(self.next, gain);
    }

    /// The room: what was played comes back from its walls, each farther than the one before.
    fn reflect(&mut self, start: usize, gain: f32) {
        let (walls, mut delay) = (self.style.walls, 0);
        for _ in 0..walls {
            delay += samples_in(self.draw(self.style.wall_secs));
            let share = self.draw(self.style.wall_gain);
            self.studio.lay_down(start + delay, gain * share);
        }
    }

    fn finish(mut self) {
        let tail = samples_in(self.draw(self.style.tail_secs));
        self.studio.extend_to(self.end + tail);
    }
}
