// How much of a sound is in a recording: correlation, of one piece after the other, each where it fits best. So pieces
// that a busy machine has played late, or not at all, cost no more than themselves.

/** So many samples become one, which leaves what lies below 1 kHz of 16: most of a voice, and little to reckon. */
const thinning = 8;
/** A second of what is left. */
const pieceLength = 2_000;
/** A piece is expected this near to where the one before it says, in samples. */
const slack = 1_000;
/** Pieces with less than this of the loudest piece's energy are pauses. */
const quiet = 0.05;
/** What is in a recording while nothing plays. */
const silence = 1e-4;

/** From 0 to 1: the middle one of the correlations of the sound's pieces. */
export function likeness(sound, recording) {
  const [wanted, heard] = [thin(sound), thin(recording)];
  const pieces = loudPieces(wanted);
  const [first, ...others] = pieces.map((at) => ({ at, piece: wanted.subarray(at, at + pieceLength) }));
  const start = best(first.piece, heard, 0, heard.length);
  let delay = start.at - first.at;
  const found = [start.correlation];
  for (const { at, piece } of others) {
    const { correlation, at: there } = best(piece, heard, at + delay - slack, at + delay + slack);
    if (correlation > 0.5) delay = there - at;
    found.push(correlation);
  }
  return found.sort((a, b) => a - b)[found.length >> 1];
}

function thin(samples) {
  return Float32Array.from({ length: Math.floor(samples.length / thinning) }, (_, at) => {
    let sum = 0;
    for (let offset = 0; offset < thinning; offset++) sum += samples[at * thinning + offset];
    return sum / thinning;
  });
}

function loudPieces(samples) {
  const starts = Array.from({ length: Math.floor(samples.length / pieceLength) }, (_, count) => count * pieceLength);
  const energies = starts.map((at) => energy(samples, at));
  const loudest = Math.max(...energies);
  return starts.filter((_, count) => energies[count] > loudest * quiet);
}

/** Where in a part of the recording a piece fits best, and how well. */
function best(piece, heard, from, to) {
  const own = energy(piece, 0);
  let found = { correlation: 0, at: from };
  const last = Math.min(to, heard.length - pieceLength);
  for (let at = Math.max(from, 0), theirs = energy(heard, at); at <= last; at++) {
    const correlation = theirs > own * silence ? product(piece, heard, at) / Math.sqrt(own * theirs) : 0;
    if (correlation > found.correlation) found = { correlation, at };
    theirs += heard[at + pieceLength] ** 2 - heard[at] ** 2;
  }
  return found;
}

function product(piece, heard, from) {
  let sum = 0;
  for (let at = 0; at < pieceLength; at++) sum += piece[at] * heard[from + at];
  return sum;
}

function energy(samples, from) {
  let sum = 0;
  for (let at = from; at < from + pieceLength; at++) sum += samples[at] ** 2;
  return sum;
}
