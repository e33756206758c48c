// Files of what once was looked at and found good. BLESS=1 writes them anew.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../golden/", import.meta.url);

export function isAsBefore(name, text) {
  const file = new URL(name, folder);
  if (process.env.BLESS) writeFileSync(file, text);
  assert.equal(text, readFileSync(file, "utf8"), `${name} says otherwise: look at it, then write it anew with BLESS=1`);
}
