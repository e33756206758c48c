// One browser's checks, one after the other, each with a line of its own.
import { Visit } from "./visit.mjs";

const secsForOne = 60;

export async function runLane(engine, { checks, haechi, loudspeakers, folder }) {
  const outcomes = [];
  try {
    const version = await engine.start({ sound: loudspeakers.environment(engine.name), folder });
    console.log(`${engine.name} is ${version}`);
    engine.record = () => loudspeakers.record(engine.name);
    for (const check of checks) {
      const outcome = { engine: engine.name, check, ...(await runOne(engine, haechi, check)) };
      outcomes.push(outcome);
      if (!outcome.reason) console.log(line(outcome));
    }
  } finally {
    await engine.stop();
  }
  return outcomes;
}

/** What was checked in how many engines, and what was not. */
export function summary(outcomes, secs) {
  const done = outcomes.filter(({ reason }) => !reason);
  const counts = counted(done, ({ engine }) => engine).map(([engine, all]) => {
    const well = done.filter((outcome) => outcome.engine === engine && outcome.isWell).length;
    return `${engine} ${well}/${all}`;
  });
  const left = outcomes.filter(({ reason }) => reason);
  const reasons = counted(left, ({ engine, reason }) => `${engine}: ${reason}`);
  const notes = reasons.map(([reason, count]) => `not in ${reason} (${count})`);
  return [...notes, `${counts.join(", ")} in ${secs.toFixed(0)} s`].join("\n");
}

function counted(outcomes, nameOf) {
  const counts = new Map();
  for (const outcome of outcomes) counts.set(nameOf(outcome), (counts.get(nameOf(outcome)) ?? 0) + 1);
  return [...counts];
}

async function runOne(engine, haechi, check) {
  const reason = whyNot(engine, check);
  if (reason) return { isWell: true, reason };
  const began = Date.now();
  const since = () => (Date.now() - began) / 1000;
  let visit;
  try {
    visit = await Visit.begin(engine, haechi, check.reader);
    const note = await inTime(check.run(visit));
    return { isWell: true, secs: since(), note };
  } catch (error) {
    return { isWell: false, secs: since(), note: `${error.stack}\n${await visit?.story()}` };
  } finally {
    await visit?.end();
  }
}

function whyNot(engine, { reader, engines, why }) {
  if (engines && !engines.includes(engine.name)) return why;
  const [missing] = Object.keys(reader).filter((preference) => preference in engine.cannot);
  return missing && engine.cannot[missing];
}

function line({ engine, check, isWell, secs, note }) {
  const parts = [isWell ? "ok    " : "FAILED", engine, check.name, `${secs.toFixed(1)} s`];
  return [...parts, ...(note ? [note] : [])].join(" | ");
}

function inTime(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it takes longer than ${secsForOne} s`)), secsForOne * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
