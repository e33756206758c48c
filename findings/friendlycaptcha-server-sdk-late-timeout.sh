#!/bin/sh
# @friendlycaptcha/server-sdk 0.3.0 (npm): a verification that was answered in time is a timeout 20 seconds later.
#
# `verifyCaptchaResponse` starts a timer for the timeout and never stops it (client.js: `setTimeout(() => { … })`). When
# it ends, the answer having come long ago, it writes "request_failed_due_to_timeout" into the result that the site
# already has. So what `wasAbleToVerify()` and, in strict mode, `shouldAccept()` say of one and the same object turns
# from true to false, for whoever looks after 20 seconds, or the timeout that was given: a log written behind a slow
# step, a session, a queue. And a process that has nothing else to do, a script or a function in a cloud, lives on until
# then.
#
# The vendor's answer is made here, the timeout is half a second. Needs node 20, npm and a package registry. Exits with
# 0 while it is so, with 1 if the result stays as it was.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" @friendlycaptcha/server-sdk@0.3.0 >&2
cat > late.mjs <<'JAVASCRIPT'
import { setTimeout as pause } from "node:timers/promises";
import { FriendlyCaptchaClient } from "@friendlycaptcha/server-sdk";

const TIMEOUT = 500;
const answer = { success: true, data: { challenge: { timestamp: "2026-01-01T00:00:00Z", origin: "site.example" } } };
const fetch = async () => Response.json(answer);
const client = new FriendlyCaptchaClient({ apiKey: "key", sitekey: "site", strict: true, fetch });

const verdict = (result) => [result.shouldAccept(), result.wasAbleToVerify(), result.getErrorCode()];
const result = await client.verifyCaptchaResponse("response", { timeout: TIMEOUT });
const before = verdict(result);
const timers = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
await pause(TIMEOUT * 2);
const after = verdict(result);
console.log("shouldAccept, wasAbleToVerify, getErrorCode");
console.log(`at the answer: ${before.join(", ")}; timers that keep the process alive: ${timers}`);
console.log(`after the timeout: ${after.join(", ")}`);
const turned = before.join() === "true,true," && after.join() === "false,false,request_failed_due_to_timeout";
process.exit(turned && timers === 1 ? 0 : 1);
JAVASCRIPT
node late.mjs
