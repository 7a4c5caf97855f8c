// Facets of the customer list: what is folded out stays so while the counts change, and a value is
// either ticked or left out.
const selection = document.getElementById("selection");
const isOpen = new Map();
let scrolled = 0;

selection?.addEventListener("toggle", (event) => {
  if (event.target.matches(".facet")) isOpen.set(event.target.id, event.target.open);
}, true);

selection?.addEventListener("change", (event) => {
  const hole = event.target.closest(".hole");
  if (!hole || !event.target.checked) return;
  for (const other of hole.querySelectorAll("input")) {
    if (other !== event.target) other.checked = false;
  }
}, true);

document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target === selection) scrolled = window.scrollY;
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== selection) return;
  for (const [id, open] of isOpen) {
    const facet = document.getElementById(id);
    if (facet) facet.open = open;
  }
  window.scrollTo({ top: scrolled, behavior: "instant" });
});
