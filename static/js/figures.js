/*
 * Draws the figures of a page with Plotly, from JSON that stands in the page.
 *
 * A figure is <figure data-figure="ID"> with a JSON script of that id, a .figure__plot to draw in and a table behind
 * <details>. Plotly is fetched only when a page has a figure. When it cannot be fetched or drawn, the figure gets the
 * class "figure--failed" and its table is opened: the reader loses the drawing, never the figures.
 */

const FONT = '"Source Sans 3 Variable", system-ui, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif';
const INK = "#17222b";
const INK_SOFT = "#47545f";
const LINE = "#d5dce1";
const NARROW = 560; // px of column width under which a figure takes its narrow layout
const CONFIG = { displayModeBar: false, displaylogo: false, locale: "nl", responsive: true, scrollZoom: false };
const LOCALE = {
  moduleType: "locale",
  name: "nl",
  dictionary: {},
  format: {
    days: ["zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"],
    shortDays: ["zo", "ma", "di", "wo", "do", "vr", "za"],
    months: ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
      "november", "december"],
    shortMonths: ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"],
    date: "%d-%m-%Y",
    decimal: ",",
    thousands: ".",
  },
};

let loading = null;

/** Fetch Plotly once; its address stands in a meta element because static files carry a hash in their name. */
function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.querySelector('meta[name="iv-plotly"]').content;
    script.onload = () => {
      window.Plotly.register(LOCALE);
      resolve(window.Plotly);
    };
    script.onerror = () => reject(new Error("Plotly could not be loaded"));
    document.head.append(script);
  });
  return loading;
}

/** Own look under whatever the figure says itself: its layout wins, axis by axis. */
function withHouseStyle(layout, width, height) {
  const narrow = width < NARROW ? layout.meta?.narrow ?? {} : {};
  const merged = { ...layout, ...narrow };
  const styled = {
    autosize: true,
    dragmode: false,
    hovermode: "closest",
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    separators: ",.",
    showlegend: false,
    ...merged,
    template: undefined,
    width: undefined,
    font: { family: FONT, size: width < NARROW ? 13 : 15, color: INK, ...merged.font },
    margin: { l: 8, r: 16, t: 16, b: 8, ...merged.margin },
    hoverlabel: { bgcolor: "#fff", bordercolor: INK_SOFT, font: { family: FONT, size: 14, color: INK },
      ...merged.hoverlabel },
  };
  for (const name of Object.keys(styled)) {
    if (/^[xy]axis\d*$/.test(name)) styled[name] = withAxisStyle(styled[name], name[0] === "x" ? width : height);
  }
  styled.xaxis ??= withAxisStyle({}, width);
  styled.yaxis ??= withAxisStyle({}, height);
  return styled;
}

/** Break a title of an axis that is longer than the axis; Plotly does not. */
function wrapped(text, length) {
  const room = Math.floor((length - 70) / 7.5); // characters of about 7 px
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line && line.length + word.length >= room) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines.join("<br>");
}

function withAxisStyle(axis, length) {
  const title = typeof axis.title === "string" ? { text: axis.title } : { ...axis.title };
  if (title.text) title.text = wrapped(title.text, length);
  return {
    automargin: true,
    fixedrange: true, // a finger that scrolls the page must not zoom the figure
    gridcolor: LINE,
    linecolor: "#76838e",
    tickcolor: "#76838e",
    ticklen: 5,
    ticks: "outside",
    zeroline: false,
    ...axis,
    title: { standoff: 12, ...title },
  };
}

async function draw(figure) {
  const plot = figure.querySelector(".figure__plot");
  try {
    const source = JSON.parse(document.getElementById(figure.dataset.figure).textContent);
    const library = await plotly();
    if (!plot.isConnected) return;
    const width = plot.clientWidth;
    await library.newPlot(plot, source.data, withHouseStyle(source.layout ?? {}, width, plot.clientHeight), CONFIG);
    figure.dataset.drawnWidth = width < NARROW ? "narrow" : "wide";
    figure.classList.remove("figure--failed");
  } catch (error) {
    plot.replaceChildren();
    figure.classList.add("figure--failed");
    figure.querySelector("details")?.setAttribute("open", "");
    console.warn(`figure ${figure.dataset.figure}: ${error.message}`);
  }
}

function drawAll(root) {
  const figures = root.matches?.("[data-figure]") ? [root] : root.querySelectorAll("[data-figure]");
  for (const figure of figures) draw(figure);
}

/** Cross the boundary between narrow and wide: draw again, Plotly itself follows every other change of width. */
function redrawWhereNeeded() {
  for (const figure of document.querySelectorAll("[data-figure][data-drawn-width]")) {
    const now = figure.querySelector(".figure__plot").clientWidth < NARROW ? "narrow" : "wide";
    if (now !== figure.dataset.drawnWidth) draw(figure);
  }
}

/** On paper a figure has the width of an A4 page between its margins: 178 mm at 96 dots per inch. */
function fitToPaper() {
  for (const plot of document.querySelectorAll("[data-drawn-width] .figure__plot")) {
    window.Plotly.relayout(plot, { autosize: false, width: 672 });
  }
}

function fitToScreen() {
  for (const figure of document.querySelectorAll("[data-drawn-width]")) draw(figure);
}

drawAll(document);

window.addEventListener("beforeprint", fitToPaper);
window.addEventListener("afterprint", fitToScreen);
document.addEventListener("htmx:beforeCleanupElement", (event) => {
  const plot = event.target.classList?.contains("figure__plot") ? event.target : null;
  if (plot && window.Plotly) window.Plotly.purge(plot);
});
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) drawAll(event.target);
});

let resizing;
window.addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(redrawWhereNeeded, 150);
});
