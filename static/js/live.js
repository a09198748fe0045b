/*
 * Says so when a live part of the page has lost its connection.
 *
 * htmx asks again by itself; without this the reader would look at old figures and think they are of now.
 * A live part is an element with the class "live"; its notice is .live__lost, its moment <span data-live-since>.
 */

const clock = new Intl.DateTimeFormat("nl-NL", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
let lastAnswer = new Date();

function liveParts(event) {
  const part = event.target.closest?.(".live");
  return part ? [part] : [];
}

function lost(event) {
  for (const part of liveParts(event)) {
    part.classList.add("live--lost");
    const since = part.querySelector("[data-live-since]");
    if (since) since.textContent = clock.format(lastAnswer).replaceAll(":", ".");
  }
}

document.addEventListener("htmx:sendError", lost);
document.addEventListener("htmx:responseError", lost);
document.addEventListener("htmx:timeout", lost);
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful) return;
  lastAnswer = new Date();
  for (const part of liveParts(event)) part.classList.remove("live--lost");
});
