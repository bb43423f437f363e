// Copies the text of what a button names, and says that it did.
export function startCopy(root) {
  for (const button of root.querySelectorAll("[data-copy-from]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const source = document.querySelector(button.dataset.copyFrom);
  if (!source) return;
  await navigator.clipboard.writeText(source.textContent);
  const before = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = before), 1500);
}
