// A site in Node with one form, for clients that are on the server alone. `passes` asks the client about a form's fields.
import { createServer } from "node:http";

const page = (refusal) => `<!doctype html>
<html lang="en">
<title>Sign in</title>
<form method="post"><input name="name"><p>${refusal}</p><input type="submit" value="Sign in"></form>
`;

export function serve(passes) {
  const server = createServer(async (asked, reply) => {
    let body = "";
    for await (const chunk of asked) body += chunk;
    const form = new URLSearchParams(body);
    const refusal = asked.method === "POST" ? await passes(form) : "";
    reply.setHeader("content-type", "text/html");
    reply.end(asked.method === "POST" && !refusal ? `Signed in as ${form.get("name")}` : page(refusal));
  });
  server.listen(process.env.PORT, "localhost");
}
