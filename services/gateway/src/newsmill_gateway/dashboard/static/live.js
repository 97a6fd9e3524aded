// What htmx alone does not do: tell a screen reader when the verdict changes, and only then.
"use strict";

document.addEventListener("htmx:afterSwap", () => {
  const said = document.getElementById("said");
  const verdict = document.getElementById("verdict");
  if (!said || !verdict) return;
  const word = verdict.textContent.split(":")[0];
  if (said.dataset.word !== word) {
    said.dataset.word = word;
    said.textContent = verdict.textContent;
    document.title = `${verdict.textContent} · newsmill`;
  }
});
