// The tree is folded on a narrow screen once something is chosen, and open beside the table on a wide one.
const wide = matchMedia("(min-width: 801px)");

export function openWhenWide(root) {
  for (const fold of root.querySelectorAll("[data-open-when-wide]")) {
    fold.open = wide.matches || fold.open;
  }
}

// The sidebar scrolls by itself: the type of this page is brought into sight.
export function showCurrentType(root) {
  for (const side of root.querySelectorAll("[data-keeps-current]")) {
    const current = side.querySelector("[aria-current]");
    if (current) side.scrollTop = current.offsetTop - side.offsetTop - side.clientHeight / 2;
  }
}

// The field above the types: those that do not have its words are hidden, and no group is folded meanwhile.
export function startTypeFilter() {
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-type-filter]")) narrow(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches("[data-type-filter]")) return;
    if (event.key === "Enter") openFirst(event.target);
    if (event.key !== "Escape") return;
    if (event.target.value === "") event.target.blur();
    event.target.value = "";
    narrow(event.target);
    event.preventDefault();
  });
}

export function focusTypeFilter() {
  const field = document.querySelector("[data-type-filter]");
  const fold = field?.closest("details");
  if (fold) fold.open = true;
  field?.focus();
  return Boolean(field);
}

function openFirst(field) {
  const links = [...field.closest("[data-filtered-types]").querySelectorAll("li:not([hidden]) > a")];
  if (field.value.trim()) links.find((link) => !link.closest("[hidden]"))?.click();
}

function narrow(field) {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const part = field.closest("[data-filtered-types]");
  let shown = 0;
  for (const group of part.querySelectorAll(".tree-task, .type-card")) {
    const items = [...group.querySelectorAll("li")];
    for (const item of items) item.hidden = !words.every((word) => item.querySelector("a").textContent.toLowerCase().includes(word));
    const found = items.filter((item) => !item.hidden).length;
    group.hidden = found === 0;
    unfold(group, words.length > 0);
    shown += found;
  }
  part.querySelector("[data-type-filter-empty]").textContent = shown ? "" : "No matching type.";
}

// Folded again, as it was, when the field is empty.
function unfold(group, filtering) {
  if (filtering && "wasOpen" in group.dataset === false) group.dataset.wasOpen = group.open ? "1" : "";
  if (filtering) group.open = true;
  else if ("wasOpen" in group.dataset) {
    group.open = group.dataset.wasOpen === "1";
    delete group.dataset.wasOpen;
  }
}
