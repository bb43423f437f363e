// A feed that stays open for days keeps its newest rows only; what went before is on the history pages.
const KEPT = 500;

export function trimFeed() {
  document.addEventListener("htmx:load", (event) => {
    if (!event.detail.elt.matches(".feed")) return;
    for (const row of [...document.querySelectorAll(".feed-row")].slice(KEPT)) row.remove();
    for (const list of document.querySelectorAll(".feed:empty, .feed:not(:has(.feed-row))")) list.remove();
  });
}
