// Suggests the competitors' brands of the category that is chosen.
const list = document.querySelector("#brands[data-url]");
const category = document.querySelector("select[name=category]");

async function suggest() {
  const answer = await fetch(`${list.dataset.url}?category=${encodeURIComponent(category.value)}`, {
    headers: { "HX-Request": "true" },
  });
  if (answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    list.replaceChildren(...page.querySelectorAll("option"));
  }
}

if (list && category) {
  category.addEventListener("change", suggest);
  if (category.value) suggest();
}
