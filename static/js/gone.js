// What is shown for a while only is taken away when its time is over, and before the page is left.
export function takeAwayLater(root) {
  for (const element of root.querySelectorAll("[data-gone-after]")) {
    setTimeout(() => element.remove(), Number(element.dataset.goneAfter) * 1000);
    addEventListener("pagehide", () => element.remove(), { once: true });
  }
}
